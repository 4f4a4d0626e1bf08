"""Which place an address is in, as VAT sees it. Pure; the table is ``places.toml``, where each row says why."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale

# ISO 3166-1 codes of the member states. Northern Ireland (VAT prefix XI) is in for goods only, and bills here are for services.
EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
# The one member state whose VAT numbers do not start with its ISO code (Directive 2006/112/EC art. 215).
_VAT_PREFIX = {"GR": "EL"}
# What CLDR knows beside countries: unions, "unknown", islands that ISO 3166-1 does not list.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


class UnknownPlace(Exception):
    """The text is no country's code."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place for VAT.

    ``code`` names it (``FR``, ``RE``, ``ES-CN``); ``country`` is the state that its post and its banks name (``FR`` for ``RE``);
    ``system`` whose VAT holds there: a seller of the same system charges their own. ``eu``: the Directive applies to services.
    """

    code: str
    country: str
    system: str
    eu: bool
    rate_of: str

    @property
    def vat_prefix(self) -> str:
        """How the VAT numbers of its companies begin, where the Directive applies."""
        return _VAT_PREFIX.get(self.system, self.system)


@lru_cache(maxsize=8192)
def place_of(country: str, postcode: str = "") -> Place:
    """The place of an address, by its ISO 3166-1 code and its postcode; without a postcode, the mainland.

    :raises UnknownPlace: when ``country`` is no ISO 3166-1 code.
    """
    if not _is_country(country):
        raise UnknownPlace(f"its country {country!r} is not an ISO 3166-1 code such as FR: correct its address")
    bare = re.sub(r"\s", "", postcode).upper()
    bare = bare.removeprefix(f"{country}-")
    for place, patterns in _special():
        within = country in (place.country, place.code) or (country == "GP" and place.country == "FR")
        if within and any(re.fullmatch(pattern, bare) for pattern in patterns):
            return place
    return known_place(country)


@cache
def known_place(code: str) -> Place:
    """The place of that code, as it stands on a bill (``ES-CN``) or as a bank or a network names a country."""
    for place, _patterns in _special():
        if place.code == code:
            return place
    return Place(code=code, country=code, system=code, eu=code in EU, rate_of=code)


def is_place(code: str) -> bool:
    """Whether it names a country or one of the places of the table."""
    return _is_country(code) or any(place.code == code for place, _patterns in _special())


def special_places() -> tuple[str, ...]:
    """The codes of the table's places that are no ISO 3166-1 codes."""
    return tuple(place.code for place, _patterns in _special() if not _is_country(place.code))


def _is_country(code: str) -> bool:
    return bool(re.fullmatch("[A-Z]{2}", code)) and code in Locale("en").territories and code not in _NO_COUNTRIES


@cache
def registration_in(system: str) -> str:
    """From when sellers from abroad must register there, in English; empty when this table does not know."""
    return next((row["en"] for row in _table()["registration"] if row["system"] == system), "")


@cache
def _special() -> tuple[tuple[Place, tuple[str, ...]], ...]:
    return tuple((_place(row), tuple(row["postcodes"])) for row in _table()["places"])


def _place(row: dict[str, str]) -> Place:
    code = row["code"]
    return Place(
        code=code,
        country=row["country"],
        system=row.get("system", code),
        eu=bool(row.get("eu", False)),
        rate_of=row.get("rate_of", code),
    )


@cache
def _table() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))
