"""Units as people read them."""

from decimal import Decimal

import pytest

from bonafide.pricing.units import KNOWN, unit_text


@pytest.mark.parametrize(
    ("quantity", "english", "french"),
    [
        ("0", "hours", "heure"),
        ("1", "hour", "heure"),
        ("1.5", "hours", "heure"),
        ("2", "hours", "heures"),
        ("-1", "hour", "heure"),
        ("-3", "hours", "heures"),
    ],
)
def test_each_language_has_its_own_idea_of_one(quantity, english, french):
    assert unit_text(unit="hour", quantity=Decimal(quantity), language="en") == english
    assert unit_text(unit="hour", quantity=Decimal(quantity), language="fr") == french


def test_a_unit_that_nobody_translated_is_shown_as_it_is_written():
    assert unit_text(unit="kWh", quantity=Decimal(3), language="fr") == "kWh"
    assert unit_text(unit="EUR", quantity=Decimal(3), language="en") == "EUR"


def test_every_known_unit_is_itself_in_english():
    assert {unit: names["en"][0] for unit, names in KNOWN.items()} == {unit: unit for unit in KNOWN}
