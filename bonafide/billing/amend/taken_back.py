"""What is left of a bill after its credit notes, by rate and by line, and the rows of the next one. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.amend.models import CreditedLine
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.billing.seal import LINE_FIELDS, TAX_FIELDS, canonical
from bonafide.billing.tax import out_of_gross, tax_on
from bonafide.billing.taxed import nets_of
from bonafide.errors import Refused
from bonafide.money import EXACT, from_minor, text, to_minor

Sort = tuple[str, str]  # category and rate
LONGEST_TEXT = 400


class CreditRefused(Refused):
    """A bill that cannot be taken back, or not so much of it."""


class LineAsked(NamedTuple):
    """What of a line is to be taken back: an amount in the line's own terms, or a quantity; all that is left for neither."""

    position: int
    amount_minor: int | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Taken:
    """The rows of a credit note, by ``LINE_FIELDS`` and ``TAX_FIELDS``; ``of_lines`` is what each line of the bill gave."""

    lines: list[tuple[Any, ...]]
    taxes: list[tuple[Any, ...]]
    of_lines: dict[int, int] = field(default_factory=dict)

    @property
    def net_minor(self) -> int:
        return sum(row[TAX_FIELDS.index("base_minor")] for row in self.taxes)

    @property
    def tax_minor(self) -> int:
        return sum(row[TAX_FIELDS.index("tax_minor")] for row in self.taxes)


