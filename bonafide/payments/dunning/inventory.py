"""What this package holds of people: which bills they did not pay in time, and what followed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import SWEEP, Basis, Holding, Kept, Kind, Table, Whose

_WHY = _("to be paid, and to show that every step came with its letter and its time")
_GUARD = "bonafide.payments.dunning.triggers.install"

TABLES = (
    Table(
        "payments_dunning.DunningBill",
        called=_("bills in letters about unpaid bills"),
        plain=("id", "step_id"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "open_minor", "interest_minor", "fee_minor"),
                what=_("which bills were not paid when we wrote, what was open of each, and what the law added"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS, since="step__case__opened_at"),
                enforced_by=SWEEP,
                account="invoice__account_id",
            ),
        ),
    ),
    Table(
        "payments_dunning.DunningStep",
        called=_("steps after unpaid bills"),
        plain=("id", "key", "case_id"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "kind",
                    "planned_on",
                    "planned_at",
                    "done_on",
                    "done_at",
                    "called_off_at",
                    "next_kind",
                    "next_on",
                ),
                what=_("which step followed, when it was planned and done, and what was announced"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS, since="case__opened_at"),
                enforced_by=SWEEP,
                account="case__account_id",
            ),
        ),
    ),
    Table(
        "payments_dunning.Suspension",
        called=_("suspensions"),
        plain=("id", "case_id"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "since", "until", "reason"),
                what=_("from when to when the service was suspended, and why"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS, since="since"),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        "payments_dunning.DunningCase",
        called=_("times that bills were not paid"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "opened_at", "ended_at", "outcome"),
                what=_("from when to when bills were overdue, and how that ended"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS, since="opened_at"),
                enforced_by=SWEEP,
                account="account_id",
            ),
        ),
    ),
    Table(
        "payments_dunning.PauseEntry",
        called=_("pauses of what follows unpaid bills"),
        plain=("id", "pauses"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("account_id", "reason", "until_on", "at"),
                what=_("until when and why our staff let nothing follow unpaid bills"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="account_id",
                since="at",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("by_id",),
                what=_("who of our staff said so"),
                whose=Whose.STAFF,
                why=_WHY,
                basis=Basis.CONTRACT,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                person="by_id",
                since="at",
            ),
        ),
    ),
)
