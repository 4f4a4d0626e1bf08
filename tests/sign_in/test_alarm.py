"""The "this was not me" link: looking changes nothing, the button works once, and nobody gets in without a new password."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.models import ApiKey, Invitation, User
from bonafide.sessions.models import Outcome, Reason, Session, SignIn
from bonafide.sign_in import alarm
from bonafide.sign_in.letters import tell
from bonafide.sign_in.models import Event, KnownBrowser, SecurityLetter
from tests.sign_in.people import NEW, PASSWORD, come_in, is_in, make_vega
from tests.sign_in.post import RESET, delivered, link, subjects

pytestmark = pytest.mark.django_db
CHOOSE = "Choose a new password"


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def user():
    return make_vega(last_login=timezone.now())


@pytest.fixture
def thief(user):
    """Somebody else's browser, signed in with the stolen password."""
    browser = Client()
    come_in(browser)
    return browser


@pytest.fixture
def path(thief):
    """The link in the letter about that sign-in."""
    return link(delivered("vega@example.com")[0])


def press(path, client=None):
    return (client or Client()).post(path, follow=True)


def page_of(path):
    return " ".join(Client().get(path).content.decode().split())


# --- What it does ---------------------------------------------------------------------------------------------------------
def test_looking_at_the_link_changes_nothing_however_often(user, thief, path):
    for _ in range(3):
        assert "If it was not you, the button does this" in page_of(path)
        Client().head(path)
    assert is_in(thief)
    user.refresh_from_db()
    assert (user.reset_required_at, user.has_usable_password()) == (None, True)


def test_the_button_ends_every_session_at_once_and_demands_a_new_password(user, thief, path):
    said = press(path).content.decode()
    assert "Nobody is signed in as you any more" in said
    assert not is_in(thief)
    assert Session.objects.get(user=user).end_reason == Reason.REPORTED
    user.refresh_from_db()
    assert user.reset_required_at
    assert not user.has_usable_password()
    assert not KnownBrowser.objects.exists()
    assert subjects("vega@example.com")[1:] == [CHOOSE]


def test_whoever_is_signed_in_as_that_person_is_out_by_their_own_press_too(thief, path):
    assert "Nobody is signed in as you any more" in press(path, thief).content.decode()
    assert not is_in(thief)


def test_the_letter_that_follows_leads_back_in(user, thief, path):
    press(path)
    mine = Client()
    form = mine.get(link(delivered()[-1], RESET)).url
    mine.post(form, {"password1": NEW, "password2": NEW})
    user.refresh_from_db()
    assert user.reset_required_at is None
    come_in(mine, password=NEW)
    assert is_in(mine)
    come_in(thief, password=PASSWORD)
    assert not is_in(thief)


def test_what_was_added_since_is_taken_back_and_what_was_there_before_stays(user, path):
    told_at = SecurityLetter.objects.get().at
    for when, name in ((told_at - timedelta(days=1), "mine"), (told_at + timedelta(hours=1), "theirs")):
        Authenticator.objects.create(user=user, type="webauthn", data={"name": name}, created_at=when)
        ApiKey.objects.create(made_by=user, name=name, digest=name, created_at=when)
        Invitation.objects.create(
            account=user.accounts.get(),
            email=f"{name}@example.com",
            role="owner",
            digest=name,
            invited_by=user,
            created_at=when,
            expires_at=when + timedelta(days=7),
        )
    shown = page_of(path)
    assert "Removing 1 passkey or authenticator app that was added since" in shown
    assert "Revoking 1 API key that was made since" in shown
    assert "Withdrawing 1 invitation that was sent since" in shown
    press(path)
    assert [factor.data["name"] for factor in Authenticator.objects.all()] == ["mine"]
    assert ApiKey.objects.get(revoked_at=None).name == "mine"
    assert Invitation.objects.get(withdrawn_at=None).digest == "mine"
    assert "1 passkey or authenticator app" in page_of(path), "and the page still says what was done"


