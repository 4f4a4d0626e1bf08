"""After a change of how one signs in, whoever else is signed in is out at once, and the change is told by letter."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session
from bonafide.sign_in import changes
from bonafide.sign_in.adapter import AccountAdapter
from bonafide.sign_in.models import Event, SecurityLetter
from bonafide.sign_in.replace_password import Overtaken, replace_password
from tests.factories.accounts import make_member
from tests.sign_in.people import NEW, PASSWORD, come_in, is_in, make_vega
from tests.sign_in.post import RESET, delivered, link, subjects

pytestmark = pytest.mark.django_db
CHANGE = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def user():
    return make_vega()


@pytest.fixture
def elsewhere(user):
    """Another browser, signed in as the same person."""
    other = Client()
    come_in(other)
    assert is_in(other)
    return other


def reasons():
    return set(Session.objects.exclude(ended_at=None).exclude(user=None).values_list("end_reason", flat=True))


def test_asvs_7_4_3_changing_the_password_ends_the_others_and_keeps_this_one(client, user, elsewhere):
    come_in(client)
    client.post(reverse("account_change_password"), CHANGE)
    assert is_in(client)
    assert not is_in(elsewhere)
    assert reasons() == {Reason.PASSWORD_CHANGED}
    assert subjects()[-1] == "Your password was changed"


def test_without_the_ending_the_other_browser_would_be_told_so_by_nobody(client, user, elsewhere, monkeypatch):
    monkeypatch.setattr(changes, "end_sessions", lambda **about: 0)
    come_in(client)
    client.post(reverse("account_change_password"), CHANGE)
    assert Reason.PASSWORD_CHANGED not in reasons()


def test_a_first_password_is_told_as_that(client, user):
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    client.post(reverse("account_set_password"), {"password1": NEW, "password2": NEW})
    assert subjects() == ["You have a password now"]


def test_asvs_6_4_3_a_reset_by_letter_ends_every_session_and_signs_nobody_in(client, user, elsewhere):
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.post(reverse("account_reset_password"), {"email": user.email})
    form = client.get(link(delivered()[-1], RESET)).url
    client.post(form, {"password1": NEW, "password2": NEW})
    assert not is_in(client)
    assert not is_in(elsewhere)
    assert come_in(client, password=NEW).url == reverse("mfa_authenticate"), "the second factor is asked for as ever"
    assert Authenticator.objects.filter(user=user).exists()


def test_one_reset_link_sent_twice_at_once_sets_one_password(user):
    first, second = type(user).objects.get(pk=user.pk), type(user).objects.get(pk=user.pk)
    given = {"request": None, "event": Event.PASSWORD_RESET, "now": timezone.now()}
    replace_password(user=first, password=NEW, **given)
    with pytest.raises(Overtaken):
        replace_password(user=second, password="the one of the thief", **given)
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_who_was_overtaken_reads_so_and_can_ask_again(client, user, monkeypatch):
    client.post(reverse("account_reset_password"), {"email": user.email})
    form = client.get(link(delivered()[-1], RESET)).url

    def overtaken(**about):
        raise Overtaken

    monkeypatch.setattr("bonafide.sign_in.adapter.replace_password", overtaken)
    page = client.post(form, {"password1": NEW, "password2": NEW}, follow=True).content.decode()
    assert "used already or is too old" in page


@pytest.mark.parametrize("same_browser", [True, False])
def test_a_changed_address_is_told_to_the_old_and_the_new_one_and_ends_the_others(
    client, user, elsewhere, settings, same_browser
):
    settings.ACCOUNT_CHANGE_EMAIL = True
    come_in(client)
    pending = EmailAddress.objects.create(user=user, email="vega@elsewhere.example", verified=False, primary=False)
    browser = client if same_browser else Client()
    browser.post(reverse("account_confirm_email", args=[EmailConfirmationHMAC(pending).key]))
    user.refresh_from_db()
    assert user.email == "vega@elsewhere.example"
    assert subjects("vega@example.com")[-1] == subjects("vega@elsewhere.example")[-1] == "Your e-mail address was changed"
    assert not is_in(elsewhere)
    assert is_in(client) == same_browser
    assert reasons() == {Reason.EMAIL_CHANGED}
    to_old, to_new = delivered("vega@example.com")[-1], delivered("vega@elsewhere.example")[-1]
    assert "makes this address the one of your login again" in to_old.body
    assert "makes this address the one" not in to_new.body
    assert "vega@elsewhere.example" not in to_old.body, "an old mailbox may be somebody else's by now"


@pytest.mark.parametrize("announced", sorted(changes.ANNOUNCED))
def test_asvs_6_3_7_what_allauth_announces_becomes_one_of_our_letters(rf, user, announced):
    request = rf.get("/")
    request.user, request.session = user, type("NoSession", (), {"session_key": None})()
    provider = type("Provider", (), {"name": "Acme"})
    with context.request_context(request):
        AccountAdapter(request).send_notification_mail(announced, user, {"provider": provider})
    (letter,) = delivered("vega@example.com")
    assert changes.ANNOUNCED[announced].label
    assert "203.0.113" not in letter.body


def test_a_recovery_code_that_was_used_is_told(user):
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        changes.note_code_used(user=user, authenticator=Authenticator(user=user, type=kind))
    assert subjects() == ["A recovery code was used"]


def test_asvs_6_3_5_a_second_step_that_fails_again_and_again_is_told(client, user):
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert come_in(client).url == reverse("mfa_authenticate")
    for tries in range(1, 5):
        client.post(reverse("mfa_authenticate"), {"code": f"00000{tries}"})
        assert subjects() == (["Somebody was stopped at your second step"] if tries >= 3 else [])


def test_sessions_that_our_staff_end_are_told_once_and_those_one_ends_oneself_are_not(client, user, elsewhere):
    come_in(client)
    now = timezone.now()
    for row in Session.objects.filter(user=user):
        end_sessions(user=user, reason=Reason.ENDED_BY_STAFF, now=now, only=row.pk)
    come_in(client)
    end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now + timedelta(hours=1))
    assert subjects().count("Our staff ended your sessions") == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_of_two_password_changes_at_once_one_counts_and_the_other_is_signed_out(user, round_):
    browsers, new = [Client(), Client()], [NEW, "a third set of plain words"]
    for browser in browsers:
        come_in(browser)
    start = Barrier(2)

    def change(n):
        start.wait(20)
        try:
            given = {"oldpassword": PASSWORD, "password1": new[n], "password2": new[n]}
            return browsers[n].post(reverse("account_change_password"), given).url
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(change, range(2)))
    user.refresh_from_db()
    [winner] = [n for n in range(2) if user.check_password(new[n])]
    assert answers[winner] == "/"
    assert answers[1 - winner].startswith(reverse("account_login"))
    assert [is_in(browser) for browser in browsers] == [n == winner for n in range(2)]
    assert SecurityLetter.objects.filter(event=Event.PASSWORD_CHANGED).count() == 1


def test_the_ways_of_others_are_left_alone(client, user):
    stranger, theirs = make_member(username="altair", password=PASSWORD), Client()
    EmailAddress.objects.create(user=stranger, email=stranger.email, verified=True, primary=True)
    come_in(theirs, login="altair")
    come_in(client)
    client.post(reverse("account_change_password"), CHANGE)
    assert is_in(theirs)
