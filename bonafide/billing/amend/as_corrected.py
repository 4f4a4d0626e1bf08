"""An issued bill as it should have been: for its account as it is now, taxed anew, lines as staff say. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.amend.changes import Changes, LineChange
from bonafide.billing.amend.taken_back import amount_of
from bonafide.billing.compute import LARGEST, buyer_of, seller_of
from bonafide.billing.computed import ComputedBill, ComputedLine, main_of
from bonafide.billing.lines import Prices, Unbillable, lines_of, split_days
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.billing.seal import canonical
from bonafide.billing.tax.rates import STANDARD_SORT
from bonafide.billing.tax.threshold import Turnover
from bonafide.billing.tax_basis import Decided, TaxDesk
from bonafide.billing.taxed import at_home, taxed, with_threshold
from bonafide.billing.turnover import turnover_of
from bonafide.errors import Refused
from bonafide.money import EXACT, from_minor, text, to_minor
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.usage.measure import measure

# What is left of the name of an account that was erased.
ERASED = "erased"


class RectifyRefused(Refused):
    """A bill that cannot be replaced, or not so."""


@dataclass(frozen=True)
class Rectified:
    """The bill as it should have been, and what of it is otherwise than on the one that it replaces."""

    bill: ComputedBill
    buyer_changes: list[tuple[str, str, str]]
    line_changes: list[tuple[str, str, str]]


def as_corrected(*, invoice: Invoice, changes: Changes, operator: Operator) -> Rectified:
    """See the module; credit notes of the bill become lines that take off as much.

    :raises RectifyRefused: on what is no issued bill, or was replaced; when nothing would change, nothing or too much would be
        left, or the tax cannot be decided.
    """
    _may_be_replaced(invoice)
    rows = list(invoice.lines.order_by("position"))
    for position in changes.keys() - {row.position for row in rows}:
        raise RectifyRefused(f"bill {invoice.number} has no line {position}: its lines are 1 to {len(rows)}")
    gross = any(row.gross_minor is not None for row in rows)
    sorts = _Sorts(invoice, rows, changes, operator)
    kept = [
        _line(row, changes.get(row.position, LineChange()), sorts.of(row), invoice.currency, gross=gross)
        for row in rows
        if not changes.get(row.position, LineChange()).leave_out
    ]
    if not kept:
        raise RectifyRefused(f"bill {invoice.number}: no line is left: take it back by a credit note instead")
    lines = (*kept, *_taken_back(invoice, sorts, gross=gross))
    bill = _taxed(invoice, lines, operator, gross=gross)
    _within(invoice, bill)
    buyer = _differences(invoice.buyer, bill.buyer)
    by_line = _line_changes(rows, bill, changes)
    taxes = [tuple(tax)[:4] for tax in sorted(bill.taxes)]
    was = list(invoice.taxes.order_by("category", "rate").values_list("category", "rate", "base_minor", "tax_minor"))
    if not buyer and not by_line and (taxes == was or invoice.corrections.exists()):
        raise RectifyRefused(
            f"bill {invoice.number}: nothing would change: correct the account, or say what is otherwise on its lines"
        )
    return Rectified(bill, buyer, by_line)


def _may_be_replaced(invoice: Invoice) -> None:
    if invoice.number is None or invoice.kind == Invoice.Kind.CREDIT_NOTE:
        raise RectifyRefused(f"{invoice}: only an issued bill can be replaced by a corrected one")
    if invoice.account.name == ERASED:
        raise RectifyRefused(f"bill {invoice.number}: its account was erased, so there is no buyer to bill anew")
    instead = Invoice.objects.filter(replaces__original=invoice).values_list("number", flat=True).first()
    if instead:
        raise RectifyRefused(f"bill {invoice.number} was replaced by {instead} already: correct that one")


def _line(row: InvoiceLine, change: LineChange, sort: str, currency: str, *, gross: bool) -> ComputedLine:
    quantity, price = change.quantity or row.quantity, change.unit_price or row.unit_price
    amount, details = amount_of(row), tuple(row.details)
    if (quantity, price) != (row.quantity, row.unit_price):
        amount = to_minor(EXACT.multiply(Decimal(quantity), Decimal(price)), currency)
    if quantity != row.quantity:
        details = ()  # they add up to the quantity that was
    return ComputedLine(
        text=change.text or row.text,
        meter=row.meter,
        quantity=quantity,
        unit=row.unit,
        unit_price=price,
        net_minor=amount,
        details=details,
        gross_minor=amount if gross else None,
        sort=sort,
    )


def _taken_back(invoice: Invoice, sorts: _Sorts, *, gross: bool) -> Iterator[ComputedLine]:
    """A line for each credit note of the bill and rate: what it took back stays so."""
    notes = InvoiceTax.objects.filter(invoice__correction__original=invoice).order_by("invoice__position", "category", "rate")
    for tax in notes.select_related("invoice"):
        amount = -(tax.base_minor + (tax.tax_minor if gross else 0))
        with translation.override(invoice.language):
            said = _("Taken back already by credit note %(number)s") % {"number": tax.invoice.number}
        yield ComputedLine(
            text=said,
            meter="",
            quantity="1",
            unit="adjustment",
            unit_price=text(from_minor(amount, invoice.currency)),
            net_minor=amount,
            gross_minor=amount if gross else None,
            sort=sorts.at(tax.category, tax.rate),
        )


class _Sorts:
    """Which rates of VAT the lines of an issued bill were for: what its prices say, else what its basis says of its rates.

    A bill says under which rates it was taxed, not for which sort of supply: under reverse charge all are the same.
    """

    def __init__(self, invoice: Invoice, rows: list[InvoiceLine], changes: Changes, operator: Operator) -> None:
        month, prices = Month.from_key(invoice.month), Prices(operator.zone)
        sheet = prices.sheet(invoice.account_id, month, invoice.language)
        entries = sheet.entries if sheet else ()
        self._all = {entry.item.sort for entry in entries}
        self._by_meter: dict[str, set[str]] = {}
        for entry in entries:
            self._by_meter.setdefault(entry.meter.code if entry.meter else "", set()).add(entry.item.sort)
        self._by_text: dict[str, set[str]] = {}
        if len(self._all) > 1:
            for line in _lines_again(invoice, month, prices, operator):
                self._by_text.setdefault(line.text, set()).add(line.sort)
        others: dict[str, dict[str, str]] = (invoice.tax_basis or {}).get("other_rates", {})
        self._by_rate: dict[str, list[str]] = {}
        for sort, rate in sorted(others.items()):
            self._by_rate.setdefault(rate["percent"], []).append(sort)
        self._rows, self._changes = rows, changes
        self._told_apart = len({(row.tax_category, row.tax_rate) for row in rows}) > 1

    def of(self, row: InvoiceLine) -> str:
        """That of a line: what staff say goes first.

        :raises RectifyRefused: when nothing that is kept says it, and it makes a difference.
        """
        if said := self._changes.get(row.position, LineChange()).sort:
            return said
        by_meter = self._by_meter.get(row.meter, set())
        for sorts in (self._all, self._by_text.get(row.text, set()), by_meter):
            if len(sorts) == 1:
                return next(iter(sorts))
        by_rate = [sort for sort in self._by_rate.get(row.tax_rate, []) if not by_meter or sort in by_meter]
        if not by_rate and self._told_apart and not self._all:
            raise RectifyRefused(
                f"line {row.position}: which rates of VAT it bears is not known any more: say its sort in a file of --lines"
            )
        return by_rate[0] if by_rate else STANDARD_SORT

    def at(self, category: str, rate: str) -> str:
        """That of the lines at a rate."""
        found = (row for row in self._rows if (row.tax_category or category, row.tax_rate or rate) == (category, rate))
        return next((self.of(row) for row in found), STANDARD_SORT)


def _lines_again(invoice: Invoice, month: Month, prices: Prices, operator: Operator) -> tuple[ComputedLine, ...]:
    """The lines as they come out of the usage that is kept; none when they do not any more."""
    account = invoice.account
    measured = list(measure(bill_month=month, zone=operator.zone, account_ids=[account.pk]))
    try:
        days = split_days(accounts=[account], measured={account.pk: measured}, month=month, prices=prices, until=None)
        return lines_of(account=account, measured=measured, month=month, prices=prices, days=days, language=invoice.language)
    except (Unbillable, ArithmeticError, ValueError):
        return ()


def _taxed(invoice: Invoice, lines: tuple[ComputedLine, ...], operator: Operator, *, gross: bool) -> ComputedBill:
    """The lines with their tax for the account as it is now, as the bill run would have it."""
    account, month = invoice.account, Month.from_key(invoice.month)
    desk = TaxDesk(month, operator)
    desk.read([account])
    try:
        decided = desk.decide(account, frozenset(line.sort for line in lines))
    except Unbillable as stop:
        raise RectifyRefused(f"bill {invoice.number}: {stop}") from None
    own = operator.tax.sentences
    lines, taxes = taxed(lines=lines, treatments=decided.treatments, gross=gross, language=invoice.language, own=own)
    net_minor, tax_minor = sum(tax.base_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
    if max(map(abs, (net_minor + tax_minor, *(line.net_minor for line in lines)))) > LARGEST:
        raise RectifyRefused(f"bill {invoice.number}: its amounts would be larger than can be booked")
    bill = ComputedBill(
        account_id=account.pk,
        reference=account.reference,
        name=account.name,
        month=month,
        currency=invoice.currency,
        language=invoice.language,
        seller=canonical(seller_of(operator)),
        buyer=buyer_of(account),
        lines=lines,
        taxes=taxes,
        net_minor=net_minor,
        tax_minor=tax_minor,
        treatments=decided.treatments,
        gross=gross,
        tax_basis=decided.basis,
        eu_consumer_minor=_counted(invoice, decided, net_minor, operator),
        sale=decided.sale,
        tax_home_minor=at_home(minor=tax_minor, currency=invoice.currency, exchange=invoice.exchange),
        exchange=invoice.exchange,
    )
    return with_threshold(bill, _before(invoice, operator), own=own) if bill.sale else bill


def _counted(invoice: Invoice, decided: Decided, net_minor: int, operator: Operator) -> int | None:
    """What counts towards the threshold for consumers elsewhere in the Union, in the operator's own currency."""
    if not main_of(decided.treatments).counts:
        return None
    if invoice.currency == operator.billing.currency:
        return net_minor
    counted = at_home(minor=net_minor, currency=invoice.currency, exchange=invoice.exchange)
    if counted is None:
        raise RectifyRefused(
            f"bill {invoice.number} is in {invoice.currency} and names no rate, which the VAT of consumers elsewhere in the EU "
            "takes: take it back by a credit note instead"
        )
    return counted


