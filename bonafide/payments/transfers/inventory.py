"""What is held of people who pay by transfer: what the bank told of them, and who of our staff decided what it was for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import SWEEP, Basis, Holding, Kept, Kind, Table, Unit, Whose

_BOOKS = _("to be paid, and to keep books")
_GUARD = "bonafide.payments.transfers.triggers.install"
_ACCOUNT = "decision__receipt__account_id"

TABLES = (
    Table(
        "payments_transfers.Decision",
        called=_("what was decided about transfers"),
        plain=("id", "by_itself"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("reason",),
                what=_("why our staff set a transfer aside"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS, since="decided_at", emptied=(("reason", ""),)),
                enforced_by=SWEEP,
                account="receipt__account_id",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("movement_id", "kind", "receipt_id", "returned_id", "decided_at"),
                what=_("as which payment a transfer was booked, and when"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="receipt__account_id",
                since="decided_at",
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("decided_by_id",),
                what=_("who of our staff decided what a transfer was for"),
                whose=Whose.STAFF,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                person="decided_by_id",
                since="decided_at",
            ),
        ),
    ),
    Table(
        "payments_transfers.Movement",
        called=_("transfers that came"),
        plain=("id", "statement_id", "iban", "content", "count", "identity", "doubt", "alike_id", "noted_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("told",),
                what=_("what the bank told of a transfer: who paid, from which account, what they wrote"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS, since="booked_on", emptied=(("told", ""),), unit=Unit.DATE),
                enforced_by=SWEEP,
                account=_ACCOUNT,
            ),
            Holding(
                kind=Kind.BILLS,
                columns=("bank_reference", "booked_on", "value_on", "amount_minor", "currency", "balance_minor", "returned"),
                what=_("which transfer came or was returned: how much, when, with which reference of the bank"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account=_ACCOUNT,
                since="booked_on",
            ),
        ),
    ),
    Table(
        # The operator's own account, and how many movements it had.
        "payments_transfers.BankStatement",
        called=_("bank statements imported"),
        plain=(
            "id", "iban", "number", "currency", "format", "file", "digest", "position", "opening_minor", "closing_minor",
            "first_on", "last_on", "came", "went", "noted",
        ),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("imported_at", "imported_by_id"),
                what=_("who of our staff imported a bank statement, and when"),
                whose=Whose.STAFF,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                person="imported_by_id",
                since="imported_at",
            ),
        ),
    ),
)  # fmt: skip
