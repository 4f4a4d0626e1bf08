"""What is held of people beside bills: lines taken back, bills replaced, claims given up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kept, Kind, Table, Text, Whose

_KEPT = "bonafide.billing.amend.triggers.install"
_BOOKS = _("to be paid, and to keep books")


def _beside(columns: tuple[str, ...], what: Text, account: str, since: str) -> tuple[Holding, ...]:
    return (
        Holding(
            kind=Kind.BILLS,
            columns=columns,
            what=what,
            whose=Whose.CUSTOMERS,
            why=_BOOKS,
            basis=Basis.LAW,
            ends=Kept(Kind.BILLS),
            enforced_by=_KEPT,
            account=account,
            since=since,
        ),
    )


TABLES = (
    Table(
        "billing.CreditedLine",
        called=_("lines that credit notes took back"),
        plain=("id",),
        holdings=_beside(
            ("correction_id", "position", "amount_minor"),
            _("how much of which line of a bill was taken back"),
            "correction__original__account_id",
            "correction__made_at",
        ),
    ),
    Table(
        # ``reason`` is free text of staff, and stands on the corrected bill.
        "billing.Replacement",
        called=_("corrected bills"),
        plain=("id", "key"),
        holdings=_beside(
            ("document_id", "original_id", "reason", "made_by_id", "made_on"),
            _("which bill a corrected one replaces, why, and who of our staff made it"),
            "original__account_id",
            "made_on",
        ),
    ),
    Table(
        # ``reason`` is free text of staff. Worded so that it says what is held and is no word about the debt, which stays.
        "billing.Loss",
        called=_("notes on what bills are worth in the books"),
        plain=("id", "key"),
        holdings=_beside(
            ("invoice_id", "amount_minor", "reason", "made_by_id", "made_on"),
            _("what the books expect of a bill, why, and who of our staff said so"),
            "invoice__account_id",
            "made_on",
        ),
    ),
)
