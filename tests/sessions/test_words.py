"""Browsers, ways and times as people say them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from bonafide.languages import locale_of
from bonafide.sessions.store import how
from bonafide.sessions.words import ago_words, client_words, way_words

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("browser", "system", "said"),
    [
        ("Firefox 145", "Linux", "Firefox 145 on Linux"),
        ("Firefox 145", "", "Firefox 145"),
        ("", "Linux", "An unknown browser on Linux"),
        ("", "", "An unknown browser"),
    ],
)
def test_a_browser_is_named_as_far_as_it_is_known(browser, system, said):
    assert client_words(browser, system) == said


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ("password", "password"),
        ("password+totp", "password and code"),
        ("webauthn", "passkey"),
        ("password+recovery_codes", "password and recovery code"),
        ("socialaccount:acme", "sign-in at acme"),
        ("password+totp+webauthn", "password, code and passkey"),
        ("something-new", "something-new"),
        ("", ""),
    ],
)
def test_the_way_somebody_signed_in_is_said_in_words(codes, said):
    assert way_words(codes) == said


def test_confirming_later_with_something_else_does_not_change_how_one_signed_in():
    records = [{"method": "mfa", "type": "webauthn"}, {"method": "password", "reauthenticated": True}]
    assert how(records) == "webauthn"


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (timedelta(minutes=4), "in the last five minutes"),
        (timedelta(seconds=-30), "in the last five minutes"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=2), "2 hours ago"),
        (timedelta(days=9), "1 week ago"),
    ],
)
def test_times_are_said_as_people_say_them_even_by_a_clock_that_is_behind(since, said):
    assert ago_words(seen_at=NOW - since, now=NOW, locale=locale_of("en")) == said


def test_french_says_it_its_own_way():
    with translation.override("fr"):
        assert ago_words(seen_at=NOW - timedelta(hours=2), now=NOW, locale=locale_of("fr")) == "il y a 2 heures"
