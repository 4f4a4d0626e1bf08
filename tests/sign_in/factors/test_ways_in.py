"""No way in goes around the second factor (OWASP ASVS 5.0, 6.3.4 and 6.4.3)."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from bonafide.sign_in.confirm_again import send_confirmation
from tests.factories.accounts import make_app
from tests.sign_in.factors.people import SECRET, answer, code, is_in, make_person, sign_in

pytestmark = pytest.mark.django_db
NEW = "another set of plain words"


@pytest.fixture
def person(clock):
    person = make_person()
    make_app(person, SECRET)
    return person


def test_asvs_6_4_3_a_new_password_by_letter_does_not_replace_the_second_factor(client, person):
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = re.search(r"http\S+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]
    client.post(client.get(link).url, {"password1": NEW, "password2": NEW})
    assert not is_in(client)
    assert sign_in(client, person, password=NEW).url == reverse("mfa_authenticate")
    assert not is_in(client)
    answer(client, code())
    assert is_in(client)


def test_a_confirmed_address_does_not_replace_it_either(client, person):
    EmailAddress.objects.filter(user=person).update(verified=False)
    send_confirmation(user=person, now=timezone.now())
    link = re.search(r"http\S+(/account/confirm-email/\S+)", mail.outbox[0].body)[1]
    client.post(link)
    assert not is_in(client)
    assert sign_in(client, person).url == reverse("mfa_authenticate")
    assert not is_in(client)


def test_the_second_step_cannot_be_opened_without_the_first(client, person):
    assert client.get(reverse("mfa_authenticate")).url == reverse("account_login")
    assert answer(client, code()).url == reverse("account_login")
    assert not is_in(client)


def test_a_first_step_that_was_left_is_forgotten(client, person, clock):
    sign_in(client, person)
    clock.shift(3600)
    assert answer(client, code()).url == reverse("account_login")
    assert not is_in(client)
