"""Ending sessions of one's own: asked for once more, done at once, and proven on a receipt."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.sessions import end_own
from bonafide.sessions.models import Reason, Session
from bonafide.sessions.store import SessionStore, key_hash
from tests.accounts.confirmed import confirm
from tests.factories.accounts import make_member
from tests.factories.history import make_row, make_rows

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
OTHERS = "/settings/sessions/end-others"
RECEIPT = "/settings/sessions/receipt"


@pytest.fixture
def person():
    return make_member(password=PASSWORD)


def browser_of(user, *, confirmed=False):
    client = Client()
    client.force_login(user)
    return confirm(client, user) if confirmed else client


def row_of(client):
    return Session.objects.get(key_hash=key_hash(client.cookies["session"].value))


def end_of(client):
    return f"/settings/sessions/{row_of(client).pk}/end"


def words(response):
    page = response.content.decode().split("<main")[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def is_in(client):
    return client.get("/usage").status_code == 200


# --- Ending ---------------------------------------------------------------------------------------------------------------
def test_one_session_ends_and_the_others_stay_asvs_7_5_2(person):
    mine, lost, third = browser_of(person, confirmed=True), browser_of(person), browser_of(person)
    row = row_of(lost)
    answer = mine.post(end_of(lost))
    assert (answer.status_code, answer["Location"]) == (302, RECEIPT)
    assert not is_in(lost)
    assert is_in(mine)
    assert is_in(third)
    row.refresh_from_db()
    assert (row.end_reason, row.data) == (Reason.ENDED_BY_USER, "")


def test_all_others_end_and_ones_own_stays_asvs_7_5_2(person):
    mine, others, stranger = browser_of(person, confirmed=True), [browser_of(person) for _ in range(3)], browser_of(make_member())
    page = words(mine.post(OTHERS, follow=True))
    assert re.search(r"3 sessions ended at \d\d:\d\d:\d\d", page)
    assert "Each was tried again with its old cookie and refused." in page
    assert [is_in(other) for other in others] == [False] * 3
    assert is_in(mine)
    assert is_in(stranger)


def test_reloading_the_receipt_ends_nothing_more(person):
    mine, lost = browser_of(person, confirmed=True), browser_of(person)
    mine.post(end_of(lost))
    later = browser_of(person)
    page = words(mine.get(RECEIPT))
    assert "One session ended at" in page
    assert "It was tried again with its old cookie and refused." in page
    assert words(mine.get(RECEIPT)) == page
    assert is_in(later)


def test_pressing_twice_says_that_nothing_was_left_to_end(person):
    mine, lost = browser_of(person, confirmed=True), browser_of(person)
    mine.post(end_of(lost))
    ended_at = row_of(lost).ended_at
    assert "There was nothing left to end" in words(mine.post(end_of(lost), follow=True))
    assert row_of(lost).ended_at == ended_at
    assert "had ended already" in mine.get(end_of(lost), follow=True).content.decode()


def test_without_an_ending_there_is_no_receipt(person):
    assert browser_of(person).get(RECEIPT)["Location"] == "/settings/sessions"


def test_looking_at_the_question_ends_nothing(person):
    mine, lost = browser_of(person, confirmed=True), browser_of(person)
    assert "End this session?" in words(mine.get(end_of(lost)))
    assert "End one other session?" in words(mine.get(OTHERS))
    assert is_in(lost)


def test_ones_own_session_is_ended_by_signing_out(person):
    mine = browser_of(person, confirmed=True)
    assert mine.post(end_of(mine))["Location"] == "/account/logout/"
    assert is_in(mine)


def test_another_persons_session_is_not_there(person):
    stranger = browser_of(make_member())
    for mine in (browser_of(person), browser_of(person, confirmed=True)):
        assert mine.get(end_of(stranger)).status_code == 404
        assert mine.post(end_of(stranger)).status_code == 404
    assert is_in(stranger)


def test_ten_thousand_end_by_as_many_queries_as_sixty_and_the_receipt_says_which_were_tried(person):
    mine, now = browser_of(person, confirmed=True), timezone.now()
    counts = []
    for number in (60, 10_000):
        make_rows(person, number, now=now)
        with CaptureQueriesContext(connection) as queries:
            page = words(mine.post(OTHERS, follow=True))
        counts.append(len(queries))
        assert f"{number} sessions ended" in page.replace(",", "")
        assert "The 50 used last were tried again with their old cookies. Each was refused." in page
    assert counts[0] == counts[1]
    assert Session.objects.filter(user=person, ended_at=None).count() == 1


# --- Confirming who one is ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["get", "post"])
def test_nothing_ends_before_the_person_confirmed_who_they_are_asvs_7_5_2(person, method):
    mine, lost = browser_of(person), browser_of(person)
    for address in (OTHERS, end_of(lost)):
        assert getattr(mine, method)(address)["Location"].startswith("/account/confirm/")
    assert is_in(lost)


def test_a_confirmation_that_is_too_old_does_not_count(person, settings):
    mine, lost = (
        confirm(browser_of(person), person, seconds_ago=settings.OPERATOR.sessions.confirm_minutes * 60 + 1),
        browser_of(person),
    )
    assert mine.post(OTHERS)["Location"].startswith("/account/confirm/")
    assert is_in(lost)


def test_confirming_leads_back_to_what_the_person_was_about_to_end(person):
    mine, lost = browser_of(person), browser_of(person)
    asked = mine.get(end_of(lost))["Location"]
    page = mine.post(asked, {"password": PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == end_of(lost)
    assert "End this session?" in words(page)
    assert "One session ended" in words(mine.post(end_of(lost), follow=True))
    assert not is_in(lost)


def test_what_was_sent_after_the_confirmation_ran_out_is_done_once_it_is_given_again(person):
    mine, lost = browser_of(person), browser_of(person)
    asked = mine.post(end_of(lost))["Location"]
    assert "One session ended" in words(mine.post(asked, {"password": PASSWORD}, follow=True))
    assert not is_in(lost)


def test_a_wrong_password_ends_nothing_and_loses_nothing(person):
    mine, lost = browser_of(person), browser_of(person)
    asked = mine.post(end_of(lost))["Location"]
    assert mine.post(asked, {"password": "not this one at all"}).status_code == 200
    assert is_in(lost)
    assert "One session ended" in words(mine.post(asked, {"password": PASSWORD}, follow=True))


# --- The receipt tells the truth -------------------------------------------------------------------------------------------
def test_an_ending_that_does_nothing_is_found_out_and_the_receipt_says_what_to_do(person, monkeypatch, settings):
    mine, others = browser_of(person, confirmed=True), [browser_of(person) for _ in range(2)]
    monkeypatch.setattr(end_own, "end_sessions", lambda **arguments: 2)
    page = words(mine.post(OTHERS, follow=True))
    assert all(map(is_in, others))
    assert "2 sessions are still open" in page
    assert "2 were to end. We tried the old cookie of each again. Not refused: 2." in page
    assert "Change your password now" in page
    assert settings.OPERATOR.identity.email in page
    assert "refused." not in page.replace("not refused.", "")


def test_an_ending_that_forgets_one_is_found_out(person, monkeypatch):
    mine, others = browser_of(person, confirmed=True), [browser_of(person) for _ in range(3)]
    forgotten = row_of(others[1]).pk

    def forgetful(*, user, reason, now, keep, only):
        rows = Session.objects.filter(user=user, ended_at=None).exclude(key_hash=key_hash(keep)).exclude(pk=forgotten)
        return rows.update(ended_at=now, end_reason=reason, data="")

    monkeypatch.setattr(end_own, "end_sessions", forgetful)
    page = words(mine.post(OTHERS, follow=True))
    assert "One session is still open" in page
    assert "3 were to end" in page


def test_trying_a_session_by_its_hash_is_what_its_cookie_would_see(person):
    live = browser_of(person)
    hashed = row_of(live).key_hash
    assert SessionStore.opens(hashed)
    assert not SessionStore.opens(key_hash("nobodys"))
    long_ago = timezone.now() - timedelta(days=400)
    Session.objects.filter(key_hash=hashed).update(created_at=long_ago, last_seen_at=long_ago)
    assert not SessionStore.opens(hashed)
    row = make_row(person, now=timezone.now(), ended_at=timezone.now(), end_reason="expired", data="")
    assert not SessionStore.opens(row.key_hash)
