"""The words on a bill's lines, in the buyer's language, whatever language is active around."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.languages import locale_of, written_day, written_days, written_month
from bonafide.money import EXACT, format_exact, format_minor, plain, to_minor
from bonafide.periods import Month
from bonafide.pricing.models import ExchangeRate
from bonafide.pricing.prices_in_force import Item
from bonafide.pricing.prorate import LEVELS
from bonafide.pricing.rating import CostPlus, Flat, Package, Rated, Terms, Volume
from bonafide.pricing.stays import DAY, Part
from bonafide.pricing.units import unit_text

LONGEST = 400  # InvoiceLine.text
SECONDS_AN_HOUR = 3600

exactly = lru_cache(maxsize=4096)(format_exact)


@dataclass(frozen=True)
class LineWords:
    """What the lines of an item say; ``group`` is named when it is priced apart.

    ``part`` is there when the item is that of some days of the month only: they are named, and ``item`` has what they owe of its
    ``full`` terms.

    A line's words do not depend on its quantity, so each is put together once.
    """

    item: Item
    group: str
    month: Month
    language: str
    currency: str
    exchange: ExchangeRate | None = None
    part: Part | None = None
    full: Terms | None = None
    _said: dict[tuple[str, Decimal | None], tuple[str, str]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, rated: Rated) -> tuple[str, str]:
        """What is being charged, in one sentence that can be checked by hand, and the unit that the quantity counts."""
        key = (rated.kind, rated.tier_from)
        said = self._said.get(key)
        if said is None:
            with translation.override(self.language):
                said = self._said[key] = (shortened(_WORDS[rated.kind](self, rated)), self.unit(rated))
        return said

    def late(self, *, before: Decimal, after: Decimal) -> str:
        """Usage of an earlier month that is billed by what it changes."""
        values = {
            "month": self.days(self.part) if self.part else written_month(self.month, self.language),
            "before": self.amount(before),
            "after": self.amount(after),
        }
        with translation.override(self.language):
            text = _("Late usage of %(month)s: %(name)s (%(after)s instead of %(before)s)")
            return shortened(text % {**values, "name": self.whose})

    def unit(self, rated: Rated) -> str:
        """By its name for machines; pages and paper say it in the reader's language and number."""
        if rated.kind == "package":
            return "package"
        if rated.kind in ("flat", "minimum") or self.item.meter is None:
            return "month" if self.part is None or self.part.share == 1 else "period"
        return self.item.meter.unit

    @property
    def whose(self) -> str:
        name = self.item.name(self.language)
        return _("%(name)s, %(group)s") % {"name": name, "group": self.group} if self.group else name

    @property
    def name(self) -> str:
        if self.part is None:
            return self.whose
        name = _("%(name)s, %(period)s") % {"name": self.whose, "period": self.days(self.part)}
        level = self.item.meter is not None and self.item.meter.aggregation in LEVELS
        if not level or self.part.share == 1:
            return name
        return _("%(name)s (%(owed)s of %(whole)s of a month’s price)") % {"name": name, **self.owed(self.part)}

    def days(self, part: Part) -> str:
        """The days whose usage a part has; those that it owes for when it has none."""
        first, last = (part.first, part.until - DAY) if part.first < part.until else part.named
        return written_days(first, last, self.language)

    def owed(self, part: Part) -> dict[str, str]:
        """How much of the month a part owes: 14 of 31 days, 340 of 744 hours, or seconds where it is no whole hours."""
        unit, owed, of = part.unit, part.owed, part.of
        if unit == "second" and owed % SECONDS_AN_HOUR == 0:
            unit, owed, of = "hour", owed // SECONDS_AN_HOUR, of // SECONDS_AN_HOUR
        return {"owed": exactly(Decimal(owed), self.language), "whole": with_unit(Decimal(of), unit, self.language)}

    def flat(self, rated: Rated) -> str:
        if rated.tier_from is not None:
            return _("%(name)s, fee of the tier: %(tier)s") % {"name": self.name, "tier": self.tier(rated)}
        if self.part is None:
            return _("%(name)s, %(period)s") % {"name": self.name, "period": written_month(self.month, self.language)}
        named = _("%(name)s, %(period)s") % {"name": self.whose, "period": written_days(*self.part.named, self.language)}
        if self.part.share == 1 or not isinstance(self.full, Flat):
            return named
        amount = format_currency(self.full.amount, self.currency, locale=locale_of(self.language), decimal_quantization=False)
        values = {"name": named, "amount": amount, **self.owed(self.part)}
        return _("%(name)s: %(owed)s of %(whole)s of %(amount)s a month") % values

    def by_unit(self, rated: Rated) -> str:
        if self.item.terms.included:
            return _("%(name)s: beyond what is included") % {"name": self.name}
        return self.name

    def by_tier(self, rated: Rated) -> str:
        values = {"name": self.name, "tier": self.tier(rated)}
        if isinstance(self.item.terms, Volume):
            return _("%(name)s: everything at the price of the tier %(tier)s") % values
        return _("%(name)s: %(tier)s") % values

    def tier(self, rated: Rated) -> str:
        """A tier in terms of the whole quantity: the bounds of :class:`Rated` begin after the allowance."""
        low = EXACT.add(rated.tier_from or Decimal(0), self.item.terms.included)
        if rated.tier_to is None:
            return _("above %(from)s") % {"from": self.amount(low)}
        high = EXACT.add(rated.tier_to, self.item.terms.included)
        if not low:
            return _("up to %(to)s") % {"to": self.amount(high)}
        return _("above %(from)s up to %(to)s") % {"from": self.amount(low), "to": self.amount(high)}

    def package(self, rated: Rated) -> str:
        size = self.amount(self.item.terms.size) if isinstance(self.item.terms, Package) else ""
        return _("%(name)s: packages of %(size)s, each one begun") % {"name": self.name, "size": size}

    def included(self, rated: Rated) -> str:
        return _("%(name)s: included in the price of the plan") % {"name": self.name}

    def cost(self, rated: Rated) -> str:
        """The provider's cost and the mark-up on it; the line's quantity is that cost and its unit the currency."""
        percent = self.item.terms.markup_percent if isinstance(self.item.terms, CostPlus) else Decimal(0)
        values = {"name": self.name, "percent": exactly(abs(percent), self.language)}
        if percent > 0:
            text = _("%(name)s: provider's cost plus %(percent)s %%") % values
        elif percent < 0:
            text = _("%(name)s: provider's cost less %(percent)s %%") % values
        else:
            text = _("%(name)s: provider's cost") % values
        return f"{text}, {rate_text(self.exchange, self.language)}" if self.exchange else text

    def minimum(self, rated: Rated) -> str:
        least = format_minor(to_minor(self.item.terms.minimum, self.currency), self.currency, self.language)
        values = {"name": self.name, "amount": least}
        if self.part and self.part.share != 1:
            return _("%(name)s: difference to the minimum of %(amount)s for these days") % values
        return _("%(name)s: difference to the monthly minimum of %(amount)s") % values

    def amount(self, quantity: Decimal) -> str:
        return with_unit(quantity, self.item.meter.unit if self.item.meter else "", self.language)


_WORDS: dict[str, Callable[[LineWords, Rated], str]] = {
    "flat": LineWords.flat,
    "unit": LineWords.by_unit,
    "tier": LineWords.by_tier,
    "package": LineWords.package,
    "included": LineWords.included,
    "cost": LineWords.cost,
    "minimum": LineWords.minimum,
}


def rate_text(exchange: ExchangeRate, language: str) -> str:
    """``at 1 USD = 0.89 EUR (ECB, 30 September 2024)``."""
    return _("at 1 %(base)s = %(rate)s %(quote)s (%(source)s, %(date)s)") % {
        "base": exchange.base,
        "quote": exchange.quote,
        "rate": exactly(plain(Decimal(exchange.rate)), language),
        "source": exchange.source,
        "date": written_day(exchange.dated_on, language),
    }


def no_group(language: str) -> str:
    """What usage is called that came without the dimension it is grouped by."""
    with translation.override(language):
        return _("without a name")


def with_unit(quantity: Decimal, unit: str, language: str) -> str:
    """``1,200 hours``: a no-break space keeps the two together."""
    return f"{exactly(quantity, language)}\N{NO-BREAK SPACE}{unit_text(unit=unit, quantity=quantity, language=language)}"


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