def test_recovery_codes_go_with_the_last_factor_they_stood_in_for(user, path):
    Authenticator.objects.create(user=user, type="recovery_codes", data={}, created_at=timezone.now() - timedelta(days=9))
    Authenticator.objects.create(user=user, type="totp", data={})
    press(path)
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(("language", "said"), [("en", "This was not you?"), ("fr", None)])
def test_it_works_signed_out_and_in_the_readers_language(path, language, said):
    browser = Client()
    browser.cookies["language"] = language
    page = browser.get(path).content.decode()
    assert f'<html lang="{language}"' in page
    assert said is None or said in page


# --- While a new password is demanded -------------------------------------------------------------------------------------
@pytest.mark.parametrize("way", ["password", "passkey"])
def test_nobody_comes_in_by_any_means_and_reads_what_to_do(user, path, way, monkeypatch):
    press(path)
    browser = Client()
    if way == "password":  # which somebody had guessed right all the same
        User.objects.filter(pk=user.pk).update(password=make_vega(username="x", email="x@example.com").password)
    user.refresh_from_db()
    response = come_in(browser) if way == "password" else _perform(browser, user)
    assert response.url == reverse("reset_required")
    assert not is_in(browser)
    assert "A new password is needed" in browser.get(response.url).content.decode()
    assert SignIn.objects.order_by("pk").last().outcome == Outcome.CLOSED


def _perform(browser, user):
    """What allauth does once a passkey or a provider has proven who it is."""
    from allauth.account.internal.flows.login import perform_login
    from allauth.account.models import Login
    from allauth.core import context
    from django.test import RequestFactory

    from bonafide.sessions.store import SessionStore

    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), user
    with context.request_context(request):
        return perform_login(request, Login(user=user))


def test_who_had_done_the_first_step_before_the_report_does_not_get_through_the_second(user):
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"}, created_at=timezone.now() - timedelta(days=9))
    thief = Client()
    assert come_in(thief).url == reverse("mfa_authenticate")
    letter = tell(user=user, event=Event.TOO_MANY, now=timezone.now())
    alarm.raise_alarm(letter=letter, now=timezone.now())
    from unittest.mock import patch

    mine = Authenticator.objects.get()
    with patch("bonafide.sign_in.factors.forms.use_code", return_value=mine):
        assert thief.post(reverse("mfa_authenticate"), {"code": "123456"}).url == reverse("reset_required")
    assert not is_in(thief)


def test_a_reset_under_way_when_it_is_reported_does_not_set_the_thiefs_password(user, path):
    thief = Client()
    thief.post(reverse("account_reset_password"), {"email": user.email})
    form = thief.get(link(delivered()[-1], RESET)).url
    press(path)
    thief.post(form, {"password1": NEW, "password2": NEW})
    user.refresh_from_db()
    assert user.reset_required_at
    assert not user.has_usable_password()


# --- Links that are old, used, or were never given out --------------------------------------------------------------------
def test_an_expired_link_says_what_to_do_instead(user, thief, path):
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        page = press(path).content.decode()
    assert "does not work any more" in page
    assert reverse("account_reset_password") in page
    user.refresh_from_db()
    assert user.reset_required_at is None


def test_a_reused_link_does_nothing_more(user, path):
    press(path)
    User.objects.filter(pk=user.pk).update(reset_required_at=None)
    assert "does nothing more" in press(path).content.decode()
    user.refresh_from_db()
    assert user.reset_required_at is None
    assert subjects().count(CHOOSE) == 1


@pytest.mark.parametrize("token", ["nonsense", "x" * 5000, "%00", "é", "%ED%A0%80"])
def test_a_made_up_link_is_a_plain_page(token):
    response = Client().get(f"/account/not-me/{token}/")
    assert response.status_code == 404
    assert "copy the whole line" in response.content.decode()


def test_the_links_of_later_letters_are_used_up_with_it_and_those_of_earlier_ones_are_not(user, path):
    earlier = tell(user=user, event=Event.API_KEY_MADE, now=timezone.now() - timedelta(days=2), name="x")
    later = tell(user=user, event=Event.PASSKEY_ADDED, now=timezone.now() + timedelta(minutes=5))
    press(path)
    earlier.refresh_from_db()
    later.refresh_from_db()
    assert (bool(earlier.raised_at), bool(later.raised_at)) == (False, True)


