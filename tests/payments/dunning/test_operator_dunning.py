"""The section on unpaid bills: what is refused at start-up, and in which words."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bonafide.operator import OperatorFileError, parse
from bonafide.operator_dunning import Dunning, Ladder

FILE = (Path(__file__).parents[2] / "instance" / "operator.toml").read_text(encoding="utf-8")
RATE = '[[dunning.rates]]\nvalid_from = "%s"\nbusiness = "%s"\nconsumers = "6.67"\nlegal = "2.62"\nsource = "s"\n'


def read(section: str) -> Dunning:
    return parse(f"{FILE}\n{section}\n").dunning


def test_the_defaults_are_polite_and_hold() -> None:
    told = read("")
    assert not told.enabled
    assert told.ladder(consumers=True) == told.ladder(consumers=False) == Ladder(1, 0, 5, 10, 5, 5)
    assert told.rates[0].business == Decimal("12.15")
    assert told.rates[0].last_day == date(2026, 6, 30)


def test_companies_and_people_have_their_own() -> None:
    told = read("[dunning]\nclose_days = 0\n[dunning.business]\nsuspend_days = 30\n[dunning.consumers]\nsuspend_days = 0")
    assert told.ladder(consumers=False).suspend == 30
    assert told.ladder(consumers=True).suspend == 0


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("[dunning]\nformal_notice_days = 1", "dunning.formal_notice_days = 1: expected more than notice_days (1)"),
        ("[dunning]\nsuspend_days = 9", "dunning.suspend_days = 9: expected at least 10, which is days_to_pay (5) after"),
        ("[dunning]\nsuspend_days = 0", "dunning.close_days = 5: expected 0 where suspend_days is 0"),
        ("[dunning]\nclose_days = 2", "dunning.close_days = 2: expected 0 or at least 3"),
        (
            "[dunning]\nformal_notice_days = 0\nsecond_notice_days = 5",
            "dunning.formal_notice_days = 0: expected a day, because a consumer gets a formal notice before a suspension",
        ),
        (
            "[dunning.business]\nnotice_days = 0\nformal_notice_days = 0",
            "dunning.business.notice_days = 0: expected a day, because a letter comes before a suspension",
        ),
        ("[dunning]\nminimum = 1.0", "dunning.minimum = 1.0: expected a decimal number in quotes"),
        ("[dunning]\nnotice_days = -1", "dunning.notice_days = -1"),
        (RATE % ("2026-05-01", "12.15"), "expected the first day of a half year, such as 2026-07-01"),
        (RATE % ("2026-07-01", "7.85"), "business = 7.85: expected at least 7.86, three times the legal rate"),
        (RATE % ("2026-07-01", "12.15") * 2, "expected each half year once"),
        (
            '[dunning]\nenabled = true\n[billing]\nlate_penalty = "10 %"',
            "billing.late_penalty = '10 %': expected '12.15 %', the rate for companies of dunning.rates from 2026-01-01",
        ),
    ],
)
def test_what_does_not_hold_is_refused(section: str, said: str) -> None:
    with pytest.raises(OperatorFileError) as refused:
        read(section)
    assert said in str(refused.value)


def test_bills_may_print_words_or_the_newest_rate() -> None:
    assert read('[dunning]\nenabled = true\n[billing]\nlate_penalty = "ECB + 10 points"').enabled
    newest = RATE % ("2026-07-01", "12.40")
    assert read(f'[billing]\nlate_penalty = "12,4 %"\n[dunning]\nenabled = true\n{newest}').enabled
