"""A bill's net becomes its tax under a treatment; nothing is read or written here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from msgspec import Raw

from bonafide import money
from bonafide.billing.computed import ComputedBill, ComputedTax
from bonafide.billing.mentions import reason_of
from bonafide.billing.seal import canonical
from bonafide.billing.tax import Treatment, tax_on
from bonafide.billing.tax.threshold import Turnover, beyond
from bonafide.money import EXACT, from_minor, to_minor
from bonafide.operator_tax import Sentence

_written = lru_cache(maxsize=256)(money.text)  # few rates serve all bills


def taxes_of(*, net_minor: int, treatment: Treatment, language: str, own: tuple[Sentence, ...] = ()) -> tuple[ComputedTax, ...]:
    """All lines are services to one buyer, so one category and rate holds for the bill."""
    return (
        ComputedTax(
            category=treatment.category,
            rate=_written(treatment.rate),
            base_minor=net_minor,
            tax_minor=tax_on(net_minor, treatment.rate),
            reason_code=treatment.reason_code,
            reason=reason_of(key=treatment.reason_key, language=language, own=own),
        ),
    )


def basis_of(treatment: Treatment, facts: dict[str, object]) -> Raw:
    """The JSON that is frozen on a bill; see ``tax_basis``."""
    basis: dict[str, object] = {"treatment": treatment.key, **facts}
    if treatment.taxed_in:
        basis["taxed_in"] = treatment.taxed_in
    if treatment.dated:
        dated = treatment.dated
        basis["rate"] = {
            "percent": money.text(dated.rate),
            "territory": dated.territory,
            "valid_from": dated.valid_from.isoformat(),
            "source": dated.source,
        }
    if treatment.flags:
        basis["flags"] = list(treatment.flags)
    return canonical(basis)


def at_home(*, minor: int, currency: str, exchange: dict[str, str] | None) -> int | None:
    """An amount in the operator's own currency by the rate that a bill names; None without one."""
    if exchange is None:
        return None
    return to_minor(EXACT.multiply(from_minor(minor, currency), Decimal(exchange["rate"])), exchange["quote"])


def with_threshold(bill: ComputedBill, before: Turnover, *, own: tuple[Sentence, ...] = ()) -> ComputedBill:
    """The bill as it is when ``before`` is what had been sold to consumers elsewhere in the Union (art. 59c)."""
    sale, counted = bill.sale, bill.eu_consumer_minor
    if sale is None or counted is None:
        return bill
    crossed = beyond(before=before, net_minor=counted, threshold_minor=sale.limit_minor)
    treatment = sale.beyond if crossed else sale.below
    taxes = taxes_of(net_minor=bill.net_minor, treatment=treatment, language=bill.language, own=own)
    tax_minor = sum(tax.tax_minor for tax in taxes)
    threshold = {
        "year": sale.year,
        "before_minor": before.this_year,
        "last_year_minor": before.last_year,
        "limit_minor": sale.limit_minor,
    }
    return replace(
        bill,
        treatment=treatment,
        tax_basis=basis_of(treatment, {**sale.facts, "threshold": threshold}),
        taxes=taxes,
        tax_minor=tax_minor,
        tax_home_minor=at_home(minor=tax_minor, currency=bill.currency, exchange=bill.exchange),
    )
