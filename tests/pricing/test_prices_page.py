"""``docs/prices.md`` keeps its word: every example can be imported, and every worked amount is what rating says."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bonafide.money import format_exact, from_minor
from bonafide.pricing import price_file
from bonafide.pricing.import_prices import import_prices
from bonafide.pricing.price_file import MeterEntry, PlanHead, PriceHead, read_price_file
from bonafide.pricing.rating import MODELS, rate

PAGE = (Path(__file__).parents[2] / "docs" / "prices.md").read_text(encoding="utf-8")
START, *EXAMPLES = re.findall(r"```toml\n(.*?)```\n(?:\n(\| used .*?)\n\n)?", PAGE, re.DOTALL)
PREAMBLE = START[0].split("[[plan.prices]]")[0]


def whole(example: str) -> str:
    return PREAMBLE + example


@pytest.mark.django_db
@pytest.mark.parametrize("example", [START[0], *(whole(text) for text, _ in EXAMPLES)])
def test_every_example_can_be_imported(example):
    assert import_prices(text=example, name="page.toml", today=date(2026, 9, 1)).changed


def worked() -> list[tuple[str, str, str, str]]:
    rows = []
    for text, table in EXAMPLES:
        for row in table.splitlines()[2:]:
            used, lines, net = (cell.strip() for cell in row.strip("|").split("|"))
            rows.append((text, used, lines, net))
    return rows


@pytest.mark.parametrize(("text", "used", "lines", "net"), worked())
def test_every_worked_amount_is_what_rating_says(text, used, lines, net):
    (price,) = read_price_file(text=whole(text), name="page.toml").plans[0].prices
    rated = rate(terms=price.terms, quantity=Decimal(used), currency="EUR")
    assert f"{from_minor(sum(line.net_minor for line in rated), 'EUR')} EUR" == net
    said = [[Decimal(number) for number in re.findall(r"-?\d+(?:\.\d+)?", part)] for part in lines.split(", ")]
    assert said == [
        [line.quantity] if line.kind == "included"
        else [line.unit_price] if line.kind in ("flat", "minimum")
        else [line.quantity, line.unit_price]
        for line in rated
    ]  # fmt: skip


def test_every_model_and_every_key_is_on_the_page():
    for model, kind in MODELS.items():
        assert f"### {model}\n" in PAGE
        for key in kind.__dataclass_fields__:
            assert re.search(rf"`{key}`|^{key} = ", PAGE, re.MULTILINE), key
    for entry in (MeterEntry, PlanHead, PriceHead):
        for key in entry.model_fields:
            assert f"`{key}`" in PAGE, key


def test_every_model_has_a_worked_example():
    shown = {read_price_file(text=whole(text), name="page.toml").plans[0].prices[0].terms.model for text, *_ in worked()}
    assert shown == MODELS.keys() - {"withdrawn"}


def test_the_default_scale_is_the_one_on_the_page():
    assert f"by default {price_file.DEFAULT_SCALE}, and 0 for `count` and `unique`" in PAGE


def test_the_converted_price_on_the_page_is_right():
    from bonafide.pricing.rating import CostPlus

    (line,) = rate(terms=CostPlus(markup_percent=Decimal(70)), quantity=Decimal(100), currency="EUR", exchange=Decimal("0.8932"))
    assert f"unit price of {format_exact(line.unit_price, 'en')}, and a line of {from_minor(line.net_minor, 'EUR')} EUR" in PAGE
