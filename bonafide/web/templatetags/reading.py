"""What pages shorten for reading; the exact figure stands on the bill and in the files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel import Locale
from django import template

from bonafide.money import plain, round_half_up
from bonafide.web.templatetags.web import language, quantity, written_day

register = template.Library()

ROUND_FROM = 100
FEW = 4  # digits that are read of a number that has decimals


@register.filter
def brief(value: Decimal | str) -> str:
    """A quantity with its whole part and at least two decimals, or the first four digits of a small one: 889.28, 0.01463."""
    exact = plain(Decimal(value))
    places = max(2, FEW - 1 - exact.adjusted()) if exact else 2
    return quantity(round_half_up(exact, min(places, 12)))


@register.filter
def roughly(value: Decimal) -> str:
    """An estimate: from a hundred on without decimals, so that it does not look exact."""
    return quantity(round_half_up(value, 0)) if abs(value) >= ROUND_FROM else brief(value)


@register.simple_tag
def interval(first: date, last: date) -> str:
    """Days of one month, both included, as people write them: from the 1st to the 23rd of November 2026."""
    return written_day(last) if first == last else f"{first.day}–{written_day(last)}"


@register.filter
def country(code: str) -> str:
    """The name of an ISO 3166-1 code in the reader's language; the code itself when it is none."""
    return str(Locale(language()).territories.get(code, code))
