"""What was billed is taken back by a credit note: a document of its own, in the same series and chain, that names its bill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.models import User
from bonafide.billing.balance.give_back import give_back
from bonafide.billing.draft import Draft
from bonafide.billing.issue import number_drafts, take_place
from bonafide.billing.ledger.moves import share
from bonafide.billing.ledger.post import issued_from, post_credit
from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Correction, Invoice
from bonafide.billing.seal import INVOICE_FIELDS, LINE_FIELDS, TAX_FIELDS, canonical
from bonafide.billing.tax import tax_on
from bonafide.billing.write import write_bills
from bonafide.errors import Refused
from bonafide.languages import written_day
from bonafide.money import exponent, from_minor, scaled, text
from bonafide.operator import Operator

_JSON = ("seller", "buyer", "mentions", "exchange", "tax_basis")


class CreditRefused(Refused):
    """A bill that cannot be taken back, or not so much of it."""


def credit(
    *, invoice: Invoice, net_minor: int | None, reason: str, key: str, operator: Operator, now: datetime, by: User | None = None
) -> Invoice:
    """Issue a credit note for ``net_minor`` of a bill (before tax, in its currency), or for all that is left of it.

    Its amounts are above zero, as EN 16931 has it for type 381; its tax is that of the bill, and the taxes of all credit notes of
    a bill come to the bill's own. It is final at once, for all of: number, seal, ledger, what is still open of the bill.
    The same ``key`` for the same bill and amount returns the credit note that is there.

    :raises CreditRefused: for what is no issued bill above zero, without a reason, for zero or less, for more than is left, or
        when the key was used for something else.
    :raises ClockBehind: when the last document is dated later than ``now``.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise CreditRefused(f"bill {invoice.number}: expected a reason of at most 200 characters, which the credit note says")
    with transaction.atomic():
        place = take_place(operator=operator, now=now)
        there = Correction.objects.select_related("document").filter(key=key).first()
        if there:
            return _same(there, invoice, net_minor, reason)
        amount, done = _within(invoice, net_minor)
        draft = _draft(invoice, amount, done, reason, operator, place.due_on)
        numbered = number_drafts(drafts=[draft], place=place, prefix=operator.billing.number_prefix)
        [pk] = write_bills(bills=numbered)
        document = Invoice.objects.get(pk=pk)
        settled = invoice.settlements.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        row = {name: getattr(document, name) for name in ("id", *INVOICE_FIELDS)}
        post_credit(document=issued_from(row=row), original=invoice, settled_minor=settled, operator=operator)
        Correction.objects.create(document=document, original=invoice, reason=reason, key=key, made_by=by, made_at=now)
        give_back(document=document, original=invoice, operator=operator, now=now)
    return document


def creditable(*, invoice: Invoice, amount: str | None, key: str = "") -> int | None:
    """An amount as people write it, in minor units before tax; None, for all that is left, stays None.

    :raises CreditRefused: for what is no amount, or more than is left of the bill, unless ``key`` was used before.
    """
    if amount is None:
        minor = None
    else:
        try:
            minor = scaled(Decimal(amount), exponent(invoice.currency))
        except (ArithmeticError, ValueError):
            raise CreditRefused(f"amount {amount!r}: expected one in {invoice.currency}, such as 30.00") from None
    if not Correction.objects.filter(key=key).exists():
        _within(invoice, minor)
    return minor


def _within(invoice: Invoice, net_minor: int | None) -> tuple[int, int]:
    """What is to be taken back, and what was before."""
    if invoice.number is None or invoice.kind == Invoice.Kind.CREDIT_NOTE or invoice.total_minor <= 0:
        raise CreditRefused(f"{invoice}: only an issued bill of more than zero can be taken back by a credit note")
    done: int = invoice.corrections.aggregate(net=Sum("document__net_minor"))["net"] or 0
    left = invoice.net_minor - done
    amount = left if net_minor is None else net_minor
    if not 0 < amount <= left:
        raise CreditRefused(
            f"bill {invoice.number}: {_money(amount, invoice)} before tax cannot be taken back, {_money(left, invoice)} is left"
        )
    return amount, done


def _same(there: Correction, invoice: Invoice, net_minor: int | None, reason: str) -> Invoice:
    found = there.document
    if there.original_id != invoice.pk or net_minor not in (None, found.net_minor) or there.reason != reason:
        raise CreditRefused(f"key {there.key!r} was already used for credit note {found.number}: use another")
    return found


def _draft(original: Invoice, net: int, done: int, reason: str, operator: Operator, due_on: Any) -> Draft:
    """The rows of the credit note: those of the bill where all of it is taken back at once, else one line."""
    taxes = list(original.taxes.all())
    rate = Decimal(taxes[0].rate)
    tax = tax_on(done + net, rate) - tax_on(done, rate)
    whole = net == original.net_minor
    values: dict[str, Any] = {name: getattr(original, name) for name in INVOICE_FIELDS}
    for name in ("number", "issued_at", "issued_on", "due_on", "payment_reference", "position"):
        del values[name]
    values |= {"kind": "381", "net_minor": net, "tax_minor": tax, "total_minor": net + tax, "trial": original.trial}
    values["prepaid_minor"] = None
    values["mentions"] = _mentions(original, reason, operator, due_on)
    for name, counted in (("tax_home_minor", 1), ("eu_consumer_minor", -1)):
        if values[name] is not None:
            values[name] = counted * (
                share(values[name], done + net, original.net_minor) - share(values[name], done, original.net_minor)
            )
    values["period_start_on"] = original.period_start_on.isoformat()
    values["period_end_on"] = original.period_end_on.isoformat()
    for name in _JSON:
        values[name] = None if values[name] is None else canonical(values[name])
    lines = _lines(original) if whole else [_one_line(original, net)]
    row = {name: getattr(taxes[0], name) for name in TAX_FIELDS} | {"base_minor": net, "tax_minor": tax}
    return Draft(values, lines, [tuple(row[name] for name in TAX_FIELDS)])


def _lines(original: Invoice) -> list[tuple[Any, ...]]:
    found = []
    for line in original.lines.order_by("position"):
        row = {name: getattr(line, name) for name in LINE_FIELDS} | {"details": canonical(line.details)}
        found.append(tuple(row.values()))
    return found


def _one_line(original: Invoice, net: int) -> tuple[Any, ...]:
    with translation.override(original.language):
        said = _("Part of bill %(number)s") % {"number": original.number}
    tax = original.taxes.get()
    amount = text(from_minor(net, original.currency))
    return (1, said, "", "1", "adjustment", amount, net, canonical([]), tax.category, tax.rate, None)


def _mentions(original: Invoice, reason: str, operator: Operator, due_on: Any) -> Sequence[str]:
    """The bill that it is for and why, before what the law asks for."""
    basis = original.tax_basis or {}
    with translation.override(original.language):
        assert original.issued_on is not None  # noqa: S101 - the table's own check constraint
        said = _("Credit note for bill %(number)s of %(day)s: %(reason)s") % {
            "number": original.number,
            "day": written_day(original.issued_on, original.language),
            "reason": reason,
        }
    rest = mentions_of(
        operator=operator,
        language=original.language,
        kind=str(original.buyer["kind"]),
        categories=tuple(tax.category for tax in original.taxes.all()),
        owed=False,
        due_on=due_on,
        treatment=basis.get("treatment", ""),
        taxed_in=basis.get("taxed_in", ""),
    )
    return [said, *rest]


def _money(minor: int, invoice: Invoice) -> str:
    return f"{from_minor(minor, invoice.currency)} {invoice.currency}"
