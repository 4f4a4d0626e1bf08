"""Nobody learns from us who has a login: whole answers are compared, and how often a password was hashed on the way to them."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from django.urls import reverse

from bonafide.accounts.models import User
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
WRONG = "not this one at all"


@pytest.fixture(autouse=True)
def vega():
    user = make_member(username="vega", email="vega@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def hashings(monkeypatch):
    """How many slow hashes there have been."""
    seen, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: seen.append(1) or encode(*given))
    return seen


@pytest.fixture
def answer(hashings):
    """What somebody sees who posts this, each status, header and page, without what they typed; hashings; letters."""

    def post(name, **typed):
        client, before, letters = Client(), len(hashings), len(mail.outbox)
        response = client.post(reverse(name), typed)
        seen = [as_seen(response, client, typed)]
        while response.status_code == 302:
            response = client.get(response["Location"])
            seen.append(as_seen(response, client, typed))
        return seen, len(hashings) - before, len(mail.outbox) - letters

    return post


def as_seen(response, client, typed):
    text = response.content.decode()
    for value in typed.values():
        text = text.replace(f'value="{value}"', "value").replace(f"<strong>{value}</strong>", "").replace(value, "TYPED")
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    headers = sorted((name, value) for name, value in response.items() if name not in ("Content-Length", "Expires"))
    return response.status_code, headers, sorted(client.cookies), text


@pytest.mark.parametrize("login", ["vega", "vega@example.com", "VEGA@example.com"])
def test_asvs_6_3_8_signing_in_with_a_wrong_password(answer, login):
    unknown = answer("account_login", login=login.replace("vega", "nova").replace("VEGA", "NOVA"), password=WRONG)
    assert answer("account_login", login=login, password=WRONG) == unknown
    assert unknown[1:] == (1, 0)


def test_asvs_6_3_8_a_login_without_a_password_or_closed(answer, vega):
    unknown = answer("account_login", login="nova", password=WRONG)
    vega.set_unusable_password()
    vega.save()
    assert answer("account_login", login="vega", password=WRONG) == unknown
    vega.set_password(PASSWORD)
    vega.is_active = False
    vega.save()
    assert answer("account_login", login="vega", password=WRONG) == unknown


def test_asvs_6_3_8_the_limit_meets_unknown_names_too(answer):
    for _ in range(5):
        answer("account_login", login="vega", password=WRONG)
        answer("account_login", login="nova", password=WRONG)
    known = answer("account_login", login="vega", password=WRONG)
    assert "Too many attempts" in known[0][0][-1]
    assert known == answer("account_login", login="nova", password=WRONG)


@pytest.mark.parametrize("typed", [{"username": "vega"}, {"username": "VEGA"}, {"email": "vega@example.com"}])
def test_asvs_6_3_8_signing_up_with_a_name_or_an_address_that_is_taken(answer, typed):
    fresh = answer("account_signup", username="nova", email="nova@example.com", password1=PASSWORD)
    taken = answer("account_signup", **{"username": "rigel", "email": "rigel@example.com", "password1": PASSWORD, **typed})
    assert taken == fresh
    assert taken[1:] == (1, 1), "one hashing and one letter"
    assert User.objects.count() == 2


def test_asvs_6_3_8_signing_in_does_not_tell_what_signing_up_did(answer):
    """Whoever signs up with somebody's address, and then with what they chose themselves tries to sign in, learns nothing."""
    answer("account_signup", username="nova", email="nova@example.com", password1=PASSWORD)
    answer("account_signup", username="rigel", email="vega@example.com", password1=PASSWORD)
    made = answer("account_login", login="nova", password=PASSWORD)
    not_made = answer("account_login", login="rigel", password=PASSWORD)
    assert made == not_made
    assert made[1:] == (1, 0)
    for _ in range(5):
        made = answer("account_login", login="nova", password=PASSWORD)
        not_made = answer("account_login", login="rigel", password=PASSWORD)
    assert made == not_made


def test_asvs_6_3_8_an_address_that_waits_to_be_confirmed_opens_nothing_and_tells_nothing(answer):
    """Else whoever enters another's address as their own new one could see whether that other has a login."""
    mine = make_user(username="mizar", email="mizar@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=mine, email=mine.email, verified=True, primary=True)
    for wanted in ("vega@example.com", "nova@example.com"):
        EmailAddress.objects.create(user=mine, email=wanted, verified=False)
    known = answer("account_login", login="vega@example.com", password=PASSWORD + "x")
    assert known == answer("account_login", login="nova@example.com", password=PASSWORD)


def test_asvs_6_3_8_asking_for_a_new_password(answer):
    known = answer("account_reset_password", email="vega@example.com")
    assert known == answer("account_reset_password", email="nova@example.com")
    assert known[1:] == (0, 1)
    for _ in range(4):
        answer("account_reset_password", email="vega@example.com")
        answer("account_reset_password", email="nova@example.com")
    known = answer("account_reset_password", email="vega@example.com")
    assert known[0][0][0] == 429
    assert known == answer("account_reset_password", email="nova@example.com")


def test_the_comparison_sees_a_difference(answer, monkeypatch):
    """What django-allauth does by itself, without our own way to look at passwords, is seen by the tests above."""
    monkeypatch.setattr("bonafide.sign_in.backend.AuthenticationBackend._authenticate", allauths_own)
    unknown = answer("account_login", login="nova@example.com", password=WRONG)
    assert answer("account_login", login="vega@example.com", password=WRONG) != unknown


def allauths_own(backend, request, **credentials):
    return super(type(backend), backend)._authenticate(request, **credentials)
