"""Signing in and out, a forgotten password, and what nobody may learn from either."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from tests.factories.accounts import make_member
from tests.sign_in.post import delivered, subjects

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"


@pytest.fixture
def user():
    user = make_member(username="Vega", email="vega@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client, login="vega", password=PASSWORD, **values):
    return client.post(reverse("account_login"), {"login": login, "password": password, **values})


def signed_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["Vega", "vega", "vega@example.com", "VEGA@example.com"])
def test_by_name_or_address_in_any_case(client, user, login):
    assert sign_in(client, login).url == "/"
    assert signed_in(client)


def test_it_leads_on_to_where_one_was_going_but_never_to_another_host(client, user):
    assert sign_in(client, next="/bills").url == "/bills"
    client.logout()
    assert sign_in(client, next="https://evil.example/").url == "/"


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(client, user):
    wrong = sign_in(client, password="not this one at all").content.decode()
    unknown = sign_in(client, login="nobody").content.decode()
    said = "do not go together"
    assert said in wrong
    assert said in unknown
    assert not signed_in(client)


def test_guessing_is_slowed_down(client, user):
    for _ in range(5):
        sign_in(client, password="not this one at all")
    refused = sign_in(client)
    assert "Too many attempts" in refused.content.decode()
    assert not signed_in(client)


def test_signing_out_takes_a_press_of_the_button(client, user):
    client.force_login(user)
    assert "Sign out?" in client.get(reverse("account_logout")).content.decode()
    assert signed_in(client)
    client.post(reverse("account_logout"))
    assert not signed_in(client)


def test_a_forgotten_password_is_replaced_by_the_link_in_the_letter(client, user):
    client.post(reverse("account_reset_password"), {"email": "vega@example.com"})
    address = re.search(r"http\S+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form = client.get(address).url
    new = "another set of plain words"
    assert client.post(form, {"password1": new, "password2": new}).status_code == 302
    assert subjects() == ["Choose a new password", "Your password was changed"]
    client.logout()
    assert sign_in(client, password=new).status_code == 302
    assert "does not work any more" in client.get(address, follow=True).content.decode(), "the link works once"


def test_asking_for_an_unknown_address_answers_the_same_and_says_it_only_by_letter(client, user):
    known = client.post(reverse("account_reset_password"), {"email": "vega@example.com"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [letter.subject for letter in mail.outbox] == ["Choose a new password", "No account has this address"]


def test_changing_the_password_is_told_by_letter_without_address_or_browser(client, user):
    client.force_login(user)
    new = "another set of plain words"
    client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}, HTTP_USER_AGENT="Fox"
    )
    user.refresh_from_db()
    assert user.check_password(new)
    (letter,) = delivered()
    assert letter.subject == "Your password was changed"
    assert "127.0.0.1" not in str(letter.message())
    assert "Fox" not in str(letter.message())


def test_a_closed_login_does_not_come_in(client, user):
    user.is_active = False
    user.save()
    sign_in(client)
    assert not signed_in(client)


@pytest.mark.parametrize("address", ["/account/email/", "/account/login/code/confirm/", "/account/reauthenticate/"])
def test_pages_that_are_not_ours_do_not_exist(client, user, address):
    client.force_login(user)
    assert client.get(address).status_code == 404
