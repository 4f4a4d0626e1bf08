"""What staff see ahead is what then happens, to the day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.operator_dunning import Ladder
from bonafide.payments.dunning.commands import dunning
from bonafide.payments.dunning.follow_up import follow_up
from bonafide.payments.dunning.ladder import LETTERS, PREVIEWED, Rung, SoFar, ahead, offsets
from bonafide.payments.dunning.models import DunningCase, DunningStep
from bonafide.payments.dunning.pause import pause
from bonafide.payments.dunning.preview import preview
from bonafide.payments.dunning.tell_staff import tell_of_tomorrow
from tests.factories.accounts import make_user
from tests.factories.billing import issue
from tests.payments.dunning.conftest import DUE, at, done, dunning_operator, make_bill, make_debtor, pass_days, pay

pytestmark = pytest.mark.django_db


@st.composite
def ladders(draw: Any) -> Ladder:
    """Any ladder for consumers that the operator's file takes."""
    gaps = [draw(st.integers(0, 4)) for _each in range(2)]
    notice = gaps[0]
    second = notice + gaps[1] if gaps[1] else 0
    formal = max(notice, second) + draw(st.integers(1, 4))
    pay_days = draw(st.integers(2, 5))
    suspend = draw(st.sampled_from((0, formal + pay_days, formal + pay_days + 3)))
    close = draw(st.sampled_from((0, 3, 6))) if suspend else 0
    return Ladder(notice, second, formal, suspend, close, pay_days)


@example(Ladder(1, 0, 5, 10, 5, 5), 9, 22, 0)
@example(Ladder(0, 0, 1, 3, 3, 2), 3, 7, 3)
@hypothesis_settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ladder=ladders(), looked=st.integers(0, 12), hour=st.sampled_from((0, 7, 9, 22)), missed=st.integers(0, 6))
def test_the_preview_is_what_then_happens(ladder: Ladder, looked: int, hour: int, missed: int) -> None:
    by = dunning_operator(
        notice_days=ladder.notice,
        second_notice_days=ladder.second,
        formal_notice_days=ladder.formal,
        suspend_days=ladder.suspend,
        close_days=ladder.close,
        days_to_pay=ladder.days_to_pay,
    )
    assert not ladder.fault(consumers=True)
    with transaction.atomic():
        account = make_debtor(kind="person", members=0)
        issue()
        day = DUE + timedelta(days=looked)
        pass_days(DUE, DUE + timedelta(days=max(looked - missed, 0)), by=by)
        seen = preview(operator=by, now=at(day, hour), days=40, accounts=[account.pk])
        before = done(account)
        for later in (hour, max(hour, 9)):
            follow_up(operator=by, now=at(day, later, 5))
        pass_days(day + timedelta(days=1), day + timedelta(days=39), by=by)
        assert before + [(step.rung.value, step.on) for step in seen.coming] == done(account)
        transaction.set_rollback(True)


@given(
    ladder=ladders(),
    done_on=st.lists(st.integers(0, 30), max_size=6),
    today=st.integers(0, 60),
    rested=st.none() | st.integers(0, 60),
)
def test_no_step_comes_too_soon(ladder: Ladder, done_on: list[int], today: int, rested: int | None) -> None:
    """Whatever was done when: in order, never two on a day, and the promised days between a letter and a suspension."""
    rungs = list(offsets(ladder))
    days = sorted({DUE + timedelta(days=day) for day in done_on})[: len(rungs)]
    was = dict(zip(rungs, days, strict=False))
    now = max([DUE + timedelta(days=today), *was.values()])
    rest = DUE + timedelta(days=rested) if rested is not None else None
    steps = ahead(ladder=ladder, so_far=SoFar(DUE, done=was, rested=rest), today=now, soonest=now + timedelta(days=1))
    assert [step.rung for step in steps] == [rung for rung in rungs if rung not in was]
    whole = [*was.items(), *((step.rung, step.on) for step in steps)]
    for (rung, on), (following, then) in zip(whole[len(was) - 1 :], whole[len(was) :], strict=False) if was else []:
        assert then >= on + timedelta(days=max(1, offsets(ladder)[following] - offsets(ladder)[rung]))
    for step in steps:
        assert step.on >= DUE + timedelta(days=offsets(ladder)[step.rung])
        if step.rung == Rung.SUSPENSION:
            last = max(on for rung, on in whole if rung in LETTERS)
            assert step.on >= last + timedelta(days=ladder.days_to_pay)
        if step.rung in PREVIEWED and rest:
            assert step.on >= rest + timedelta(days=ladder.days_to_pay)


