"""The section on consumers: what is refused at start-up, and in which words."""

import tomllib
from pathlib import Path

import pytest

from bonafide.operator import OperatorFileError, parse

FILE = (Path(__file__).parent / "instance" / "operator.toml").read_text(encoding="utf-8")
SECTION = FILE[FILE.index("[consumers]") : FILE.index("[bank]")]


def with_section(text, *, country="FR"):
    whole = FILE.replace(SECTION, text + "\n\n")
    if country != "FR":
        identity = whole.index('country = "FR"')
        whole = whole[:identity] + f'country = "{country}"' + whole[identity + len('country = "FR"') :]
        whole = whole.replace('vat_number = "FR44732829320"', 'vat_number = "DE136695976"')
    return whole


MEDIATOR = 'mediator_name = "M"\nmediator_address = "A"\nmediator_website = "https://m.example"'


def test_the_files_own_section_is_read():
    told = parse(FILE).consumers
    assert told.sells_to_consumers
    assert told.mediator_name == tomllib.loads(FILE)["consumers"]["mediator_name"]
    assert (told.withdrawal_days, told.notice_days, told.holidays) == (14, 0, "FR")


def test_without_the_section_nothing_is_sold_to_consumers():
    assert not parse(with_section("")).consumers.sells_to_consumers


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("sells_to_consumers = true", "consumers.mediator_name is missing: who sells to consumers in France names a mediator"),
        ('mediator_name = "M"', "consumers.mediator_address is missing: name, address and web site of a mediator"),
        (f"sells_to_consumers = true\nwithdrawal_days = 7\n{MEDIATOR}", "consumers.withdrawal_days = 7: input should be greater"),
        (f"{MEDIATOR}\nnotice_days = 60", "consumers.notice_days = 60"),
        (f'sells_to_consumers = true\nholidays = "listed"\n{MEDIATOR}', "consumers.more_holidays is missing"),
        ('holidays = "XX"', "consumers.holidays = 'XX'"),
        ('mediator_website = "m.example"', "consumers.mediator_website"),
    ],
)
def test_what_cannot_stand_is_refused_with_its_key(section, said):
    with pytest.raises(OperatorFileError, match=said.replace("(", r"\(").replace(".", r"\.")):
        parse(with_section(f"[consumers]\n{section}"))


def test_outside_france_the_holidays_are_listed_and_a_mediator_is_not_asked_for():
    with pytest.raises(OperatorFileError, match="expected 'listed', with the public holidays of DE"):
        parse(with_section("[consumers]\nsells_to_consumers = true", country="DE"))
    section = '[consumers]\nsells_to_consumers = true\nholidays = "listed"\nmore_holidays = [2026-10-03, 2026-12-25]'
    assert len(parse(with_section(section, country="DE")).consumers.more_holidays) == 2
