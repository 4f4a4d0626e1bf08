"""What the terms say of late bills: the operator's own steps, proven by what was done, and announced before they come sooner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from django.utils import translation

from bonafide.in_force import operator_now
from bonafide.operator import Operator
from bonafide.operator_dunning import Dunning
from bonafide.payments.take_in import take_in
from bonafide.terms.checks.late import steps_come_as_promised
from bonafide.terms.clauses import said
from bonafide.terms.models import Change
from bonafide.terms.versions import make_version
from tests.factories.billing import make_invoice
from tests.factories.billing import operator as operator_of
from tests.factories.dunning import CLOSED_AS_PROMISED
from tests.terms import late_mutations
from tests.terms.late_mutations import NOW, suspend

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def operator(*, dunning: Mapping[str, Any] = MappingProxyType({})) -> Operator:
    return operator_of().model_copy(update={"dunning": Dunning.model_validate(dunning)})


def told(**dunning: Any) -> str:
    with translation.override("en"):
        return " ".join(*(clause.paragraphs for clause in said(operator(dunning=dunning), "en") if clause.id == "L1"))


def test_the_steps_are_the_operators_and_who_has_none_says_so() -> None:
    assert told() == "Nothing follows an unpaid bill by itself: this console suspends no service and closes no account for it."
    assert told(enabled=True, notice_days=0, formal_notice_days=0, suspend_days=0, close_days=0) == told()
    text = told(enabled=True, second_notice_days=3)
    assert (
        "What follows: a letter after 1 day, a second letter after 3 days, a formal notice after 5 days, the suspension of the "
        "service after 10 days, and not within 5 days of the last of these letters, the closing of the account 5 days after "
        "that, with a last letter 2 days before." in text
    )
    assert "a fixed amount of €40.00" in text
    assert "interest" not in told(enabled=True, claim="no")
    apart = told(enabled=True, consumers={"suspend_days": 30, "close_days": 0})
    assert re.search(r"For companies: .* after 10 days.*For consumers: .* after 30 days.* no closing\.", apart)
    letters = told(enabled=True, suspend_days=0, close_days=0)
    assert "no suspension, and no closing." in letters
    assert "During a suspension" not in letters


@pytest.mark.parametrize("days", [late_mutations.AS_PROMISED, CLOSED_AS_PROMISED])
def test_what_came_as_promised_proves_it(days: dict[str, int]) -> None:
    suspend(make_invoice(), days=days)
    found = steps_come_as_promised(operator(), NOW)
    closed = "closing" in days
    assert found.fault == ""
    assert found.counts == {"letters": 2 + closed, "suspensions": 1, "closings": int(closed), "suspended": int(not closed)}


def test_each_fault_says_what_was_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    late_mutations.closed_sooner(monkeypatch, make_invoice())
    found = steps_come_as_promised(operator(), NOW)
    assert re.fullmatch(r"the closing of case \d+ came sooner than 5 days after the suspension", found.fault)


def test_money_of_the_last_hour_may_still_be_on_its_way_through(settings: Any) -> None:
    """Booked while who reinstates is not asked, it is a fault an hour later and not before."""
    bill = make_invoice()
    suspend(bill)
    settings.PAYMENT_TAKEN = "tests.terms.test_late.nobody"
    known = {"account": bill.account, "currency": "EUR", "amount_minor": bill.total_minor, "received_on": NOW.date()}
    take_in(**known, means="transfer", reference="a/b", bills=[(bill, None)], operator=operator(), now=NOW)
    assert steps_come_as_promised(operator(), NOW + timedelta(minutes=59)).fault == ""
    assert "more than an hour" in steps_come_as_promised(operator(), NOW + timedelta(minutes=61)).fault


def nobody(**given: object) -> Any:
    from contextlib import nullcontext

    return nullcontext()


def test_steps_that_were_promised_then_are_judged_by_that() -> None:
    """A file that gives more time from now on does not make what was done a broken promise."""
    suspend(make_invoice())
    make_version(operator=operator(dunning={"enabled": True, "suspend_days": 30}), now=NOW)
    assert steps_come_as_promised(operator(dunning={"enabled": True, "suspend_days": 30}), NOW + DAY).fault == ""


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({}, {"enabled": True}, Change.LOOSER),
        ({"enabled": True}, {}, Change.TIGHTER),
        ({"enabled": True}, {"enabled": True, "suspend_days": 30}, Change.TIGHTER),
        ({"enabled": True, "suspend_days": 30}, {"enabled": True}, Change.LOOSER),
        ({"enabled": True}, {"enabled": True, "close_days": 0}, Change.TIGHTER),
        ({"enabled": True, "close_days": 0}, {"enabled": True}, Change.LOOSER),
        ({"enabled": True}, {"enabled": True, "notice_days": 3}, Change.LOOSER),
        ({"enabled": True}, {"enabled": True, "second_notice_days": 3}, Change.TIGHTER),
        ({"enabled": True}, {"enabled": True, "consumers": {"suspend_days": 11}}, Change.TIGHTER),
        ({"enabled": True}, {"enabled": True, "business": {"formal_notice_days": 0}}, Change.LOOSER),
        ({}, {"suspend_days": 12}, None),
    ],
)
def test_sooner_and_with_fewer_letters_is_less(before: dict[str, Any], after: dict[str, Any], change: Change | None) -> None:
    make_version(operator=operator(dunning=before), now=BEGAN)
    made = make_version(operator=operator(dunning=after), now=BEGAN + DAY)
    assert (made.change if made else None) == change


def test_a_sooner_suspension_waits_until_it_was_announced(settings: Any) -> None:
    make_version(operator=operator(dunning={"enabled": True, "suspend_days": 30}), now=BEGAN)
    settings.OPERATOR = operator(dunning={"enabled": True, "consumers": {"second_notice_days": 3}})
    version = make_version(operator=settings.OPERATOR, now=BEGAN)
    for at, suspends in ((BEGAN + DAY, 30), (version.effective_at, 10)):
        for consumers in (False, True):
            ladder = operator_now(now=at).dunning.ladder(consumers=consumers)
            assert (ladder.suspend, ladder.second) == (suspends, 3 if consumers else 0)


def test_who_begins_to_follow_bills_up_announces_that_first(settings: Any) -> None:
    make_version(operator=operator(), now=BEGAN)
    settings.OPERATOR = operator(dunning={"enabled": True})
    version = make_version(operator=settings.OPERATOR, now=BEGAN)
    assert operator_now(now=BEGAN + DAY).dunning.enabled is False
    then = operator_now(now=version.effective_at).dunning
    assert (then.enabled, then.ladder(consumers=True).suspend) == (True, 10)
