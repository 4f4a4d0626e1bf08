"""The lines of a bill get their tax under its treatments; nothing is read or written here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from msgspec import Raw

from bonafide import money
from bonafide.billing.computed import ComputedBill, ComputedLine, ComputedTax, Treatments, main_of
from bonafide.billing.mentions import reason_of
from bonafide.billing.seal import canonical
from bonafide.billing.tax import DatedRate, out_of_gross, sum_taxes
from bonafide.billing.tax.threshold import Turnover, beyond
from bonafide.money import EXACT, from_minor, to_minor
from bonafide.operator_tax import Sentence

_written = lru_cache(maxsize=256)(money.text)  # few rates serve all bills


def taxed(
    *,
    lines: tuple[ComputedLine, ...],
    treatments: Treatments,
    gross: bool,
    language: str,
    own: tuple[Sentence, ...] = (),
) -> tuple[tuple[ComputedLine, ...], tuple[ComputedTax, ...]]:
    """Lines with their category and rate, and the taxes of the bill: once on the sum of each category and rate, half up.

    ``treatments`` has one for the sort of every line. With ``gross``, amounts include the tax and stay what they are: the base of
    a rate is taken out of the sum of its lines, and the lines' nets add up to that base. Lines that went through here before may
    go through again under other treatments.
    """
    if not lines:
        return (), ()
    amounts = [_amount(line) for line in lines]
    borne = [treatments[line.sort] for line in lines]
    found: list[ComputedLine] = list(lines)
    taxes = []
    for group in sum_taxes(zip(amounts, borne, strict=True), gross=gross):
        treatment = group.treatment
        category, rate = treatment.category, _written(treatment.rate)
        places = [at for at, one in enumerate(borne) if (one.category, one.rate) == (category, treatment.rate)]
        mine = [amounts[at] for at in places]
        nets = nets_of(mine, group.base_minor, treatment.rate) if gross else mine
        for at, net, amount in zip(places, nets, mine, strict=True):
            found[at] = lines[at]._replace(
                net_minor=net, tax_category=category, tax_rate=rate, gross_minor=amount if gross else None
            )
        reason = reason_of(key=treatment.reason_key, language=language, own=own)
        taxes.append(ComputedTax(category, rate, group.base_minor, group.tax_minor, treatment.reason_code, reason))
    return tuple(found), tuple(taxes)


def _amount(line: ComputedLine) -> int:
    """A line's quantity times its price."""
    return line.net_minor if line.gross_minor is None else line.gross_minor


def nets_of(amounts: list[int], base: int, rate: Decimal) -> list[int]:
    """The net of each gross amount, half up, but for units that the largest amounts take so that all come to ``base``."""
    nets = [out_of_gross(amount, rate)[0] for amount in amounts]
    left = base - sum(nets)
    step = 1 if left > 0 else -1
    largest = sorted(range(len(amounts)), key=lambda at: -abs(amounts[at]))
    for turn in range(abs(left)):
        nets[largest[turn % len(largest)]] += step
    return nets


def basis_of(treatments: Treatments, facts: dict[str, object]) -> Raw:
    """The JSON that is frozen on a bill; see ``tax_basis``."""
    treatment = main_of(treatments)
    basis: dict[str, object] = {"treatment": treatment.key, **facts}
    if treatment.taxed_in:
        basis["taxed_in"] = treatment.taxed_in
    if treatment.dated:
        basis["rate"] = _rate_of(treatment.dated)
    others = {sort: _rate_of(one.dated) for sort, one in treatments.items() if one.dated and one is not treatment}
    if others:
        basis["other_rates"] = others
    if treatment.flags:
        basis["flags"] = list(treatment.flags)
    return canonical(basis)


def _rate_of(dated: DatedRate) -> dict[str, str]:
    return {
        "percent": money.text(dated.rate),
        "territory": dated.territory,
        "valid_from": dated.valid_from.isoformat(),
        "source": dated.source,
    }


def at_home(*, minor: int, currency: str, exchange: dict[str, str] | None) -> int | None:
    """An amount in the operator's own currency by the rate that a bill names; None without one."""
    if exchange is None:
        return None
    return to_minor(EXACT.multiply(from_minor(minor, currency), Decimal(exchange["rate"])), exchange["quote"])


def counted_of(bill: ComputedBill, net_minor: int) -> int | None:
    """A net in the operator's own currency, as it counts towards the threshold."""
    return net_minor if bill.exchange is None else at_home(minor=net_minor, currency=bill.currency, exchange=bill.exchange)


def with_threshold(bill: ComputedBill, before: Turnover, *, own: tuple[Sentence, ...] = ()) -> ComputedBill:
    """The bill as it is when ``before`` is what had been sold to consumers elsewhere in the Union (art. 59c).

    Whether it crosses is asked of what it comes to before tax at home; where prices include the tax, the net moves with the rate.
    """
    sale, counted = bill.sale, bill.eu_consumer_minor
    if sale is None or counted is None:
        return bill
    crossed = beyond(before=before, net_minor=counted, threshold_minor=sale.limit_minor)
    treatments = sale.beyond if crossed else sale.below
    lines, taxes = taxed(lines=bill.lines, treatments=treatments, gross=bill.gross, language=bill.language, own=own)
    net_minor, tax_minor = sum(tax.base_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
    threshold = {
        "year": sale.year,
        "before_minor": before.this_year,
        "last_year_minor": before.last_year,
        "limit_minor": sale.limit_minor,
    }
    return replace(
        bill,
        treatments=treatments,
        tax_basis=basis_of(treatments, {**sale.facts, "threshold": threshold}),
        lines=lines,
        taxes=taxes,
        net_minor=net_minor,
        tax_minor=tax_minor,
        eu_consumer_minor=counted_of(bill, net_minor),
        tax_home_minor=at_home(minor=tax_minor, currency=bill.currency, exchange=bill.exchange),
    )
