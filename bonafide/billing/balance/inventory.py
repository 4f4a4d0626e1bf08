"""What grants, voucher codes and one-off charges hold of people. They are behind bills and the books, and stay as long."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kept, Kind, Table, Whose

_BOOKS = _("to be paid, and to keep books")
_KEPT = "bonafide.billing.balance.triggers.install"


def _held(columns: tuple[str, ...], what: object, account: str, since: str) -> Holding:
    return Holding(
        kind=Kind.BILLS,
        columns=columns,
        what=what,  # type: ignore[arg-type]
        whose=Whose.CUSTOMERS,
        why=_BOOKS,
        basis=Basis.LAW,
        ends=Kept(Kind.BILLS),
        enforced_by=_KEPT,
        account=account,
        since=since,
    )


TABLES = (
    Table(
        "billing.Taken",
        called=_("what was used of them"),
        plain=("id", "key"),
        holdings=(
            _held(
                ("grant_id", "kind", "amount_minor", "invoice_id", "taken_on", "reason", "made_by_id", "made_at"),
                _("how much of it a bill used, expired or was withdrawn, when and why"),
                "grant__account_id",
                "made_at",
            ),
        ),
    ),
    Table(
        "billing.OneOffBilled",
        called=_("one-off charges on bills"),
        plain=("id", "position"),
        holdings=(
            _held(
                ("one_off_id", "invoice_id"),
                _("which line of a bill a one-off charge became"),
                "invoice__account_id",
                "invoice__issued_at",
            ),
        ),
    ),
    Table(
        "billing.OneOff",
        called=_("one-off charges"),
        plain=("id", "key", "sort"),
        holdings=(
            _held(
                (
                    *("account_id", "currency", "quantity", "unit_price", "amount_minor", "text_en", "text_fr"),
                    *("charged_on", "made_by_id", "made_at", "withdrawn_at"),
                ),
                _("what was charged besides usage, for what, when, and who of our staff did it"),
                "account_id",
                "made_at",
            ),
        ),
    ),
    Table(
        # ``reason`` and ``reference`` are free text; what the bank passed on may hold the payer's name.
        "billing.Grant",
        called=_("vouchers, credits and money paid in advance"),
        plain=("id", "key"),
        holdings=(
            _held(
                (
                    *("account_id", "kind", "currency", "amount_minor", "home_minor", "starts_on", "expires_on", "reason"),
                    *("code_id", "document_id", "means", "reference", "made_by_id", "made_at"),
                ),
                _("what an account was given or paid in advance, why, until when, and who of our staff noted it"),
                "account_id",
                "made_at",
            ),
        ),
    ),
    Table(
        # A code belongs to nobody; ``made_by`` is one of our staff.
        "billing.VoucherCode",
        called=_("voucher codes"),
        plain=("id", "code", "currency", "amount_minor", "redemptions", "redeem_until", "lasts_months", "plan", "stopped_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("made_by_id", "made_at"),
                what=_("who of our staff made a voucher code, and when"),
                whose=Whose.STAFF,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_KEPT,
                person="made_by_id",
                since="made_at",
            ),
        ),
    ),
)
