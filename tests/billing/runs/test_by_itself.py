"""What the console does about last month's bills by itself, from the day that the operator chose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django_tasks_db.models import DBTaskResult

from bonafide.accounts.models import User
from bonafide.billing.models import Invoice, Issuing, Rehearsal
from bonafide.billing.runs import tasks
from bonafide.billing.runs.ask import ask_rehearsal
from bonafide.billing.runs.by_itself import step_by_itself
from bonafide.billing.runs.issue_signed import work_issuing
from bonafide.billing.runs.rehearse_all import rehearse_all
from bonafide.billing.runs.sign_off import sign_off
from bonafide.billing.runs.tell import tell_of_fault
from bonafide.mail.models import Letter
from bonafide.operator import Operator
from bonafide.pricing.models import Meter
from bonafide.pricing.rating import PerUnit
from bonafide.usage.models import Total
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import OCTOBER_1, SEPTEMBER, make_meter, make_plan, operator, use

pytestmark = pytest.mark.django_db

THE_THIRD = datetime(2024, 10, 3, 6, tzinfo=UTC)
ON_THE_THIRD = operator(billing={"issue_day": 3})
SIGNED = operator(billing={"issue_day": 3, "sign_off": "required"})


@pytest.fixture(autouse=True)
def meter() -> Meter:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    use(make_account(), meter, "10")
    return meter


@pytest.fixture
def staff() -> User:
    return make_user(username="camille", email="camille@example.com", is_staff=True, is_superuser=True)


def step(by: Operator, now: datetime = THE_THIRD) -> str:
    """A round, and the workers right after it."""

    def rehearse(rehearsal: Rehearsal) -> None:
        rehearse_all(rehearsal_id=rehearsal.pk, operator=by, clock=lambda: now)

    def issue(issuing: Issuing) -> None:
        done = work_issuing(issuing_id=issuing.pk, operator=by, clock=lambda: now)
        if done and done.fault:
            tell_of_fault(issuing=done, operator=by, now=now)

    return step_by_itself(operator=by, now=now, rehearse_soon=rehearse, issue_soon=issue)


def test_it_does_nothing_before_that_day_and_never_where_there_is_none() -> None:
    assert step(ON_THE_THIRD, datetime(2024, 10, 2, 21, 59, tzinfo=UTC)) == "not yet"  # 23:59 in Paris
    assert step(operator(), THE_THIRD) == "not yet"
    assert not Rehearsal.objects.exists()


def test_without_a_sign_off_it_rehearses_then_issues_and_is_done() -> None:
    assert [step(ON_THE_THIRD) for _ in range(4)] == ["rehearsing", "issuing", "issued", "issued"]
    assert Invoice.objects.get().month == SEPTEMBER.key
    assert (Rehearsal.objects.count(), Issuing.objects.count()) == (1, 1)


def test_where_a_sign_off_is_required_it_asks_staff_once_and_waits(staff: User) -> None:
    make_user(username="gone", email="gone@example.com", is_staff=True, is_active=False)
    assert [step(SIGNED) for _ in range(3)] == ["rehearsing", "waits for a sign-off, 1 told", "waits for a sign-off, 0 told"]
    [letter] = Letter.objects.all()
    assert (letter.purpose, letter.user) == ("bill-run", staff)
    assert not Invoice.objects.exists()
    sign_off(rehearsal_id=Rehearsal.objects.get().pk, by=staff, operator=SIGNED, now=THE_THIRD)
    assert [step(SIGNED), step(SIGNED)] == ["issuing", "issued"]
    assert Invoice.objects.count() == 1


def test_a_rehearsal_from_before_that_day_is_made_again_unless_it_is_signed_off(staff: User) -> None:
    early = ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    rehearse_all(rehearsal_id=early.pk, operator=SIGNED, clock=lambda: OCTOBER_1)
    assert step(SIGNED) == "rehearsing"
    sign_off(rehearsal_id=Rehearsal.objects.latest("pk").pk, by=staff, operator=SIGNED, now=THE_THIRD)
    assert step(SIGNED, THE_THIRD + timedelta(days=1)) == "issuing"
    assert Rehearsal.objects.count() == 2


def test_bills_that_are_not_as_signed_are_tried_once_and_staff_hear_of_it(staff: User) -> None:
    step(SIGNED)
    sign_off(rehearsal_id=Rehearsal.objects.get().pk, by=staff, operator=SIGNED, now=THE_THIRD)
    Total.objects.update(quantity=11_000)
    assert [step(SIGNED, THE_THIRD + timedelta(days=n)) for n in range(3)] == ["issuing", "stopped", "stopped"]
    assert Issuing.objects.count() == 1
    assert [letter.once for letter in Letter.objects.all()] == [f"run-stopped 202409 {Rehearsal.objects.get().pk} {staff.pk}"]


def test_what_stopped_without_a_sign_off_is_tried_again_the_next_day(meter: Meter) -> None:
    stuck = make_account()
    use(stuck, make_meter(), "1")
    assert [step(ON_THE_THIRD) for _ in range(3)] == ["rehearsing", "issuing", "stopped"]
    assert Invoice.objects.count() == 1
    Total.objects.filter(account=stuck).update(meter=meter)
    assert [step(ON_THE_THIRD, THE_THIRD + timedelta(days=1)) for _ in range(2)] == ["issuing", "issued"]
    assert Invoice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_a_lost_task_left_at_work_is_taken_up_again() -> None:
    with time_machine.travel(THE_THIRD, tick=False):
        rehearsal = ask_rehearsal(month=SEPTEMBER, now=THE_THIRD)
        tasks.keep_going()
        tasks.keep_going()
        [waiting] = DBTaskResult.objects.filter(task_path=tasks.rehearse.module_path)
        assert waiting.args_kwargs["args"] == [rehearsal.pk]
        assert tasks.rehearse.call(rehearsal.pk) == "1 accounts"
        DBTaskResult.objects.all().delete()
        tasks.keep_going()
        assert not DBTaskResult.objects.exists()


def test_a_rehearsal_under_which_workers_die_again_and_again_ends() -> None:
    rehearsal = ask_rehearsal(month=SEPTEMBER, now=THE_THIRD)
    Rehearsal.objects.update(attempt=5)
    assert rehearse_all(rehearsal_id=rehearsal.pk, operator=operator(), clock=lambda: THE_THIRD) is None
    rehearsal.refresh_from_db()
    assert "5 workers died" in rehearsal.fault
