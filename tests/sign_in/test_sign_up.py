"""Signing up: a person, an address to verify, an account of their own; all of it or nothing."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bonafide.accounts.models import Account, Membership, User
from bonafide.sign_in import forms, newcomers
from bonafide.sign_in.confirm_again import send_confirmation
from bonafide.sign_in.tasks import confirm_address
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


def test_nobody_signs_in_before_the_address_is_verified_but_the_letter_comes_again(client):
    sign_up(client)
    client.logout()
    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        page = client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD})
    assert "first open the link in our letter" in page.content.decode()
    assert "_auth_user_id" not in client.session
    [waiting] = DBTaskResult.objects.filter(task_path__endswith="confirm_address")
    confirm_address.call(*waiting.args_kwargs["args"])
    assert [letter.subject for letter in mail.outbox] == ["Confirm your e-mail address"] * 2
    client.post(link_in(mail.outbox[1]))
    assert client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD}).url == "/"


def test_a_letter_that_comes_again_too_late_is_not_sent(client):
    sign_up(client)
    EmailAddress.objects.update(verified=True)
    assert not send_confirmation(user=User.objects.get(), now=timezone.now())


def test_the_link_in_the_letter_verifies_and_signs_in(client):
    sign_up(client)
    address = link_in(mail.outbox[0])
    assert "vega@example.com" in client.get(address).content.decode()
    assert not EmailAddress.objects.get().verified, "a mail program that looks ahead must not confirm"
    response = client.post(address)
    assert response.url == "/"
    assert EmailAddress.objects.get().verified
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_a_taken_username_is_told_by_letter_whatever_its_case_and_nothing_is_made(client):
    make_user(username="Vega", email="other@example.com")
    assert sign_up(client).url == reverse("account_email_verification_sent")
    assert User.objects.count() == 1
    assert Account.objects.count() == 0
    [letter] = mail.outbox
    assert (letter.subject, letter.to) == ("This username is taken", ["vega@example.com"])
    assert letter.body.startswith("Hello,\n")
    assert "“vega”, which is taken" in letter.body
    assert reverse("account_signup") in letter.body


def test_a_taken_address_gets_the_same_answer_and_a_letter_to_its_owner(client):
    make_user(username="first", email="vega@example.com")
    taken = sign_up(client, email="Vega@Example.com")
    fresh = sign_up(client, username="other", email="fresh@example.com")
    assert (taken.status_code, taken.url) == (fresh.status_code, fresh.url)
    assert [letter.subject for letter in mail.outbox] == ["You have an account already", "Confirm your e-mail address"]
    assert User.objects.count() == 2
    assert Account.objects.count() == 1


def test_a_name_taken_in_the_same_moment_gets_that_letter_too_and_leaves_nothing(client, monkeypatch):
    make_user(username="Vega", email="other@example.com")
    monkeypatch.setattr(forms, "is_taken", lambda name: False)  # somebody was faster than our write
    assert sign_up(client).url == reverse("account_email_verification_sent")
    assert [letter.subject for letter in mail.outbox] == ["This username is taken"]
    assert (User.objects.count(), EmailAddress.objects.count(), Account.objects.count()) == (1, 0, 0)


def test_another_fault_of_the_database_is_not_taken_for_a_taken_name(client, monkeypatch):
    def fail(**values):
        raise IntegrityError("CHECK constraint failed: account_named")

    monkeypatch.setattr(newcomers, "open_account", fail)
    with pytest.raises(IntegrityError):
        sign_up(client)
    assert (User.objects.count(), EmailAddress.objects.count(), Account.objects.count()) == (0, 0, 0)


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