class Left:
    """A bill and what its credit notes took of it so far: five queries."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.lines: list[InvoiceLine] = list(invoice.lines.order_by("position"))
        self.gross = any(line.gross_minor is not None for line in self.lines)
        self.taxes: dict[Sort, InvoiceTax] = {(tax.category, tax.rate): tax for tax in invoice.taxes.order_by("category", "rate")}
        self.done: Counter[Sort] = Counter()  # bases
        self.done_tax: Counter[Sort] = Counter()
        notes = InvoiceTax.objects.filter(invoice__correction__original=invoice).order_by()
        sums = notes.values_list("category", "rate").annotate(base=Sum("base_minor"), tax=Sum("tax_minor"))
        for category, rate, base, tax in sums:
            self.done[category, rate], self.done_tax[category, rate] = base, tax
        taken = CreditedLine.objects.filter(correction__original=invoice).order_by().values_list("position")
        self.of_lines: dict[int, int] = dict(taken.annotate(sum=Sum("amount_minor")))

    @property
    def untouched(self) -> bool:
        return not any(self.done.values()) and not any(self.done_tax.values())

    @property
    def net_minor(self) -> int:
        return self.invoice.net_minor - sum(self.done.values())

    def base(self, sort: Sort) -> int:
        return self.taxes[sort].base_minor - self.done[sort]

    def amount(self, sort: Sort) -> int:
        """What is left at a rate, in the terms of the bill's lines."""
        return self.base(sort) + (self.taxes[sort].tax_minor - self.done_tax[sort] if self.gross else 0)

    def of_line(self, line: InvoiceLine) -> int:
        """What is left of a line, in its own terms."""
        return amount_of(line) - self.of_lines.get(line.position, 0)

    def sort_of(self, line: InvoiceLine) -> Sort:
        """Whose tax a line bears; bills from before lines said so have one."""
        return (line.tax_category, line.tax_rate) if line.tax_category else next(iter(self.taxes))

    # --- The next credit note ---------------------------------------------------------------------------------------------
    def take(self, *, net_minor: int | None, asked: Sequence[LineAsked]) -> Taken:
        """The rows for these lines, for an amount before tax, or for all that is left.

        The taxes of all credit notes of a bill come to its own, rate by rate: each is the tax on all that was taken back by then
        less what was said before.

        :raises CreditRefused: for more than is left, or what comes to nothing.
        """
        if asked:
            taken = self._by_lines(asked)
        elif net_minor is None and self.untouched:
            taken = self._whole()
        else:
            taken = self._by_amount(self.net_minor if net_minor is None else net_minor)
        if taken.net_minor <= 0:
            raise CreditRefused(
                f"bill {self.invoice.number}: what is to be taken back comes to {self.money(taken.net_minor)} before tax: "
                "expected more than zero"
            )
        return taken

    def _whole(self) -> Taken:
        rows = [self._row(line.position, line, amount_of(line), line.net_minor) for line in self.lines]
        taxes = [tuple(getattr(tax, name) for name in TAX_FIELDS) for tax in self.taxes.values()]
        return Taken(rows, taxes, {line.position: amount_of(line) for line in self.lines if amount_of(line)})

    def _by_amount(self, net_minor: int) -> Taken:
        """One line for each rate, which bears its part of what is left."""
        left = self.net_minor
        if not 0 < net_minor <= left:
            raise CreditRefused(
                f"bill {self.invoice.number}: {self.money(net_minor)} before tax cannot be taken back, {self.money(left)} is left"
            )
        parts = spread(net_minor, {sort: self.base(sort) for sort in self.taxes})
        rows: list[tuple[Any, ...]] = []
        taxes = []
        for sort, net in parts.items():
            tax = self._tax_by(sort, self.done[sort] + net) - self.done_tax[sort]
            if not net and not tax:
                continue
            rows.append(self._adjustment(len(rows) + 1, sort, net, net + tax))
            taxes.append(self._tax_row(sort, net, tax))
        return Taken(rows, taxes)

    def _tax_by(self, sort: Sort, base: int) -> int:
        """The tax that credit notes come to once they have taken back ``base`` at a rate."""
        whole = self.taxes[sort]
        if base == whole.base_minor:
            return whole.tax_minor
        least, most = sorted((0, whole.tax_minor))
        return min(max(tax_on(base, Decimal(whole.rate)), least), most)

    def _by_lines(self, asked: Sequence[LineAsked]) -> Taken:
        """The chosen lines, or parts of them."""
        by_position = {line.position: line for line in self.lines}
        of_lines: dict[int, int] = {}
        chosen: dict[Sort, list[tuple[InvoiceLine, int, Decimal | None]]] = defaultdict(list)
        for one in asked:
            line = by_position.get(one.position)
            if line is None:
                raise CreditRefused(
                    f"bill {self.invoice.number} has no line {one.position}: its lines are 1 to {len(self.lines)}"
                )
            if one.position in of_lines:
                raise CreditRefused(f"line {one.position} stands twice: name each line once, with all that is to be taken back")
            amount, quantity = self._asked_of(line, one)
            of_lines[one.position] = amount
            chosen[self.sort_of(line)].append((line, amount, quantity))
        nets: dict[int, tuple[int, Decimal | None]] = {}
        taxes = []
        for sort in sorted(chosen):
            amounts = [amount for _line, amount, _quantity in chosen[sort]]
            base, tax = self._at_rate(sort, sum(amounts))
            parts = nets_of(amounts, base, Decimal(sort[1])) if self.gross else amounts
            for (line, _amount, quantity), net in zip(chosen[sort], parts, strict=True):
                nets[line.position] = net, quantity
            taxes.append(self._tax_row(sort, base, tax))
        rows = [
            self._row(place, by_position[position], of_lines[position], *nets[position])
            for place, position in enumerate(sorted(of_lines), start=1)
        ]
        return Taken(rows, taxes, of_lines)

    def _asked_of(self, line: InvoiceLine, asked: LineAsked) -> tuple[int, Decimal | None]:
        """The amount of a line to take back, and its quantity where it is told by one."""
        left, where = self.of_line(line), f"line {line.position} of bill {self.invoice.number}"
        if not left:
            raise CreditRefused(f"{where}: nothing is left of it to take back")
        whole = left == amount_of(line)
        if asked.amount_minor is None and asked.quantity is None:
            return left, Decimal(line.quantity) if whole else None
        if asked.quantity is None:
            amount, quantity = asked.amount_minor or 0, None
        else:
            quantity = asked.quantity
            amount = to_minor(EXACT.multiply(quantity, Decimal(line.unit_price)), self.invoice.currency)
        if not 0 < amount * (1 if left > 0 else -1) <= abs(left):
            raise CreditRefused(f"{where}: {self.money(amount)} cannot be taken back, {self.money(left)} is left of it")
        return amount, Decimal(line.quantity) if whole and amount == left and quantity is None else quantity

    def _at_rate(self, sort: Sort, amount: int) -> tuple[int, int]:
        """Base and tax of an amount, in the terms of the bill's lines, at one rate."""
        left = self.amount(sort)
        if abs(amount) > abs(left) or amount * left < 0:
            raise CreditRefused(
                f"bill {self.invoice.number}: {self.money(amount)} at {sort[1]} % cannot be taken back, {self.money(left)} is "
                "left at that rate after its credit notes"
            )
        done, done_tax = self.done[sort], self.done_tax[sort]
        if amount == left:
            return self.base(sort), self.taxes[sort].tax_minor - done_tax
        if not self.gross:
            return amount, self._tax_by(sort, done + amount) - done_tax
        base, tax = out_of_gross(done + done_tax + amount, Decimal(sort[1]))
        return base - done, tax - done_tax

    # --- Rows -------------------------------------------------------------------------------------------------------------
    def _row(self, place: int, line: InvoiceLine, amount: int, net: int, quantity: Decimal | None = None) -> tuple[Any, ...]:
        """A line of the bill or a part of it; without a quantity one piece at its amount."""
        row = {name: getattr(line, name) for name in LINE_FIELDS}
        row |= {
            "position": place,
            "net_minor": net,
            "gross_minor": amount if self.gross else None,
            "details": canonical(line.details),
        }
        if amount == amount_of(line):
            return tuple(row.values())
        row["details"] = canonical([])
        with translation.override(self.invoice.language):
            said = _("Part of line %(position)s: %(text)s") % {"position": line.position, "text": line.text}
        row["text"] = said if len(said) <= LONGEST_TEXT else f"{said[: LONGEST_TEXT - 1]}…"
        if quantity is None:
            row |= {"quantity": "1", "unit": "adjustment", "unit_price": self._price(amount)}
        else:
            row["quantity"] = text(quantity)
        return tuple(row.values())

    def _adjustment(self, place: int, sort: Sort, net: int, gross: int) -> tuple[Any, ...]:
        with translation.override(self.invoice.language):
            said = _("Part of bill %(number)s") % {"number": self.invoice.number}
        price = self._price(gross if self.gross else net)
        return (place, said, "", "1", "adjustment", price, net, canonical([]), *sort, gross if self.gross else None)

    def _price(self, minor: int) -> str:
        return text(from_minor(minor, self.invoice.currency))

    def _tax_row(self, sort: Sort, base: int, tax: int) -> tuple[Any, ...]:
        whole = self.taxes[sort]
        return (*sort, base, tax, whole.reason_code, whole.reason)

    def money(self, minor: int) -> str:
        return f"{from_minor(minor, self.invoice.currency)} {self.invoice.currency}"


def amount_of(line: InvoiceLine) -> int:
    """A line's quantity times its price: with tax where its price has it."""
    return line.net_minor if line.gross_minor is None else line.gross_minor


def spread(amount: int, over: dict[Sort, int]) -> dict[Sort, int]:
    """Parts of an amount in the proportion of ``over``, which come to it; none goes beyond its own when the amount does not."""
    whole = sum(over.values())
    parts = {sort: amount * each // whole for sort, each in over.items()}
    rest = sorted(over, key=lambda sort: (-(amount * over[sort] % whole), sort))
    for sort in rest[: amount - sum(parts.values())]:
        parts[sort] += 1
    return parts
