"""Whom a release or an order concerns is written to once, at once or after the last day of silence, and never before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from bonafide.holdings import Kind
from bonafide.mail.models import Letter
from bonafide.privacy.models import Told
from bonafide.privacy.sweep_rows import sweep_rows
from bonafide.privacy.tasks import tell_of_law
from bonafide.privacy.tell_of_law import tell_due
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import operator
from tests.factories.privacy import make_hold, make_release
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
LAST = date(2026, 12, 31)
SECRET = {"secret_until": LAST, "secret_basis": "Code de procédure pénale, art. 11"}
MORNING_AFTER = datetime(2027, 1, 1, 0, 5, tzinfo=operator().zone)


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


def member(account, role, **values):
    return make_member(account=account, role=role, email=f"{role}@example.com", last_login=NOW, **values)


def to(letters):
    return sorted(address for letter in letters for address in letter.to)


def test_a_release_is_told_at_once_to_who_reads_it_on_the_page(account):
    for role in ("owner", "billing", "viewer"):
        member(account, role)
    make_release(account=account, now=NOW)
    letters = posted(NOW)
    assert to(letters) == ["billing@example.com", "owner@example.com"]
    assert letters[0].subject == "We had to hand data of yours to an authority"
    for words in ("Atelier Vega", "Tribunal judiciaire de Paris", "art. 60-2", "What: IP addresses.", "/settings/privacy"):
        assert words in letters[0].body, words
    assert "forbade" not in letters[0].body
    assert "the IP addresses of sign-ins" not in letters[0].body, "exactly what stands on the page alone"


def test_an_order_on_an_account_is_told_to_each_of_its_members_and_one_on_a_person_to_them(account):
    for role in ("owner", "viewer"):
        member(account, role)
    make_hold(Kind.LOGS, account=account, now=NOW, days=30)
    make_hold(Kind.LOGS, person=make_user(email="nora@example.com", last_login=NOW), now=NOW, days=30)
    letters = posted(NOW)
    assert to(letters) == ["nora@example.com", "owner@example.com", "viewer@example.com"]
    assert "data about you from 25 November 2026 until 25 December 2026" in letters[-1].body


def test_a_secret_leaves_no_trace_before_its_day_and_is_told_on_the_morning_after(account, time_machine):
    member(account, "owner")
    make_release(account=account, now=NOW, **SECRET)
    make_hold(Kind.LOGS, account=account, now=NOW, days=20, **SECRET)
    time_machine.move_to(MORNING_AFTER - timedelta(minutes=6), tick=False)
    assert tell_of_law.call() == "0 told"
    assert not Letter.objects.exists()
    assert not Told.objects.exists()
    time_machine.move_to(MORNING_AFTER, tick=False)
    assert tell_of_law.call() == "2 told"
    release, hold = posted(MORNING_AFTER)
    assert "Until 31 December 2026 the law forbade us to tell you." in release.body
    assert "It was over on 15 December 2026." in hold.body


def test_nobody_is_told_twice_also_when_rows_of_letters_are_swept(account):
    member(account, "owner")
    make_release(account=account, now=NOW, **SECRET)
    assert tell_due(today=LAST + timedelta(days=1), now=MORNING_AFTER) == 1
    posted(MORNING_AFTER)
    later = MORNING_AFTER + timedelta(days=100)
    sweep_rows(operator=operator(), now=later)
    assert not Letter.objects.exists()
    assert tell_due(today=later.date(), now=later) == 0


def test_an_address_that_nobody_confirmed_gets_none(account):
    make_member(account=account, date_joined=NOW - timedelta(days=1))  # never came in
    make_release(account=account, now=NOW)
    assert Told.objects.count() == 1
    assert not Letter.objects.exists()


def test_a_floor_of_the_law_is_no_order(account):
    account.closed_at = NOW
    account.save()
    member(account, "owner")
    sweep_rows(operator=operator(), now=NOW)
    assert tell_due(today=LAST, now=MORNING_AFTER) == 0


def test_what_is_taken_back_is_told_to_nobody(account):
    member(account, "owner")
    with transaction.atomic():
        make_release(account=account, now=NOW)
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    assert posted(NOW) == []
