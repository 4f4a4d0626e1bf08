"""Passkeys on the wire: one that is right signs in; whatever else is sent gets the same plain line, and nothing breaks."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from bonafide.sessions.models import Outcome, Session, SignIn
from tests.factories.accounts import enter
from tests.fakes.passkey import Passkey
from tests.sign_in.factors.people import confirm, is_in, make_person, sign_in

pytestmark = pytest.mark.django_db
NOT_ACCEPTED = "This passkey was not accepted"
MADE_UP = [
    "",
    "not json",
    "null",
    "[]",
    "7",
    '"text"',
    "{}",
    '{"id": 1, "rawId": 2, "type": "public-key", "response": {}}',
    '{"response": null}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"userHandle": "MQ"}}',
    Passkey().get({"publicKey": {"challenge": "AAAA"}}),
    "[" * 5000,
]


def asked(client):
    """What a browser is told to ask a passkey for, on the sign-in page."""
    return client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()["request_options"]


def show(client, credential, to="mfa_login_webauthn", **values):
    return client.post(reverse(to), {"credential": credential, **values}, follow=True)


@pytest.fixture
def person():
    return make_person()


@pytest.fixture
def passkey(client, person):
    """A passkey that the person has added; they are signed out again."""
    passkey = Passkey()
    enter(client, person)
    confirm(client)
    options = json.loads(client.get(reverse("mfa_add_webauthn")).context["options"])
    assert show(client, passkey.create(options), "mfa_add_webauthn", name="laptop").status_code == 200
    client.logout()
    return passkey


def test_it_signs_in_by_itself_and_leads_on_to_where_one_was_going(client, person, passkey):
    response = show(client, passkey.get(asked(client)), next="/bills")
    assert response.request["PATH_INFO"] == "/bills"
    assert is_in(client)
    assert Session.objects.get(user=person, ended_at=None).how == "webauthn"


def test_asvs_6_3_4_every_way_in_asks_for_two_factors(client, person, passkey):
    assert asked(client)["publicKey"]["userVerification"] == "required"
    passkey.verified = False
    assert NOT_ACCEPTED in show(client, passkey.get(asked(client))).content.decode()
    assert not is_in(client), "held, but not unlocked: one factor"
    sign_in(client, person)
    assert not is_in(client), "the password: one factor"


def test_what_was_shown_once_cannot_be_shown_again(client, person, passkey):
    shown = passkey.get(asked(client))
    show(client, shown)
    client.logout()
    asked(client)
    assert NOT_ACCEPTED in show(client, shown).content.decode()
    assert not is_in(client)


@pytest.mark.parametrize(
    "changed", [{"origin": "https://localhost.evil.example"}, {"origin": "http://console.example"}, {"host": "evil.example"}]
)
def test_what_was_shown_to_a_false_page_is_worth_nothing(client, passkey, changed):
    vars(passkey).update(changed)
    assert NOT_ACCEPTED in show(client, passkey.get(asked(client))).content.decode()
    assert not is_in(client)


def test_a_passkey_that_was_not_unlocked_is_not_added(client, person):
    enter(client, person)
    confirm(client)
    options = json.loads(client.get(reverse("mfa_add_webauthn")).context["options"])
    said = show(client, Passkey(verified=False).create(options), "mfa_add_webauthn", name="key").content.decode()
    assert NOT_ACCEPTED in said
    assert not Authenticator.objects.exists()


def test_a_closed_login_stays_closed_to_its_passkey(client, person, passkey):
    person.is_active = False
    person.save()
    show(client, passkey.get(asked(client)))
    assert not is_in(client)


def test_a_refused_passkey_is_kept_in_the_history_of_whoever_added_it(client, person, passkey):
    passkey.verified = False
    show(client, passkey.get(asked(client)))
    assert SignIn.objects.get(outcome=Outcome.WRONG_PASSKEY).user == person


@pytest.mark.parametrize("sent", MADE_UP)
def test_a_made_up_one_does_not_sign_in(client, person, passkey, sent):
    before = SignIn.objects.count()
    asked(client)
    response = show(client, sent)
    assert response.status_code == 200
    assert not is_in(client)
    assert not sent or NOT_ACCEPTED in response.content.decode()
    assert SignIn.objects.count() == before, "whose it claims to be is anybody's to write"


@pytest.mark.parametrize("sent", MADE_UP)
def test_nor_does_it_do_for_a_second_step_a_confirmation_or_a_new_one(client, person, passkey, sent):
    sign_in(client, person)
    client.get(reverse("mfa_authenticate"))
    assert show(client, sent, "mfa_authenticate").status_code == 200
    assert not is_in(client)
    client.logout()
    enter(client, person)
    client.get(reverse("mfa_reauthenticate_webauthn"))
    assert show(client, sent, "mfa_reauthenticate_webauthn").status_code == 200
    assert client.get(reverse("recovery_codes")).status_code == 302, "not confirmed"
    confirm(client)
    client.get(reverse("mfa_add_webauthn"))
    assert show(client, sent, "mfa_add_webauthn", name="x").status_code == 200
    assert Authenticator.objects.count() == 1


def test_nobody_is_signed_in_by_a_passkey_that_names_somebody_else(client, passkey):
    other = make_person()
    passkey.owner = str(other.pk).encode()
    assert NOT_ACCEPTED in show(client, passkey.get(asked(client))).content.decode()
    assert not is_in(client)
