"""Every rate that comes with the product, on its days, and an operator's own before it."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bonafide.billing.tax import EU, DatedRate, Rates, rates
from bonafide.billing.tax.places import known_place

# The standard rates as they are at the end of 2026.
NOW = (
    "AT20 BE21 BG20 HR25 CY19 CZ21 DK25 EE24 FI25.5 FR20 DE19 GR24 HU27 IE23 IT22 LV21 LT21 LU17 MT18 NL21 PL23 PT23 RO21 SK23 "
    "SI22 ES21 SE25 GP8.5 MQ8.5 RE8.5 PT-2016 PT-3022 AT-JUNGHOLZ19"
)
EXPECTED = {
    word[: -len(rate)]: Decimal(rate)
    for word in NOW.split()
    for rate in ["8.5" if word.endswith("8.5") else "25.5" if word.endswith("25.5") else word[-2:]]
}
# territory: first day of the new rate, the old one, the new one
CHANGES = {
    "EE": (date(2025, 7, 1), "22", "24"),
    "RO": (date(2025, 8, 1), "19", "21"),
    "SK": (date(2025, 1, 1), "20", "23"),
    "FI": (date(2024, 9, 1), "24", "25.5"),
}
TABLE = tomllib.loads(Path(rates.__file__).with_name("rates.toml").read_text(encoding="utf-8"))["rates"]


@pytest.mark.parametrize("territory", EXPECTED)
def test_a_rate_holds_at_the_end_of_2026(territory: str) -> None:
    found = Rates().on(territory, date(2026, 12, 31))
    assert found
    assert found.rate == EXPECTED[territory]
    assert found.source


@pytest.mark.parametrize("territory", CHANGES)
def test_a_change_holds_from_its_day_on(territory: str) -> None:
    day, before, after = CHANGES[territory]
    found = [Rates().on(territory, on) for on in (day - timedelta(days=1), day)]
    assert [rate and rate.rate for rate in found] == [Decimal(before), Decimal(after)]


def test_every_row_is_looked_at_above_and_says_how_sure_it_is() -> None:
    assert {row["territory"] for row in TABLE} == set(EXPECTED)
    assert len(TABLE) == len(EXPECTED) + len(CHANGES)
    assert all(row["confidence"] and row["source"] for row in TABLE)


def test_every_place_within_the_union_has_a_rate() -> None:
    assert all(Rates().on(known_place(code).rate_of, date(2026, 1, 1)) for code in [*EU, "MC", "PT-20", "AT-JUNGHOLZ"])


def test_nothing_is_known_before_the_first_day_or_of_another_place() -> None:
    assert Rates().on("LU", date(2023, 12, 31)) is None
    assert Rates().on("US", date(2026, 1, 1)) is None
    assert Rates().on("GF", date(2026, 1, 1)) is None


def test_the_operators_own_rates_replace_ours_from_their_first_day() -> None:
    own = Rates([DatedRate("EE", Decimal(26), date(2027, 1, 1), "act"), DatedRate("CH", Decimal("8.1"), date(2024, 1, 1), "act")])
    assert [own.on("EE", day).rate for day in (date(2026, 12, 31), date(2027, 1, 1))] == [Decimal(24), Decimal(26)]  # type: ignore[union-attr]
    assert own.on("CH", date(2026, 1, 1)).rate == Decimal("8.1")  # type: ignore[union-attr]
    earlier = Rates([DatedRate("EE", Decimal(23), date(2025, 1, 1), "act")])
    assert earlier.on("EE", date(2026, 1, 1)).rate == Decimal(23)  # type: ignore[union-attr]
