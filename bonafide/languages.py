"""How each of our languages writes days and months. Pure: no Django, no clock."""

from __future__ import annotations

from datetime import date
from functools import cache

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from bonafide.periods import Month


@cache
def locale_of(language: str) -> Locale:
    """The CLDR locale behind one of our languages; English is written the European way (day first).

    :raises UnknownLocaleError: for any other language.
    """
    try:
        return Locale.parse({"en": "en_GB", "fr": "fr_FR"}[language])
    except KeyError:
        raise UnknownLocaleError(language) from None


def written_day(day: date, language: str) -> str:
    """``1 November 2026``; in French the first of a month is an ordinal, ``1er novembre 2026``."""
    text = format_date(day, "long", locale=locale_of(language))
    return text.replace("1 ", "1er ", 1) if language == "fr" and day.day == 1 else text


def written_days(first: date, last: date, language: str) -> str:
    """Days of one month, the last of them too, with a dash between: 1 to 14 October 2026; one day alone is that day."""
    if first == last:
        return written_day(first, language)
    start = "1er" if language == "fr" and first.day == 1 else str(first.day)
    return f"{start}–{written_day(last, language)}"


@cache
def written_month(month: Month, language: str) -> str:
    """``September 2024``, ``septembre 2024``."""
    return str(format_skeleton("yMMMM", month.first_day, locale=locale_of(language)))
