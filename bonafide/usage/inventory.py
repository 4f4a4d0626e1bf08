"""What this package holds of people: what their accounts used, event by event and in sums.

Dimensions, groups and subjects are what the operator's systems send: names of resources, as a rule, which customers give.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import ACCOUNT_CLOSED, SWEEP, Basis, Holding, Kind, Swept, Table, Unit, Whose, WithAccount

_TO_BILL = _("to work out bills, and to show how they were worked out")

TABLES = (
    Table(
        "usage.Event",
        called=_("usage events"),
        plain=("id", "source_id", "meter_id", "batch_id"),
        walked=True,  # an index by age made taking events in 1.6 times as costly on SQLite; an account's sums are found below
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=(
                    "event_id",
                    "account_id",
                    "occurred_us",
                    "day",
                    "bill_month",
                    "group_key",
                    "subject",
                    "quantity",
                    "dimensions",
                ),
                what=_("single events of usage, as they were sent: when, how much, of which resource"),
                whose=Whose.CUSTOMERS,
                why=_TO_BILL,
                basis=Basis.CONTRACT,
                ends=Swept("retention.usage_months", since="occurred_us", unit=Unit.MICROSECONDS),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        "usage.Total",
        called=_("daily sums of usage"),
        plain=("id", "meter_id"),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("account_id", "bill_month", "day", "group_key", "quantity", "events", "latest_us"),
                what=_("what was used each day, in sums"),
                whose=Whose.CUSTOMERS,
                why=_TO_BILL,
                basis=Basis.CONTRACT,
                ends=WithAccount(),
                enforced_by=ACCOUNT_CLOSED,
                account="account_id",
                since="day",
            ),
        ),
    ),
    Table(
        "usage.Seen",
        called=_("values that were counted once a month"),
        plain=("id", "meter_id"),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("account_id", "month", "bill_month", "group_key", "value", "day"),
                what=_("what was counted once a month: users of a service, names of resources"),
                whose=Whose.CUSTOMERS,
                why=_TO_BILL,
                basis=Basis.CONTRACT,
                ends=Swept("retention.usage_months", since="month", unit=Unit.MONTH),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        # The last state of a resource counts for as long as it runs, however long ago it began: these cannot go by age.
        "usage.State",
        called=_("states of resources"),
        plain=("id", "meter_id"),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("account_id", "subject", "occurred_us", "group_key", "quantity", "day", "bill_month"),
                what=_("since when which resource ran"),
                whose=Whose.CUSTOMERS,
                why=_TO_BILL,
                basis=Basis.CONTRACT,
                ends=WithAccount(),
                enforced_by=ACCOUNT_CLOSED,
                account="account_id",
                since="day",
            ),
        ),
    ),
    Table(
        # ``origin`` is the name of a file, or of an API key, as somebody gave it.
        "usage.Batch",
        called=_("deliveries of usage"),
        plain=("id", "received_at", "accepted", "duplicates", "rejected"),
        holdings=(
            Holding(
                kind=Kind.USAGE,
                columns=("origin",),
                what=_("which file or which API key brought usage"),
                whose=Whose.CUSTOMERS,
                why=_("to find out where usage came from when something is wrong with it"),
                basis=Basis.INTEREST,
                ends=Swept("retention.usage_months", since="received_at", emptied=(("origin", ""),)),
                enforced_by=SWEEP,
            ),
        ),
    ),
    # A program's name for itself; with an event's id it is what the event is known by.
    Table("usage.Source", plain=("id", "name")),
)