def test_several_reports_in_a_row_send_one_letter_whose_link_works(user, path):
    earlier = tell(user=user, event=Event.API_KEY_MADE, now=timezone.now() - timedelta(days=2), name="x")
    press(path)
    reset = link(delivered()[-1], RESET)
    alarm.raise_alarm(letter=earlier, now=timezone.now())
    assert subjects().count(CHOOSE) == 1
    assert Client().get(reset).status_code == 302, "to the form"


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_do_it_once(user, path):
    start = Barrier(2)

    def one(_n):
        client = Client(raise_request_exception=False)
        client.get(path)
        start.wait(20)
        try:
            return client.post(path).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one, range(2))) == [302, 302]
    assert SecurityLetter.objects.filter(event=Event.REPORTED).count() == 1
    letter = SecurityLetter.objects.get(event=Event.NEW_BROWSER)
    assert letter.undone["sessions"] == 1


# --- When the thief changed the address -----------------------------------------------------------------------------------
@pytest.fixture
def moved(user, thief, settings):
    """The thief made their own address the one of the login, and the letters about it are out."""
    settings.ACCOUNT_CHANGE_EMAIL = True
    delivered()
    pending = EmailAddress.objects.create(user=user, email="thief@evil.example", verified=False, primary=False)
    thief.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(pending).key]))
    user.refresh_from_db()
    assert user.email == "thief@evil.example"
    delivered()
    return user


def addresses(user):
    return list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary"))


@pytest.mark.parametrize("which", [-1, 0])
def test_the_old_address_is_restored_and_the_letter_goes_there(moved, thief, which):
    """By the letter about the change, and by the one about the sign-in that led to it."""
    path = link(delivered("vega@example.com")[which])
    assert "the e-mail address from before the change" in page_of(path)
    press(path)
    moved.refresh_from_db()
    assert moved.email == "vega@example.com"
    assert addresses(moved) == [("vega@example.com", True, True)]
    assert subjects("vega@example.com")[-1] == CHOOSE
    assert CHOOSE not in subjects("thief@evil.example")


def test_the_thiefs_own_copy_of_the_letter_gives_the_address_back_too_and_is_used_up_with_the_other(moved):
    owners, thiefs = link(delivered("vega@example.com")[-1]), link(delivered("thief@evil.example")[-1])
    press(owners)
    moved.refresh_from_db()
    before = moved.password
    assert "does nothing more" in press(thiefs).content.decode()
    moved.refresh_from_db()
    assert (moved.email, moved.password) == ("vega@example.com", before)


def test_a_reset_link_that_went_to_the_thief_is_dead(moved):
    thief = Client()
    thief.post(reverse("account_reset_password"), {"email": "thief@evil.example"})
    reset = link(delivered("thief@evil.example")[-1], RESET)
    press(link(delivered("vega@example.com")[-1]))
    assert "does not work any more" in thief.get(reset, follow=True).content.decode()
    thief.post(reverse("account_reset_password"), {"email": "thief@evil.example"})
    assert subjects("thief@evil.example")[-1] == "No account has this address"


def test_signing_up_with_the_old_address_does_not_keep_its_owner_out(moved):
    path = link(delivered("vega@example.com")[-1])
    Client().post(reverse("account_signup"), {"username": "squatter", "email": "vega@example.com", "password1": NEW})
    assert User.objects.filter(username="squatter", email="vega@example.com").exists()
    press(path)
    moved.refresh_from_db()
    assert moved.email == "vega@example.com"
    assert addresses(moved) == [("vega@example.com", True, True)]
    assert User.objects.get(username="squatter").email.endswith("@nobody.invalid")


def test_an_address_that_another_has_confirmed_meanwhile_is_not_taken_from_them(moved):
    path = link(delivered("vega@example.com")[-1])
    make_vega(username="successor")
    said = press(path).content.decode()
    assert "belongs to another login by now" in said
    assert EmailAddress.objects.get(email="vega@example.com").user.username == "successor"
    moved.refresh_from_db()
    assert addresses(moved) == []
    assert not re.search("vega@|thief@", moved.email)
    assert CHOOSE not in subjects(), "the only address left was the thief's"


def test_were_the_address_not_restored_the_letter_would_go_to_the_thief(moved, monkeypatch):
    monkeypatch.setattr(alarm, "_address_before", lambda letter: "")
    press(link(delivered("vega@example.com")[-1]))
    assert subjects("thief@evil.example")[-1] == CHOOSE
