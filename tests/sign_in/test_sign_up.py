"""Signing up: a person, an address to verify, an account of their own; all of it or nothing."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from django.urls import reverse

from bonafide.accounts.models import Account, Membership, User
from bonafide.sign_in import views
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"


def sign_up(client, **values):
    return client.post(
        reverse("account_signup"), {"username": "vega", "email": "vega@example.com", "password1": PASSWORD, **values}
    )


def link_in(letter):
    return re.search(r"http\S+(/account/\S+)", letter.body)[1]


def test_it_makes_a_person_with_an_account_of_their_own(client):
    response = sign_up(client)
    assert response.url == reverse("account_email_verification_sent")
    user = User.objects.get()
    account = Account.objects.get()
    assert (account.kind, account.name, account.country, account.language) == ("person", "vega", "FR", "en")
    assert account.billing_email == "vega@example.com"
    assert user.language == "en"
    membership = Membership.objects.get()
    assert (membership.user, membership.account, membership.role) == (user, account, "owner")


def test_the_account_speaks_the_language_in_which_one_signed_up(client):
    client.cookies["language"] = "fr"
    sign_up(client)
    assert (User.objects.get().language, Account.objects.get().language) == ("fr", "fr")
    assert mail.outbox[0].subject == "Confirmez votre adresse e-mail"


def test_nobody_signs_in_before_the_address_is_verified(client):
    sign_up(client)
    client.logout()
    response = client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD})
    assert response.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


def test_the_link_in_the_letter_verifies_and_signs_in(client):
    sign_up(client)
    address = link_in(mail.outbox[0])
    assert "vega@example.com" in client.get(address).content.decode()
    assert not EmailAddress.objects.get().verified, "a mail program that looks ahead must not confirm"
    response = client.post(address)
    assert response.url == "/"
    assert EmailAddress.objects.get().verified
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_a_taken_username_is_refused_whatever_its_case(client):
    make_user(username="Vega", email="other@example.com")
    response = sign_up(client)
    assert response.status_code == 200
    assert "This username is taken" in response.content.decode()
    assert User.objects.count() == 1


def test_a_taken_address_gets_the_same_answer_and_a_letter_to_its_owner(client):
    make_user(username="first", email="vega@example.com")
    taken = sign_up(client, email="Vega@Example.com")
    fresh = sign_up(client, username="other", email="fresh@example.com")
    assert (taken.status_code, taken.url) == (fresh.status_code, fresh.url)
    assert [letter.subject for letter in mail.outbox] == ["You have an account already", "Confirm your e-mail address"]
    assert User.objects.count() == 2
    assert Account.objects.count() == 1


def test_a_name_taken_in_the_same_moment_is_a_friendly_error_and_leaves_nothing(client, monkeypatch):
    def lose_the_race(**values):
        raise IntegrityError("UNIQUE constraint failed: user_username_once")

    monkeypatch.setattr(views, "open_account", lose_the_race)
    response = sign_up(client)
    assert response.status_code == 200
    assert "a moment ago" in response.content.decode()
    assert (User.objects.count(), EmailAddress.objects.count(), Account.objects.count()) == (0, 0, 0)
    assert mail.outbox == []


@pytest.mark.parametrize(("password", "said"), [("short one", "too short"), ("q1w2e3r4t5y6", "too common")])
def test_a_password_must_be_long_and_not_on_the_common_list(client, password, said):
    assert said in sign_up(client, password1=password).content.decode()
    assert User.objects.count() == 0


def test_an_address_is_kept_in_lower_case_by_the_database_itself():
    with pytest.raises(IntegrityError, match="user_email_lower"):
        make_user(email="Vega@Example.com")


def test_errors_are_tied_to_their_fields(client):
    page = sign_up(client, email="nonsense").content.decode()
    field = re.search(r'<input[^>]*name="email"[^>]*>', page)[0]
    described_by = re.search(r'aria-describedby="([^"]+)"', field)[1].split()
    assert 'aria-invalid="true"' in field
    assert all(f'id="{name}"' in page for name in described_by)
    assert any(name.endswith("_error") for name in described_by)
