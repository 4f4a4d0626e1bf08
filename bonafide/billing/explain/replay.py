"""An issued bill worked out again, to learn which price and which usage each of its lines comes from."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bonafide.billing.balance.explain import own_lines
from bonafide.billing.computed import ComputedLine
from bonafide.billing.lines import Charge, Prices, Unbillable, charges_of, split_days
from bonafide.billing.models import Invoice
from bonafide.periods import Month, day_key
from bonafide.usage.measure import measure


class Unexplained(Exception):
    """What is kept no longer gives the lines that were issued."""


@dataclass(frozen=True)
class Explained:
    """A charge, and the positions of the issued lines that it came to."""

    charge: Charge
    positions: tuple[int, ...]

    @property
    def month(self) -> Month:
        """The month that the usage is of, which is before the bill's when it came late."""
        return self.charge.entry.sheet.month

    @property
    def days(self) -> tuple[int, int]:
        """From which day to before which (YYYYMMDD) usage counts: those of the month, or of its part that the price holds for."""
        part = self.charge.entry.part
        if part:
            return day_key(part.first), day_key(part.until)
        return day_key(self.month.first_day), day_key(self.month.next().first_day)

    @property
    def group(self) -> str | None:
        """The group that is priced apart; None when all of them are counted together."""
        return self.charge.group if self.charge.entry.terms.split else None

    @property
    def meter_id(self) -> int | None:
        meter = self.charge.entry.meter
        return meter.id if meter else None


def replay(*, invoice: Invoice, zone: ZoneInfo) -> tuple[Explained, ...]:
    """The charges of an issued bill in the order of its lines; a fixed number of queries.

    A closed month's totals and prices stand, so this gives what was issued. It is compared with the issued lines all the same.

    :raises Unexplained: when it gives anything else, because what it takes was deleted with age, or the bill is no bill of usage.
    """
    month = Month.from_key(invoice.month)
    issued = [
        (position, meter, quantity, unit_price, net if gross is None else gross)
        for position, meter, quantity, unit_price, net, gross in invoice.lines.values_list(
            "position", "meter", "quantity", "unit_price", "net_minor", "gross_minor"
        )
    ]
    account, prices = invoice.account, Prices(zone)
    measured = list(measure(bill_month=month, zone=zone, account_ids=[account.pk]))
    days = split_days(accounts=[account], measured={account.pk: measured}, month=month, prices=prices, until=None)
    explained: list[Explained] = []
    again: list[ComputedLine] = []
    try:
        for charge in charges_of(
            account=account, measured=measured, month=month, prices=prices, days=days, language=invoice.language
        ):
            first = len(again) + 1
            again += charge.lines()
            explained.append(Explained(charge, tuple(range(first, len(again) + 1))))
    except (Unbillable, ArithmeticError, ValueError) as error:
        raise Unexplained(str(error)) from None
    again += [own.line for own in own_lines(invoice=invoice, lines=again)]
    if invoice.kind == Invoice.Kind.CREDIT_NOTE or [_known(*one) for one in enumerate(again, start=1)] != issued:
        raise Unexplained(f"bill {invoice.number}: its lines do not follow from what is kept")
    return tuple(explained)


def _known(position: int, line: ComputedLine) -> tuple[int, str, str, str, int]:
    return position, line.meter, line.quantity, line.unit_price, line.net_minor
