"""Issued invoices made by hand: rows as billing leaves them, without running it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings
from django.db.models import Max

from bonafide.accounts.models import Account
from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.money import round_half_up
from tests.factories.accounts import make_account

ISSUED = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
DUE = ISSUED.date() + timedelta(days=2)
_serial = count(1)


def mentions(*, language: str = "en", kind: str = "company", category: str = "S", owed: bool = True) -> list[str]:
    """The sentences that billing freezes on a bill."""
    by = {"language": language, "kind": kind, "categories": (category,), "owed": owed, "due_on": DUE}
    return list(mentions_of(operator=settings.OPERATOR, **by))


def seller(**changes: Any) -> dict[str, Any]:
    frozen = settings.OPERATOR.identity.model_dump(mode="json")
    return {**frozen, "bank": settings.OPERATOR.bank.model_dump(mode="json"), **changes}


def buyer(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "C-7KQ2MNPX",
        "kind": "company",
        "name": "Atelier Vega SARL",
        "street": "8 rue des Étoiles",
        "postcode": "69001",
        "city": "Lyon",
        "country": "FR",
        "vat_number": "FR40303265045",
        "registration": "303265045",
        "purchase_order": "",
        **changes,
    }


def line(text: str, quantity: str, unit: str, price: str, *, details: list[dict[str, str]] | None = None) -> dict[str, Any]:
    net = round_half_up(Decimal(quantity) * Decimal(price), 2)
    return {
        "text": text,
        "quantity": quantity,
        "unit": unit,
        "unit_price": price,
        "net_minor": int(net * 100),
        "details": details or [],
    }


LINES = [
    line("Instance DEV1-L, atelier-web-1", "745", "h", "0.085", details=[{"label": "1 to 31 October", "quantity": "745"}]),
    line("Instance DEV1-XL, atelier-db", "745", "h", "0.124", details=[{"label": "1 to 31 October", "quantity": "745"}]),
    line("Object storage", "9651", "GB", "0.0146", details=[{"label": "average of the days", "quantity": ""}]),
    line("E-mail sending: 10,000 included, 9,120 used", "1", "month", "5"),
    line("Late usage of September: Instance DEV1-M (6 h instead of 0 h)", "6", "h", "0.065"),
]


def make_issued(
    *,
    lines: list[dict[str, Any]] | None = None,
    rate: str = "20",
    category: str = "S",
    reason: str = "",
    reason_code: str = "",
    taxes: list[dict[str, Any]] | None = None,
    account: Account | None = None,
    issued_at: datetime = ISSUED,
    number: str | None = None,
    **values: Any,
) -> Invoice:
    """An issued invoice of October 2026: the draft with its lines and taxes, and then its number, as billing does it."""
    lines, to, language = LINES if lines is None else lines, values.get("buyer", buyer()), values.get("language", "en")
    net = sum(entry["net_minor"] for entry in lines)
    if taxes is None:
        tax = int(round_half_up(net * Decimal(rate) / 100, 0))
        told = {"reason": reason, "reason_code": reason_code}
        taxes = [{"category": category, "rate": rate, "base_minor": net, "tax_minor": tax, **told}]
    tax = sum(each["tax_minor"] for each in taxes)
    invoice = Invoice.objects.create(
        account=account or make_account(),
        **{
            "month": 202610,
            "currency": "EUR",
            "language": language,
            "seller": seller(),
            "buyer": to,
            "mentions": mentions(language=language, kind=str(to["kind"]), category=category),
            "period_start_on": date(2026, 10, 1),
            "period_end_on": date(2026, 10, 31),
            "net_minor": net,
            "tax_minor": tax,
            "total_minor": net + tax,
            **values,
        },
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, position=position, **entry) for position, entry in enumerate(lines, 1)
    )
    InvoiceTax.objects.bulk_create(InvoiceTax(invoice=invoice, **each) for each in taxes)
    position = (Invoice.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    day = issued_at.date()
    invoice.number = number or f"F{day.year}-{next(_serial):06d}"
    invoice.issued_at, invoice.issued_on, invoice.due_on = issued_at, day, day + timedelta(days=2)
    invoice.payment_reference = "RF93F202600042"
    invoice.position = position
    invoice.save()
    return invoice
