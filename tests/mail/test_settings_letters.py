"""The page on which everybody sees which letters there are, which they get, and refuses what can be refused."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bonafide.mail.models import Letter, Refusal
from bonafide.mail.purposes import purposes_said
from tests.factories.accounts import enter, enter_as_staff, make_user
from tests.factories.mail import NOW, make_letter, make_reader
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
PAGE = "/settings/letters"


@pytest.fixture
def vega():
    return make_reader(username="vega")


@pytest.fixture
def client(vega):
    client = Client()
    enter(client, vega)
    return client


def text(response):
    return response.content.decode()


def test_it_lists_every_purpose_and_why_some_cannot_be_refused(client):
    from html import unescape

    page = unescape(text(client.get(PAGE)))
    for purpose in purposes_said():
        assert str(purpose.name) in page
        assert str(purpose.explanation) in page
        assert str(purpose.why_not)[1:] in page
    assert page.count('name="want" value="no"') == 2
    assert "A promise that turned" not in page
    desk = Client()
    enter_as_staff(desk)
    assert "A promise that turned" in text(desk.get(PAGE))


def test_a_press_refuses_and_another_takes_it_back(client, vega):
    page = text(client.post(PAGE, {"purpose": "news", "want": "no"}, follow=True))
    assert "You get no more letters for “News of the service”." in page
    assert Refusal.objects.values_list("user", "purpose", "how").get() == (vega.pk, "news", "settings")
    assert page.count('name="want" value="yes"') == 1
    assert ", in the settings" in page
    assert "You get letters for “News of the service” from now on." in text(
        client.post(PAGE, {"purpose": "news", "want": "yes"}, follow=True)
    )
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("purpose", ["login-security", "nonsense", ""])
def test_what_cannot_be_refused_is_not(client, purpose):
    assert client.post(PAGE, {"purpose": purpose, "want": "no"}).status_code == 404
    assert not Refusal.objects.exists()


def test_ones_own_last_letters_stand_there_and_nobody_elses(client, vega):
    assert "Nothing lately." in text(client.get(PAGE))
    make_letter(person=vega)
    assert "Nothing lately." in text(client.get(PAGE)), "it has not left yet"
    make_letter(person=make_user())
    posted(NOW)
    Letter.objects.create(purpose="of-another-version", user=vega, at=NOW, try_at=NOW, ended_at=NOW, outcome="sent")
    page = text(client.get(PAGE))
    assert page.count("24 November 2026") == 2
    assert "of-another-version" in page
    assert "for 90 days" in page


def test_direct_letters_and_letters_about_security_stand_there_too(vega, client):
    from bonafide.sign_in.letters import tell
    from bonafide.sign_in.models import Event
    from tests.sign_in.post import delivered

    Client().post("/account/password/reset/", {"email": vega.email})
    from django.utils import timezone

    tell(user=vega, event=Event.PASSKEY_ADDED, now=timezone.now())
    assert len(delivered(vega.email)) == 2
    assert sorted(Letter.objects.filter(user=vega).values_list("purpose", flat=True)) == ["login-security", "new-password"]


def test_it_costs_as_many_queries_whatever_was_sent(client, vega):
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for _ in range(12):
        make_letter(person=vega)
    posted(NOW)
    Refusal.objects.create(user=vega, purpose="news", since=NOW, how="settings")
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(few) == len(many)


def test_whoever_signs_up_is_asked_about_news_at_once():
    sign_up = {"username": "mia", "email": "mia@example.com", "password1": "four plain unrelated words"}
    assert 'name="no_news"' in text(Client().get("/account/signup/"))
    Client().post("/account/signup/", sign_up | {"no_news": "on"})
    assert Refusal.objects.values_list("user__username", "purpose", "how").get() == ("mia", "news", "sign-up")
    Client().post("/account/signup/", sign_up | {"username": "leo", "email": "leo@example.com"})
    assert Refusal.objects.count() == 1


def test_who_had_a_login_before_anybody_asked_gets_no_news(vega):
    from importlib import import_module

    from django.apps import apps

    import_module("bonafide.mail.migrations.0002_nobody_was_asked").refuse_news(apps, None)
    assert Refusal.objects.values_list("user", "purpose", "how").get() == (vega.pk, "news", "not-asked")
