"""The countries that an address can be in, and where French numbers are given."""

from __future__ import annotations

import unicodedata

from bonafide.languages import locale_of

# Territories that CLDR names and ISO 3166-1 does not know as countries: unions, islands of others, "unknown".
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
# Where the register of SIREN numbers reaches (C. com. R123-220 and its overseas departments and collectivities).
SIREN = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "BL", "MF", "PM"})
# Whose postcodes are France's, five digits.
FRENCH_POST = SIREN | {"MC"}


def country_choices(language: str) -> list[tuple[str, str]]:
    """(ISO 3166-1 code, name) of every country, as one of our languages names and sorts them."""
    names = locale_of(language).territories
    codes = (str(code) for code in names)
    found = [(code, str(names[code])) for code in codes if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES]
    return sorted(found, key=lambda country: _unaccented(country[1]))


def country_name(code: str, language: str) -> str:
    """``Allemagne`` for ``DE``; the code itself for one that nobody knows."""
    return str(locale_of(language).territories.get(code, code))


def _unaccented(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter)).casefold()
