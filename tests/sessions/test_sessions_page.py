"""/settings/sessions: what somebody sees of their sessions, and only of theirs."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.periods import months_after
from tests.factories.accounts import make_member
from tests.factories.history import make_row, make_rows, make_sign_ins

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/sessions"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def person():
    return make_member()


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    person.sessions.update(browser="Firefox 145", system="Windows")
    return client


def read(client, address=ADDRESS):
    """The page without its markup, spaces made one."""
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode().split("<main")[1].split("</main>")[0]).split())


def test_a_person_sees_each_open_session_newest_use_first_and_which_is_theirs_asvs_7_5_2(browser, person, now):
    make_row(person, now=now, browser="Safari 19", system="macOS", how="webauthn", last_seen_at=now - timedelta(minutes=50))
    make_row(person, now=now, browser="", system="", how="password+totp", address=None, last_seen_at=now - timedelta(minutes=30))
    page = read(browser)
    assert "Here, and in 2 other browsers." in page
    assert page.index("Firefox 145 on Windows this one") < page.index("An unknown browser") < page.index("Safari 19 on macOS")
    assert "passkey · since" in page
    assert "password and code · since" in page
    assert "30 minutes ago" in page
    assert "address not known" in page
    assert "192.0.2.17" in page


def test_the_only_session_is_said_to_be_the_only_one_and_offers_no_end_of_others(browser):
    page = read(browser)
    assert "In this browser, and nowhere else." in page
    assert "End all others" not in page


def test_the_exact_instant_of_last_use_is_on_hover(browser, person, now):
    row = make_row(person, now=now, last_seen_at=now - timedelta(minutes=30))
    assert f'datetime="{row.last_seen_at:%Y-%m-%dT%H:%M:%SZ}"' in browser.get(ADDRESS).content.decode()


def test_neither_other_peoples_sessions_nor_overdue_ones_are_listed_as_open(browser, person, now):
    make_row(make_member(), now=now, browser="Elsewhere 1")
    long_ago = now - timedelta(days=400)
    make_row(person, now=now, browser="Overdue 1", created_at=long_ago, last_seen_at=long_ago)
    page = read(browser)
    assert "Elsewhere 1" not in page
    assert "Overdue 1" not in page


def test_what_ended_lately_is_below_with_the_reason_and_what_ended_long_ago_is_not(browser, person, now):
    ended = {"ended_at": now - timedelta(days=2), "end_reason": "password-changed", "address": None}
    make_row(person, now=now, browser="Lately 1", **ended)
    make_row(person, now=now, browser="Earlier 1", **{**ended, "ended_at": now - timedelta(days=31)})
    below = read(browser).split("Ended in the last 30 days")[1]
    assert "Lately 1 on Linux" in below
    assert "Password changed" in below
    assert "address no longer kept" in below
    assert "Earlier 1" not in below


def test_the_age_of_the_oldest_address_we_hold_is_told_wherever_it_is_held_and_when_it_goes(browser, person, now):
    make_row(person, now=now, address_seen_at=now - timedelta(hours=1))
    assert "is less than a day old" in read(browser)
    make_row(person, now=now, address_seen_at=now - timedelta(days=12, hours=1))
    assert "is 12 days old" in read(browser)
    [seen] = make_sign_ins(person, 1, now=now - timedelta(days=211, hours=1))
    make_sign_ins(person, 1, now=now - timedelta(days=300), address=None)
    make_sign_ins(make_member(), 1, now=now - timedelta(days=500))
    page = read(browser)
    assert "is 211 days old" in page
    goes = months_after(seen.at, 12, settings.OPERATOR.zone).astimezone(settings.OPERATOR.zone)
    assert f"It is erased by {goes.day} {goes:%B %Y}" in page
    assert "12 months after it was seen" in page


def test_ten_thousand_sessions_take_as_many_queries_as_three_and_come_in_pages(browser, person, now):
    make_rows(person, 2, now=now)
    make_rows(person, 2, now=now, ended_at=now, end_reason="expired", data="")
    with CaptureQueriesContext(connection) as few:
        read(browser)
    make_rows(person, 9_998, now=now)
    make_rows(person, 9_998, now=now, ended_at=now, end_reason="expired", data="")
    with CaptureQueriesContext(connection) as many:
        page = read(browser)
    assert len(many) == len(few)
    assert "in 10000 other browsers" in page.replace(",", "").replace("\N{NO-BREAK SPACE}", "")
    assert "page 1 of 401" in page
    assert "And 9980 more" in page
    assert "page 401 of 401" in read(browser, f"{ADDRESS}?page=401")
    assert "page 401 of 401" in read(browser, f"{ADDRESS}?page=99999")


def test_neither_the_key_of_a_session_nor_its_hash_is_on_the_page(browser, person, now):
    row = make_row(person, now=now)
    page = browser.get(ADDRESS).content.decode()
    assert row.key_hash not in page
    assert browser.session.session_key not in page


def test_the_way_out_is_on_every_page_of_somebody_signed_in_asvs_7_4_4(browser):
    for address in ("/", "/usage", "/bills", "/terms", "/nowhere", ADDRESS, "/settings/sign-ins", "/settings/security"):
        page = browser.get(address).content.decode()
        assert 'action="/account/logout/"' in page, address
        assert "Sign out" in page, address
        assert f'href="{ADDRESS}"' in page, address