def test_bills_that_come_due_are_in_it_and_who_waits() -> None:
    by = dunning_operator()
    bill, other = make_bill(name="Anna"), make_debtor(name="Berta")
    issue()
    pause(account=other, reason="asked", until_on=None, by=make_user(is_staff=True), operator=by, now=at(DUE))
    found = preview(operator=by, now=at(DUE), days=7)
    assert [(step.rung.value, step.on.day, step.numbers) for step in found.coming] == [
        ("notice", 4, (bill.number,)),
        ("formal_notice", 8, (bill.number,)),
    ]
    assert found.waiting == ()  # nothing is overdue yet
    found = preview(operator=by, now=at(DUE + timedelta(days=1)), days=7)
    assert [(row.account, row.reason) for row in found.waiting] == [(other, "asked")]


def test_the_preview_of_many_takes_the_same_statements() -> None:
    by = dunning_operator()

    def statements(count: int) -> int:
        for _each in range(count):
            make_debtor()
        issue()
        pass_days(DUE + timedelta(days=1), DUE + timedelta(days=1), by=by)
        with CaptureQueriesContext(connection) as caught:
            preview(operator=by, now=at(DUE + timedelta(days=2)), days=14)
        return len(caught)

    assert statements(2) == statements(8)


def test_staff_are_told_each_morning_of_the_day_after() -> None:
    by, staff = dunning_operator(claim="no"), make_user(is_staff=True)
    bill = make_bill(name="Anna")
    day = DUE + timedelta(days=9)
    pass_days(DUE, day - timedelta(days=1), by=by)
    assert tell_of_tomorrow(operator=by, now=at(day - timedelta(days=1), 8, 5)) == 0
    pass_days(day, day, by=by)
    assert tell_of_tomorrow(operator=by, now=at(day, 8, 5)) == 1
    assert tell_of_tomorrow(operator=by, now=at(day, 9, 5)) == 0
    letter = Letter.objects.get(user=staff, purpose="unpaid-bills-staff")
    assert f"13 October 2024: Anna ({bill.account.reference}) is suspended" in Written.unseal(letter.sealed).text


def test_staff_are_told_of_a_half_year_without_a_rate_and_of_money_that_is_left() -> None:
    from bonafide.billing.balance.grant import grant
    from bonafide.billing.balance.models import GrantKind

    by, staff = dunning_operator(), make_user(is_staff=True)
    bill = make_bill()
    known = {"kind": GrantKind.PREPAID, "currency": "EUR", "amount_minor": 500, "reason": "r", "key": "k", "means": "transfer"}
    grant(account=bill.account, **known, reference="x", starts_on=DUE, operator=by, now=at(DUE))
    pass_days(DUE, DUE + timedelta(days=1), by=by)
    assert tell_of_tomorrow(operator=by, now=at(DUE + timedelta(days=1), 8, 5)) == 1
    pass_days(DUE + timedelta(days=2), DUE + timedelta(days=15), by=by)
    texts = [Written.unseal(letter.sealed).text for letter in Letter.objects.filter(user=staff).order_by("pk")]
    assert "No rate of interest on late payment is known for 4 October 2024" in texts[0]
    assert "€5.00" in texts[-1]


def test_the_command_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bill = make_bill()
    runner = CliRunner()
    assert "dunning.enabled is false" in runner.invoke(dunning, ["--date", "2024-10-04"]).output
    monkeypatch.setattr(settings, "OPERATOR", dunning_operator())
    shown = runner.invoke(dunning, ["--date", "2024-10-04", "--days", "5"]).output
    assert "2024-10-04  notice" in shown
    assert f"120.00 EUR  {bill.number}" in shown
    told = json.loads(runner.invoke(dunning, ["--date", "2024-10-04", "--json"]).output)
    assert [step["step"] for step in told["coming"]] == ["notice", "formal_notice", "suspension", "last_notice"]
    assert told["coming"][0]["open_minor"] == {"EUR": 12_000}
    pay(bill, date(2024, 10, 5))
    assert "Nothing comes" in runner.invoke(dunning, ["--date", "2024-10-06"]).output
    assert not DunningCase.objects.exists()
    assert not DunningStep.objects.exists()
