"""What this package holds of people: what the operator's service was told about an account."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import SWEEP, Basis, Holding, Kind, Swept, Table, Whose

TABLES = (
    Table(
        "webhooks.Delivery",
        called=_("events that our service was sent"),
        plain=("id", "endpoint", "state", "tries", "try_at", "answer"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("event_id", "tried_at"),
                what=_("whether and when our service took what it was told about an account"),
                whose=Whose.CUSTOMERS,
                why=_("so that it is told until it knows"),
                basis=Basis.CONTRACT,
                ends=Swept("retention.letters_days", since="event__at"),
                enforced_by=SWEEP,
                account="event__account_id",
            ),
        ),
    ),
    Table(
        "webhooks.Event",
        called=_("events for the service"),
        plain=("id", "kind", "key"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("account_id", "data", "at"),
                what=_("what our service was told about an account, and when: a bill issued or paid, a service suspended"),
                whose=Whose.CUSTOMERS,
                why=_("so that our service does what the bills say"),
                basis=Basis.CONTRACT,
                ends=Swept("retention.letters_days", since="at"),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table("webhooks.Endpoint", plain=("id", "code", "taken_at", "rests_until", "off_at", "off_because")),
    Table("webhooks.Cursor", plain=("id", "name", "position")),
)
