"""The terms of a price in sentences, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from babel.numbers import format_currency
from django.utils.translation import gettext as _

from bonafide.billing.sheets import Entry
from bonafide.billing.wording import exactly, with_unit
from bonafide.languages import locale_of
from bonafide.pricing.prorate import LEVELS
from bonafide.pricing.rating import CostPlus, Flat, Graduated, Package, PerUnit, Terms, Tier, Volume
from bonafide.pricing.units import unit_text


def terms_in_words(*, terms: Terms, unit: str, currency: str, language: str) -> list[str]:
    """One sentence for each thing that the terms say; call with ``language`` active.

    :param unit: the meter's; empty for a price without one.
    """
    return list(_sentences(terms, _Writer(unit, currency, language)))


def part_in_words(*, entry: Entry, language: str) -> list[str]:
    """The days that a price holds for, and what part of a month they owe; call with ``language`` active."""
    words, part = replace(entry.words(""), language=language), entry.part
    if part is None:
        return []
    found = [words.days(part)]
    if part.share != 1:
        owed = words.owed(part)
        if entry.meter and entry.meter.aggregation in LEVELS:
            said = _("%(owed)s of %(whole)s: the price of a unit, amounts and fees are that part of a month’s")
        else:
            said = _("%(owed)s of %(whole)s: amounts, fees, what is included and the bounds of tiers are that part of a month’s")
        found.append(said % owed)
    return found


class _Writer:
    def __init__(self, unit: str, currency: str, language: str) -> None:
        self.name, self.currency, self.language = unit, currency, language
        self.unit = unit_text(unit=unit, quantity=Decimal(1), language=language)

    def money(self, amount: Decimal) -> str:
        return str(format_currency(amount, self.currency, locale=locale_of(self.language), decimal_quantization=False))

    def many(self, quantity: Decimal) -> str:
        return with_unit(quantity, self.name, self.language)

    def tier(self, tier: Tier, start: Decimal) -> str:
        values = {
            "from": self.many(start),
            "to": self.many(tier.up_to) if tier.up_to is not None else "",
            "price": self.money(tier.unit_price),
            "unit": self.unit,
            "fee": self.money(tier.flat),
        }
        if tier.up_to is None:
            said = _("Above %(from)s: %(price)s per %(unit)s") % values
        else:
            said = _("Above %(from)s up to %(to)s: %(price)s per %(unit)s") % values
        return _("%(tier)s, and %(fee)s once") % {"tier": said, "fee": values["fee"]} if tier.flat else said


def _sentences(terms: Terms, write: _Writer) -> Iterator[str]:
    if isinstance(terms, Flat):
        yield _("%(amount)s a month, whatever was used") % {"amount": write.money(terms.amount)}
    elif isinstance(terms, PerUnit):
        yield _("%(price)s per %(unit)s") % {"price": write.money(terms.unit_price), "unit": write.unit}
    elif isinstance(terms, Package):
        values = {"price": write.money(terms.price), "size": write.many(terms.size)}
        yield _("%(price)s for every %(size)s begun") % values
    elif isinstance(terms, CostPlus):
        yield _("the provider’s cost plus %(percent)s %%") % {"percent": exactly(terms.markup_percent, write.language)}
    elif isinstance(terms, Graduated | Volume):
        yield (
            _("each unit at the price of the tier that it is in:")
            if isinstance(terms, Graduated)
            else _("everything at the price of the tier that the whole reaches:")
        )
        start = Decimal(0)
        for tier in terms.tiers:
            yield write.tier(tier, start)
            start = start if tier.up_to is None else tier.up_to
    if terms.included:
        yield _("%(quantity)s are included; the price is for what goes beyond") % {"quantity": write.many(terms.included)}
    if terms.minimum:
        yield _("at least %(amount)s a month") % {"amount": write.money(terms.minimum)}
    if terms.split:
        yield _("each group apart")
