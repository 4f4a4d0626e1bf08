"""The proof of what is promised about letters, and that it falls when what it guards is broken."""

from datetime import timedelta

import pytest

from bonafide.mail.check_letters import letters_have_purposes
from bonafide.mail.models import Letter, Refusal
from tests.factories.accounts import make_user
from tests.factories.mail import NOW, make_letter
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def news_to(user, sent_at):
    return Letter.objects.create(purpose="news", user=user, at=sent_at, try_at=sent_at, ended_at=sent_at, outcome="sent")


def test_it_counts_what_it_looked_at():
    make_letter()
    posted(NOW)
    make_letter()
    Refusal.objects.create(user=make_user(), purpose="news", since=NOW, how="settings")
    found = letters_have_purposes(now=NOW + HOUR)
    assert found.fault == ""
    assert found.counts == {"letters": 2, "refusals": 1, "waiting": 1, "given_up": 0}


def test_a_letter_of_no_declared_purpose_is_found():
    make_letter()
    Letter.objects.update(purpose="greetings")
    assert "a purpose that is not declared" in letters_have_purposes(now=NOW).fault


@pytest.mark.parametrize(
    ("refused_before", "fault"), [(-HOUR, ""), (timedelta(0), ""), (30 * timedelta(seconds=1), ""), (HOUR, "had refused")]
)
def test_news_to_somebody_who_had_refused_before_are_found(refused_before, fault):
    user = make_user()
    Refusal.objects.create(user=user, purpose="news", since=NOW - refused_before, how="one-click")
    news_to(user, NOW)
    news_to(make_user(), NOW)
    said = letters_have_purposes(now=NOW + HOUR).fault
    assert fault in said
    assert bool(fault) == bool(said)


def test_news_that_were_refused_before_they_left_and_another_purpose_are_no_breach():
    user = make_user()
    Refusal.objects.create(user=user, purpose="news", since=NOW - HOUR, how="one-click")
    Letter.objects.filter(pk=news_to(user, NOW).pk).update(outcome="refused")
    Letter.objects.filter(pk=news_to(user, NOW).pk).update(purpose="maintenance")
    assert letters_have_purposes(now=NOW + HOUR).fault == ""


def test_letters_that_nobody_sends_are_found():
    make_letter()
    assert letters_have_purposes(now=NOW + 2 * HOUR - MINUTE).fault == ""
    assert "no worker or no server takes them" in letters_have_purposes(now=NOW + 2 * HOUR + MINUTE).fault