def _before(invoice: Invoice, operator: Operator) -> Turnover:
    """What had been sold when the bill was issued, where it says so; else what is sold by now without it."""
    said: dict[str, Any] | None = (invoice.tax_basis or {}).get("threshold")
    if said:
        return Turnover(this_year=said["before_minor"], last_year=said["last_year_minor"])
    notes = invoice.corrections.values_list("document__eu_consumer_minor", flat=True)
    own = (invoice.eu_consumer_minor or 0) + sum(minor or 0 for minor in notes)
    return turnover_of(month=Month.from_key(invoice.month), operator=operator).plus(-own)


def _within(invoice: Invoice, bill: ComputedBill) -> None:
    if invoice.total_minor > 0 and bill.total_minor <= 0:
        raise RectifyRefused(f"bill {invoice.number}: nothing would be left of it: take it back by a credit note instead")
    name, what = ("total_minor", "with tax") if bill.gross else ("net_minor", "before tax")
    taken = sum(invoice.corrections.values_list(f"document__{name}", flat=True))
    amount, left = getattr(bill, name), getattr(invoice, name) - taken
    if amount > left and (taken or _taken_before(invoice)):
        said, most = (f"{from_minor(minor, invoice.currency)} {invoice.currency}" for minor in (amount, left))
        raise RectifyRefused(
            f"bill {invoice.number}: it would come to {said} {what}, and its credit notes left {most} of it: bill more by "
            "another bill"
        )


def _taken_before(invoice: Invoice) -> bool:
    """Whether there are credit notes of a bill that this one stands for: its lines say them, and may not be left out."""
    while before := Invoice.objects.filter(replacement__document=invoice).first():
        invoice = before
        if invoice.corrections.exists():
            return True
    return False


def _differences(before: dict[str, Any], after: dict[str, object]) -> list[tuple[str, str, str]]:
    names = [*after, *(name for name in before if name not in after)]
    pairs = ((name, str(before.get(name) or ""), str(after.get(name) or "")) for name in names)
    return [(name, was, now) for name, was, now in pairs if was != now]


def _line_changes(rows: list[InvoiceLine], bill: ComputedBill, changes: Changes) -> list[tuple[str, str, str]]:
    """Lines that staff want otherwise, before and after."""
    kept = iter(bill.lines)
    found = []
    for row in rows:
        change = changes.get(row.position, LineChange())
        was = f"{row.text}: {row.quantity} × {row.unit_price}"
        if change.leave_out:
            found.append((str(row.position), was, ""))
            continue
        line = next(kept)
        now = f"{line.text}: {line.quantity} × {line.unit_price}"
        if now != was:
            found.append((str(row.position), was, now))
    return found
