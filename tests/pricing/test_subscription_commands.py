"""``bonafide subscriptions`` as an operator types it."""

import json

import pytest
from click.testing import CliRunner

from bonafide.errors import Refused
from bonafide.pricing.subscription_commands import subscriptions
from tests.factories.accounts import make_account
from tests.factories.pricing import make_plan

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    result = CliRunner().invoke(subscriptions, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_subscription_is_started_changed_and_ended_and_the_list_shows_it():
    make_account(reference="C-7")
    make_plan(code="silver", proration="second")
    make_plan(code="gold", proration="second")
    assert run("start", "C-7", "silver", "--on", "2026-10-01") == "C-7: plan silver from 2026-10-01, without end\n"
    changed = "C-7: plan gold from 2026-10-15T10:30:00+02:00, without end\n"
    assert run("change", "C-7", "gold", "--on", "2026-10-15T08:30:00+00:00") == changed
    before = "C-7: plan silver from 2026-10-01, to before 2026-10-15T10:30:00+02:00\n"
    ended = "C-7: plan gold from 2026-10-15T10:30:00+02:00, to before 2026-11-02\n"
    assert run("end", "C-7", "--on", "2026-11-02") == ended
    assert run("list") == before + ended
    first, second = json.loads(run("list", "--account", "C-7", "--json"))
    assert (first["plan"], first["starts_at"], second["starts_on"], second["ends_on"]) == (
        "silver", None, "2026-10-15", "2026-11-02",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["start", "C-8", "silver", "--on", "2026-10-01"], "account 'C-8' is unknown"),
        (["start", "C-7", "brass", "--on", "2026-10-01"], "plan 'brass' is unknown"),
        (["start", "C-7", "silver", "--on", "2026-10-01T10:00:00+02:00"], "give days, not instants"),
        (["start", "C-7", "silver", "--on", "2026-10-01", "--until", "2026-10-01"], "expected an end on a later day"),
        (["end", "C-7", "--on", "2026-10-01"], "has no subscription on 2026-10-01"),
        (["change", "C-7", "silver", "--on", "2026-10-01"], "has no subscription before 2026-10-01 to change from"),
    ],
)
def test_what_is_refused_is_said_in_one_line(words, said):
    make_account(reference="C-7")
    make_plan(code="silver", proration="day")
    with pytest.raises(Refused, match=said) as refusal:
        run(*words)
    assert "\n" not in str(refusal.value)


def test_a_moment_that_is_none_is_a_wrong_call():
    result = CliRunner().invoke(subscriptions, ["end", "C-7", "--on", "2026-10-15T10:30:00"])
    assert result.exit_code == 2
    assert "an instant with its offset" in result.output
