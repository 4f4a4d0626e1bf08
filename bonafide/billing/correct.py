"""What was billed is taken back by a credit note: a document of its own, in the same series and chain, that names its bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.models import User
from bonafide.billing.amend.give_up import lay_down, lost_of, take_up
from bonafide.billing.amend.models import CreditedLine
from bonafide.billing.amend.taken_back import CreditRefused, Left, LineAsked, Taken
from bonafide.billing.balance.give_back import give_back
from bonafide.billing.draft import Draft
from bonafide.billing.issue import number_drafts, take_place
from bonafide.billing.ledger.moves import share
from bonafide.billing.ledger.post import issued_from, post_credit
from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Correction, Invoice
from bonafide.billing.seal import INVOICE_FIELDS, LINE_FIELDS, TAX_FIELDS, canonical
from bonafide.billing.write import write_bills
from bonafide.languages import written_day
from bonafide.money import exponent, scaled
from bonafide.operator import Operator

__all__ = ["CreditPreview", "CreditRefused", "LineAsked", "credit", "creditable", "preview_credit"]

_JSON = ("seller", "buyer", "mentions", "exchange", "tax_basis")


def credit(
    *,
    invoice: Invoice,
    net_minor: int | None = None,
    lines: Sequence[LineAsked] = (),
    reason: str,
    key: str,
    operator: Operator,
    now: datetime,
    by: User | None = None,
) -> Invoice:
    """Issue a credit note for ``lines`` of a bill, for ``net_minor`` of it (before tax), or for all that is left of it.

    Its amounts are above zero, as EN 16931 has it for type 381. Its taxes are those of the bill: an amount is spread over the
    rates as they are left, and at each rate the taxes of all credit notes of a bill come to the bill's own. It is final at once,
    for all of: number, seal, ledger, what is still open of the bill, and what of it was given up as lost.
    The same ``key`` for the same bill, lines and amount returns the credit note that is there.

    :raises CreditRefused: for what is no issued bill above zero or was replaced, without a reason, for zero or less, for more
        than is left, or when the key was used for something else.
    :raises ClockBehind: when the last document is dated later than ``now``.
    """
    reason = _reason(invoice, reason)
    with transaction.atomic():
        place = take_place(operator=operator, now=now)
        there = Correction.objects.select_related("document").filter(key=key).first()
        if there:
            return _same(there, invoice, net_minor, lines, reason)
        _may_be_taken_back(invoice)
        left = Left(invoice)
        taken = left.take(net_minor=net_minor, asked=lines)
        draft = _draft(left, taken, reason, operator, place.due_on)
        numbered = number_drafts(drafts=[draft], place=place, prefix=operator.billing.number_prefix)
        [pk] = write_bills(bills=numbered)
        document = Invoice.objects.get(pk=pk)
        lost = lost_of(invoice)
        take_up(invoice=invoice, reason=reason, key=f"before {document.number}", operator=operator, on=place.issued_on)
        row = {name: getattr(document, name) for name in ("id", *INVOICE_FIELDS)}
        post_credit(document=issued_from(row=row), original=invoice, settled_minor=_settled(invoice), operator=operator)
        made = Correction.objects.create(document=document, original=invoice, reason=reason, key=key, made_by=by, made_at=now)
        CreditedLine.objects.bulk_create(
            CreditedLine(correction=made, position=position, amount_minor=amount) for position, amount in taken.of_lines.items()
        )
        lay_down(invoice=invoice, most=lost, reason=reason, key=f"after {document.number}", operator=operator, on=place.issued_on)
        give_back(document=document, original=invoice, operator=operator, now=now)
    return document


@dataclass(frozen=True)
class CreditPreview:
    """What a credit note would say, in minor units, and what of its bill would then be open, or paid too much."""

    currency: str
    net_minor: int
    tax_minor: int
    lines: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    open_minor: int
    paid_back_minor: int

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


def preview_credit(*, invoice: Invoice, net_minor: int | None, lines: Sequence[LineAsked] = (), today: date) -> CreditPreview:
    """What :func:`credit` would issue; nothing is written.

    :raises CreditRefused: as :func:`credit` would.
    """
    _may_be_taken_back(invoice)
    taken = Left(invoice).take(net_minor=net_minor, asked=lines)
    standing = Invoice.objects.with_state(today).get(pk=invoice.pk)
    after = standing.open_minor - taken.net_minor - taken.tax_minor  # type: ignore[attr-defined]  # with_state's
    return CreditPreview(
        currency=invoice.currency,
        net_minor=taken.net_minor,
        tax_minor=taken.tax_minor,
        lines=[dict(zip(LINE_FIELDS, row, strict=True)) for row in taken.lines],
        taxes=[dict(zip(TAX_FIELDS, row, strict=True)) for row in taken.taxes],
        open_minor=max(after, 0),
        paid_back_minor=max(-after, 0),
    )


def creditable(*, invoice: Invoice, amount: str | None, key: str = "") -> int | None:
    """An amount as people write it, in minor units before tax; None, for all that is left, stays None.

    :raises CreditRefused: for what is no amount, or more than is left of the bill, unless ``key`` was used before.
    """
    minor = None if amount is None else minor_of(said=amount, currency=invoice.currency)
    if not Correction.objects.filter(key=key).exists():
        _may_be_taken_back(invoice)
        Left(invoice).take(net_minor=minor, asked=())
    return minor


def line_asked(*, said: str, currency: str) -> LineAsked:
    """A line as people name it: ``3``, ``3=12.50`` (an amount in its own terms) or ``3x2.5`` (a quantity).

    :raises CreditRefused: for anything else.
    """
    expected = f"line {said!r}: expected its number, such as 3, or with an amount 3=12.50, or with a quantity 3x2.5"
    position, mark, rest = said.partition("=") if "=" in said else said.partition("x")
    where = f"line {position.strip()}: "
    if not (position.strip().isascii() and position.strip().isdigit()) or (mark and not rest.strip()):
        raise CreditRefused(expected)
    if not mark:
        return LineAsked(int(position))
    if mark == "=":
        return LineAsked(int(position), amount_minor=minor_of(said=rest.strip(), currency=currency, where=where))
    try:
        quantity = Decimal(rest.strip())
    except ArithmeticError:
        raise CreditRefused(expected) from None
    if not quantity.is_finite() or not quantity or quantity.adjusted() > 18 or quantity.as_tuple().exponent < -12:  # type: ignore[operator]
        raise CreditRefused(expected)
    return LineAsked(int(position), quantity=quantity)


def minor_of(*, said: str, currency: str, where: str = "") -> int:
    """An amount as people write it, in minor units.

    :raises CreditRefused: for what is none.
    """
    try:
        value = Decimal(said)
        if not value.is_finite() or value.adjusted() > 15:
            raise ValueError(said)
        return scaled(value, exponent(currency))
    except (ArithmeticError, ValueError):
        raise CreditRefused(f"{where}amount {said!r}: expected one in {currency}, such as 30.00") from None


def _reason(invoice: Invoice, reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise CreditRefused(f"bill {invoice.number}: expected a reason of at most 200 characters, which the credit note says")
    return reason


def _may_be_taken_back(invoice: Invoice) -> None:
    if invoice.number is None or invoice.kind == Invoice.Kind.CREDIT_NOTE or invoice.total_minor <= 0:
        raise CreditRefused(f"{invoice}: only an issued bill of more than zero can be taken back by a credit note")
    instead = Invoice.objects.filter(replaces__original=invoice).values_list("number", flat=True).first()
    if instead:
        raise CreditRefused(f"bill {invoice.number} was replaced by {instead}: take that one back")


def _settled(invoice: Invoice) -> int:
    return invoice.settlements.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def _same(there: Correction, invoice: Invoice, net_minor: int | None, lines: Sequence[LineAsked], reason: str) -> Invoice:
    """The credit note that was made by this key, if it was for the same."""
    found = there.document
    taken = dict(there.lines.values_list("position", "amount_minor"))
    asked = {line.position: line.amount_minor for line in lines}
    same_lines = not asked or (
        asked.keys() == taken.keys() and all(amount in (None, taken[position]) for position, amount in asked.items())
    )
    if there.original_id != invoice.pk or net_minor not in (None, found.net_minor) or there.reason != reason or not same_lines:
        raise CreditRefused(f"key {there.key!r} was already used for credit note {found.number}: use another")
    return found


def _draft(left: Left, taken: Taken, reason: str, operator: Operator, due_on: date) -> Draft:
    original, done = left.invoice, sum(left.done.values())
    net, tax = taken.net_minor, taken.tax_minor
    values: dict[str, Any] = {name: getattr(original, name) for name in INVOICE_FIELDS}
    for name in ("number", "issued_at", "issued_on", "due_on", "payment_reference", "position"):
        del values[name]
    values |= {"kind": "381", "net_minor": net, "tax_minor": tax, "total_minor": net + tax, "prepaid_minor": None}
    values["mentions"] = _mentions(original, tuple(sort[0] for sort in left.taxes), reason, operator, due_on)
    for name, counted in (("tax_home_minor", 1), ("eu_consumer_minor", -1)):
        if values[name] is not None:
            values[name] = counted * (
                share(values[name], done + net, original.net_minor) - share(values[name], done, original.net_minor)
            )
    values["period_start_on"] = original.period_start_on.isoformat()
    values["period_end_on"] = original.period_end_on.isoformat()
    for name in _JSON:
        values[name] = None if values[name] is None else canonical(values[name])
    return Draft(values, taken.lines, sorted(taken.taxes))


def _mentions(original: Invoice, categories: tuple[str, ...], reason: str, operator: Operator, due_on: date) -> Sequence[str]:
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
        categories=categories,
        owed=False,
        due_on=due_on,
        treatment=basis.get("treatment", ""),
        taxed_in=basis.get("taxed_in", ""),
    )
    return [said, *rest]
