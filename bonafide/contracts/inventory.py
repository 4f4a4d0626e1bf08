"""What this package holds of people: contracts, and notices that end them.

Contracts of 120 EUR or more are kept ten years (C. conso. L213-1, D213-1 and D213-2); the others are vouchers of the books, which
are kept as long (C. com. L123-22). So the floor for bills counts for all of them, from the end of the contract.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import SWEEP, Basis, Holding, Kept, Kind, Table, Unit, Whose

_WHY = _("to show what was agreed, and to keep contracts as long as the law asks (C. conso. D213-1 and D213-2)")
_NOTICES = _("to carry out withdrawals and cancellations, and to show that it was done (C. conso. L215-1-1 and L221-21)")
_GUARD = "bonafide.contracts.triggers.install"

TABLES = (
    Table(
        "contracts.Notice",
        called=_("withdrawals and cancellations"),
        plain=("id", "reference", "kind", "key", "language", "wanted_on", "task"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("name", "email", "contract_said", "reason"),
                what=_("what somebody wrote who withdrew or cancelled: name, address, contract, reason"),
                whose=Whose.CUSTOMERS,
                why=_NOTICES,
                basis=Basis.LAW,
                ends=Kept(
                    Kind.BILLS,
                    since="received_at",
                    emptied=(("email", ""), ("name", ""), ("contract_said", ""), ("reason", "")),
                ),
                enforced_by=SWEEP,
                account="account_id",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "account_id", "contract_id", "person_id", "received_at", "last_on", "currency", "kept_minor", "refund_minor",
                    "due_on", "done_at", "done_how",
                ),
                what=_("what came of a withdrawal or cancellation: the last day, what was owed and paid back, and when"),
                whose=Whose.CUSTOMERS,
                why=_NOTICES,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="account_id",
                since="received_at",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("done_by_id",),
                what=_("who of our staff did what a notice asked for"),
                whose=Whose.STAFF,
                why=_NOTICES,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                person="done_by_id",
            ),
        ),
    ),
    Table(
        "contracts.Contract",
        called=_("contracts"),
        plain=("id", "reference", "key", "digest"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("email", "summary"),
                what=_("what was shown when a contract was concluded, and the address it was confirmed to"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS, since="last_on", emptied=(("email", ""), ("summary", "")), unit=Unit.DATE),
                enforced_by=SWEEP,
                account="account_id",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "account_id", "plan_id", "subscription_id", "ordered_by_id", "ordered_at", "language", "consumer",
                    "begin_at_once", "terms_version", "starts_on", "withdraw_until", "currency", "net_minor", "price_minor",
                    "withdrawn_at", "last_on",
                ),
                what=_("which plan was ordered, when, by whom, for how much, under which terms, and when it ended"),
                whose=Whose.CUSTOMERS,
                why=_WHY,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="account_id",
                since="ordered_at",
            ),
        ),
    ),
)  # fmt: skip
