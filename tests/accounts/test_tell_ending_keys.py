"""Letters before a key ends: two weeks before, the day before, each once."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from bonafide.accounts.api_keys import make_key, revoke_key
from bonafide.accounts.models import Account
from bonafide.accounts.schedules import SCHEDULES
from bonafide.accounts.tell_ending_keys import tell_ending_keys
from bonafide.serving import declared_schedules
from tests.factories.accounts import make_account, make_member
from tests.mail.post import posted

PARIS = ZoneInfo("Europe/Paris")
MADE = datetime(2024, 9, 1, 12, tzinfo=UTC)
END = datetime(2024, 11, 30, 23, tzinfo=UTC)  # midnight in Paris: the last day is 30 November
pytestmark = pytest.mark.django_db


class ServerThatHangsUp(BaseEmailBackend):
    def send_messages(self, messages):
        raise SMTPServerDisconnected("the server hung up")


@pytest.fixture
def account():
    account = make_account()
    make_member(account=account, email="owner@example.com")
    make_member(account=account, role="viewer")
    return account


def key(account, *, expires_at=END, now=MADE):
    return make_key(account=account, name="agent", scopes=["usage:read"], expires_at=expires_at, now=now)[0]


def each_morning(first, last):
    """Run as the schedule does from one day of November to another; on which days letters left."""
    days = []
    for number in range(first, last + 1):
        before = len(mail.outbox)
        now = datetime(2024, 11, number, 7, 10, tzinfo=UTC)
        tell_ending_keys(now=now, zone=PARIS)
        days += [number] * (len(posted(now)) - before)
    return days


def test_owners_are_told_two_weeks_before_and_on_the_day_before_once_each(account):
    key(account)
    assert each_morning(1, 30) == [16, 29]
    assert each_morning(16, 30) == []
    assert {letter.to[0] for letter in mail.outbox} == {"owner@example.com"}
    assert "stops working on" in mail.outbox[0].body
    assert "It was never used." in mail.outbox[0].body


def test_a_schedule_that_stood_still_writes_only_the_letter_that_is_due_now(account):
    key(account)
    assert each_morning(30, 30) == [30]
    assert each_morning(30, 30) == []


def test_nobody_is_told_of_a_key_that_was_made_for_a_few_days_except_on_the_day_before(account):
    key(account, now=END - timedelta(days=5))
    assert each_morning(26, 30) == [29]


@pytest.mark.parametrize(
    "quiet",
    [
        lambda made: revoke_key(key=made, now=MADE),
        lambda made: Account.objects.update(closed_at=MADE),
        lambda made: type(made).objects.update(expires_at=None),
        lambda made: type(made).objects.update(account=None),
    ],
    ids=["revoked", "account closed", "never ends", "the operator's own"],
)
def test_keys_that_need_no_letter_get_none(account, quiet):
    quiet(key(account))
    assert each_morning(10, 30) == []


def test_a_letter_that_could_not_leave_is_tried_again(account, settings):
    key(account)
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.ServerThatHangsUp"
    assert each_morning(16, 17) == []
    settings.EMAIL_BACKEND = sound
    assert each_morning(18, 30) == [18, 29]


def test_a_letter_that_cannot_be_written_leaves_the_notice_for_the_next_round(account, monkeypatch):
    key(account)
    monkeypatch.setattr("bonafide.accounts.letters.send_letter", lambda **given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        each_morning(16, 16)
    monkeypatch.undo()
    assert each_morning(17, 17) == [17]


def test_it_is_done_each_morning():
    assert set(SCHEDULES) <= set(declared_schedules())
