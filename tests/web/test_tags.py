"""How templates write amounts, quantities, days and states."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from bonafide.periods import Month


def written(source, language="en", **values):
    with translation.override(language):
        return Template("{% load web %}" + source).render(Context(values))


def test_amounts_follow_the_reader():
    assert written("{{ sum|money:'EUR' }}", sum=36240) == "€362.40"
    assert written("{{ sum|money:'EUR' }}", "fr", sum=36240) == "362,40\xa0€"
    assert written("{{ sum|money:'JPY' }}", sum=36240) == "JP¥36,240"
    assert written("{{ sum|money:'EUR' }}", sum=None) == ""


@pytest.mark.parametrize("value", ["0.0000004", Decimal("0.000000400")])
def test_quantities_keep_every_decimal(value):
    assert written("{{ q|quantity }}", q=value) == "0.0000004"
    assert written("{{ q|quantity }}", "fr", q=value) == "0,0000004"


def test_a_day_is_written_as_people_say_it():
    assert written("{{ on|day }}", on=date(2024, 9, 30)) == '<time datetime="2024-09-30">30 September 2024</time>'
    assert ">1er octobre 2024<" in written("{{ on|day }}", "fr", on=date(2024, 10, 1))
    assert ">21 octobre 2024<" in written("{{ on|day }}", "fr", on=date(2024, 10, 21))
    assert ">11 octobre 2024<" in written("{{ on|day }}", "fr", on=date(2024, 10, 11))


def test_an_instant_is_told_on_the_operators_clock_with_the_exact_one_beside():
    at = datetime(2024, 9, 30, 22, 30, 5, tzinfo=UTC)
    html = written("{{ at|moment }}", at=at)
    assert 'datetime="2024-09-30T22:30:05Z"' in html
    assert 'title="2024-10-01 00:30:05+02:00"' in html
    assert "1 October 2024, 00:30" in html


def test_an_instant_filtered_as_a_day_is_the_operators_day():
    assert "1 October 2024" in written("{{ at|day }}", at=datetime(2024, 9, 30, 22, 30, tzinfo=UTC))


def test_months_are_named():
    assert written("{{ m|month }}", m=Month(2024, 10)) == "October 2024"
    assert written("{{ m|month }}", "fr", m=202410) == "octobre 2024"


def test_a_chip_of_an_unknown_kind_is_refused():
    assert written("{% chip 'kept' text %}", text="<paid>") == '<span class="chip kept">&lt;paid&gt;</span>'
    with pytest.raises(TemplateSyntaxError, match="no chip of kind 'shiny'"):
        written("{% chip 'shiny' 'paid' %}")
