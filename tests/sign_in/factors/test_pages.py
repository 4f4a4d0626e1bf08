"""/settings/security and what hangs on it: fresh confirmation, other sessions ended, a letter, nobody else's things."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.sessions.models import Reason, Session
from bonafide.sign_in.factors.recovery_codes import make_codes
from bonafide.sign_in.factors.remove import LastOfStaff, remove_factor
from tests.factories.accounts import enter, make_app, make_user
from tests.sign_in.factors.people import PASSWORD, code, confirm, make_person
from tests.sign_in.post import subjects

pytestmark = pytest.mark.django_db
CHANGES = ["mfa_activate_totp", "mfa_add_webauthn", "recovery_codes", "mfa_deactivate_totp"]


def make_passkey(user, name="laptop"):
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": name, "credential": {"rawId": name}})


@pytest.fixture
def person():
    return make_person()


@pytest.fixture
def here(client, person):
    """The person's browser, freshly confirmed."""
    enter(client, person)
    confirm(client)
    return client


@pytest.fixture
def elsewhere(person):
    """The same person's other browser."""
    other = Client()
    other.force_login(person)
    return other


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_asvs_7_5_1_every_change_asks_again_who_one_is(client, person, name, method):
    make_app(person)
    enter(client, person)
    assert getattr(client, method)(reverse(name)).url.startswith("/account/confirm/?next=%2Fsettings%2Fsecurity%2F")
    assert Authenticator.objects.count() == 1


def test_a_confirmation_is_good_for_the_declared_minutes(clock, here, settings):
    confirm(here)
    assert here.get(reverse("mfa_add_webauthn")).status_code == 200
    clock.shift(settings.OPERATOR.sessions.confirm_minutes * 60 + 1)
    assert here.get(reverse("mfa_add_webauthn")).status_code == 302


def test_what_was_pressed_before_confirming_goes_on_after_it(client, person):
    make_app(person)
    enter(client, person)
    asked = client.post(reverse("recovery_codes"), HTTP_X_MARK="1", REMOTE_ADDR="192.0.2.17")
    kept = str(client.session.items())
    assert client.session.session_key not in kept, "nothing in the session opens it"
    assert "192.0.2.17" not in kept
    made = client.post(asked.url, {"password": PASSWORD, "next": reverse("recovery_codes")})
    assert "Your recovery codes" in made.content.decode()


def test_a_form_with_a_secret_in_it_is_never_kept(client, person):
    enter(client, person)
    client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": "123456"})
    assert "123456" not in str(client.session.items())


def test_an_app_is_set_up_with_a_code_and_the_rest_of_the_house_hears_of_it(clock, here, person, elsewhere):
    confirm(here)
    page = here.get(reverse("mfa_activate_totp")).content.decode()
    assert 'src="data:image/svg+xml' in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert secret not in str(here.session.items()), "not even while it waits"
    wrong = here.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert "is wrong" in wrong
    assert secret in wrong.replace(" ", ""), "the same picture, not a new one"
    assert here.post(reverse("mfa_activate_totp"), {"code": code(secret)}).url == reverse("recovery_codes")
    assert elsewhere.get("/bills").status_code == 302
    assert Session.objects.get(end_reason=Reason.FACTOR_CHANGED).user == person
    assert "1 other session of yours was ended" in here.get(reverse("mfa_index")).content.decode()
    assert subjects(person.email) == ["An authenticator app was added"]


def test_removing_the_last_factor_takes_the_recovery_codes_with_it(here, person, elsewhere):
    make_app(person)
    make_codes(user=person, now=timezone.now())
    assert here.post(reverse("mfa_deactivate_totp")).url == reverse("mfa_index")
    assert not Authenticator.objects.exists()
    assert elsewhere.get("/bills").status_code == 302
    assert subjects(person.email) == ["The authenticator app was removed"]
    assert "Your password, and nothing else" in here.get(reverse("mfa_index")).content.decode()


def test_a_passkey_is_renamed_and_removed(here, person):
    passkey = make_passkey(person)
    here.post(reverse("mfa_edit_webauthn", args=[passkey.pk]), {"name": "<b>phone</b>"})
    assert "&lt;b&gt;phone&lt;/b&gt;" in here.get(reverse("mfa_index")).content.decode()
    here.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("name", ["mfa_edit_webauthn", "mfa_remove_webauthn"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_passkey_does_not_exist(here, name, method):
    theirs = make_passkey(make_person())
    assert getattr(here, method)(reverse(name, args=[theirs.pk]), {"name": "mine"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.data["name"] == "laptop"


def test_asvs_6_3_3_the_last_second_factor_of_staff_stays(client):
    staff = make_person(is_staff=True, is_superuser=True)
    app, passkey = make_app(staff), make_passkey(staff)
    enter(client, staff)
    confirm(client)
    client.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))
    refused = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert "Staff keep at least one second factor" in refused
    assert list(Authenticator.objects.all()) == [app]
    with pytest.raises(LastOfStaff):
        remove_factor(authenticator=app)


def test_second_factors_cannot_be_read_or_taken_away_in_the_back_office(client):
    staff = make_user(is_staff=True, is_superuser=True)
    enter(client, staff)
    assert client.get("/staff/mfa/authenticator/").status_code == 404


def test_a_second_app_is_refused_by_the_database_itself(person):
    make_app(person)
    with pytest.raises(IntegrityError):
        make_app(person)


@pytest.mark.parametrize(
    ("makes", "said"),
    [
        ([], "Your password, and nothing else"),
        ([make_app], "Your password, then a code from your authenticator app."),
        ([make_passkey], "A passkey alone. Or your password, and a passkey after it."),
        ([make_app, make_passkey], "A passkey alone. Or your password, then a passkey or a code"),
    ],
)
def test_the_page_says_what_signing_in_asks_for(client, person, makes, said):
    for make in makes:
        make(person)
    enter(client, person)
    assert said in client.get(reverse("mfa_index")).content.decode()


def test_guesses_at_the_password_of_a_confirmation_are_slowed_down(client, person):
    enter(client, person)
    answers = [client.post(reverse("account_reauthenticate"), {"password": f"guess {time.time()}"}) for _ in range(11)]
    assert answers[-1].status_code == 429


def test_who_comes_by_a_provider_alone_confirms_by_having_signed_in_lately(client, settings, clock):
    """allauth would let them change everything for as long as the session lasts."""
    person = make_user()
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "provider": "acme", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200
    clock.shift(settings.OPERATOR.sessions.confirm_minutes * 60)
    asked = client.get(reverse("mfa_add_webauthn"))
    assert asked.url == "/account/confirm/?next=%2Fsettings%2Fsecurity%2Fpasskeys%2Fadd"
    page = client.get(asked.url).content.decode()
    assert "Sign in again first" in page
    assert "next=%2Fsettings%2Fsecurity%2Fpasskeys%2Fadd" in page
    assert client.post(reverse("mfa_add_webauthn"), {"name": "x", "credential": "{}"}).url.startswith("/account/confirm/")
