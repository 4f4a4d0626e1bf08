"""What a price file offers for ordering, and what it may not."""

from datetime import date
from pathlib import Path

import pytest

from bonafide.pricing.import_prices import import_prices
from bonafide.pricing.models import Plan
from bonafide.pricing.price_file import PriceFileRefused

pytestmark = pytest.mark.django_db
EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = """
[plan]
code = "start"
name = { en = "Start", fr = "Départ" }
currency = "EUR"
%s
[[plan.prices]]
code = "fee"
name = { en = "Fee", fr = "Abonnement" }
valid_from = 2024-01-01
model = "flat"
amount = "9.90"
"""
OFFER = 'offer = { en = "A small server.", fr = "Un petit serveur." }'


def load(head: str):
    return import_prices(text=FILE % head, name="prices.toml", today=date(2026, 9, 15))


def test_an_offer_is_what_the_file_says_and_goes_with_it():
    load(OFFER)
    assert Plan.objects.get().offer == {"en": "A small server.", "fr": "Un petit serveur."}
    assert load(OFFER).plans_changed == 0
    assert load("").plans_changed == 1
    assert Plan.objects.get().offer is None


@pytest.mark.parametrize(
    ("before", "head"),
    [(None, f"default = true\n{OFFER}"), ("default = true", OFFER), (None, 'offer = { en = "A small server." }')],
)
def test_the_default_plan_is_not_offered_and_an_offer_is_said_in_both_languages(before, head):
    if before:
        load(before)
    with pytest.raises(PriceFileRefused, match="offer"):
        load(head)


def test_the_example_offers_two_plans():
    for file in ("cloud.toml", "plans.toml"):
        import_prices(text=(EXAMPLES / file).read_text(encoding="utf-8"), name=file, today=date(2026, 9, 15))
    assert list(Plan.objects.exclude(offer=None).values_list("code", flat=True).order_by("pk")) == [
        "nordlys-start",
        "nordlys-team",
    ]
