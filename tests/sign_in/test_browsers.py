"""A sign-in from a browser that the person had not used before is told to them; the browser itself is not followed around."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from bonafide.sign_in import browsers
from bonafide.sign_in.models import KnownBrowser
from tests.sign_in.people import FIREFOX, PASSWORD, come_in, leave, make_vega
from tests.sign_in.post import delivered, subjects
from tests.sign_in.test_sign_up import link_in, sign_up

pytestmark = pytest.mark.django_db
NEW_BROWSER = "Sign-in with a new browser"


@pytest.fixture
def user():
    return make_vega(last_login=timezone.now())


def test_asvs_6_3_5_a_new_browser_is_told_and_a_known_one_is_not(client, user):
    come_in(client)
    leave(client)
    come_in(client)
    assert subjects() == [NEW_BROWSER]
    come_in(Client())
    assert subjects() == [NEW_BROWSER] * 2


def test_the_letter_names_browser_system_and_way_but_no_ip_address(client, user):
    come_in(client, REMOTE_ADDR="203.0.113.77")
    (letter,) = delivered("vega@example.com")
    assert "Firefox 145 on Linux" in letter.body
    assert "password" in letter.body
    assert "/settings/sign-ins" in letter.body
    assert "203.0.113" not in str(letter.message())
    assert FIREFOX not in str(letter.message())


def test_the_first_sign_in_after_signing_up_is_not_told_wherever_it_happens(client):
    sign_up(client)
    client.post(link_in(mail.outbox[0]))
    assert NEW_BROWSER not in subjects()
    come_in(Client())
    assert NEW_BROWSER in subjects()


def test_the_cookie_is_signed_lives_a_year_and_is_no_business_of_scripts(client, user, settings):
    come_in(client)
    cookie = client.cookies[settings.BROWSER_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 365 * 86400)
    assert settings.BROWSER_COOKIE_NAME == "browser", "and with TLS it begins with __Host-, as the others"
    leave(client)
    client.cookies[settings.BROWSER_COOKIE_NAME] = "x" * 43
    come_in(client)
    assert KnownBrowser.objects.count() == 2, "an id that we did not sign is nobody's"


def test_what_is_kept_cannot_be_turned_into_the_cookie_nor_tell_that_two_share_a_browser(client, user):
    make_vega(username="altair", email="altair@example.com", last_login=timezone.now())
    come_in(client)
    leave(client)
    come_in(client, login="altair")
    first, second = KnownBrowser.objects.order_by("pk")
    assert first.digest != second.digest
    assert first.digest not in client.cookies["browser"].value


def test_a_browser_not_used_for_a_year_is_new_again_however_long_its_row_is_kept(client, user):
    come_in(client)
    KnownBrowser.objects.update(last_seen_at=timezone.now() - timedelta(days=366))
    leave(client)
    come_in(client)
    assert subjects() == [NEW_BROWSER] * 2


def test_a_sign_in_after_several_failures_is_told_even_from_a_known_browser(client, user):
    come_in(client)
    for _ in range(2):
        for _ in range(4):
            come_in(Client(), password="not this one at all")
        cache.clear()  # the guesser waits until the pause is over
    leave(client)
    come_in(client)
    assert subjects() == [NEW_BROWSER, "Sign-in after failed attempts"]


def test_too_many_attempts_are_told_once_a_day(client, user):
    for day in range(2):
        with time_machine.travel(timezone.now() + timedelta(days=day, minutes=1)):
            for _ in range(12):
                come_in(client, password="not this one at all")
            assert subjects() == ["Many failed attempts to sign in as you"] * (day + 1)


def test_were_the_table_not_asked_no_letter_would_go_out(client, user, monkeypatch):
    monkeypatch.setattr("bonafide.sign_in.arrive.meet", lambda **about: False)
    come_in(client, password=PASSWORD)
    assert subjects() == []
    assert timedelta(days=365) == browsers.BELIEVED
