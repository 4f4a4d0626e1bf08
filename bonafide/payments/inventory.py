"""What this package holds of people: money that came and went back, as the books have it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kept, Kind, Table, Whose
from bonafide.payments.stripe import inventory as stripe

_BOOKS = _("to be paid, and to keep books")
_GUARD = "bonafide.payments.triggers.install"

TABLES = (
    *stripe.TABLES,
    Table(
        "payments.Returned",
        called=_("payments returned"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("receipt_id", "reference", "amount_minor", "returned_on", "taken_at"),
                what=_("what went back of a payment, and when"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="receipt__account_id",
                since="returned_on",
            ),
        ),
    ),
    Table(
        # ``reference`` is the bank's or the provider's own.
        "payments.Receipt",
        called=_("payments received"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    "account_id",
                    "means",
                    "reference",
                    "currency",
                    "amount_minor",
                    "kept_minor",
                    "received_on",
                    "taken_at",
                ),
                what=_("what was paid, when, how, with which reference"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=_GUARD,
                account="account_id",
                since="received_on",
            ),
        ),
    ),
)
