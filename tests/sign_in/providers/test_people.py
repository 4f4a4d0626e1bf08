"""Whom a provider's word lets in: somebody new after our usual questions, somebody known once they connected it themselves."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.models import Account, Membership, User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session, SignIn
from bonafide.sign_in.models import Event, SecurityLetter
from bonafide.sign_in.providers import views
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"


def member(**values):
    user = make_member(**{"username": "vega", "email": "vega@example.com", "password": PASSWORD, **values})
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def signed_in_as(client):
    return User.objects.get(pk=client.session["_auth_user_id"]) if "_auth_user_id" in client.session else None


def sign_in(client):
    return client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD})


def connect(client, go):
    """As on /settings/security, with the confirmation in between."""
    pressed = client.post(reverse("connect_provider", args=["acme"]))
    if pressed.url.startswith(reverse("account_reauthenticate")):
        pressed = client.post(pressed.url, {"password": PASSWORD})
    assert pressed.url == reverse("go_to_provider", args=["acme"])
    return go.finish(client, client.get(pressed.url))


# --- Somebody new ---------------------------------------------------------------------------------------------------------
def test_somebody_new_chooses_a_name_and_is_in_with_an_account_of_their_own(client, go):
    assert go(client, next_url="/bills").url == reverse("socialaccount_signup")
    page = client.get(reverse("socialaccount_signup")).content.decode()
    assert 'value="mira"' in page
    assert re.search(r'name="email"[^>]*value="mira@example.org"[^>]*disabled|disabled[^>]*name="email"', page)
    assert "terms of service" in page
    answer = client.post(reverse("socialaccount_signup"), {"username": "Mira.N"})
    assert answer.url == "/bills"
    user = signed_in_as(client)
    assert (user.username, user.email, user.has_usable_password()) == ("Mira.N", "mira@example.org", False)
    assert EmailAddress.objects.get(user=user).verified
    assert Membership.objects.get(user=user).role == "owner"
    assert mail.outbox == []
    row = Session.objects.get(user=user, ended_at=None)
    assert (row.how, row.address) == ("socialaccount:acme", "127.0.0.1")
    assert SignIn.objects.get(user=user).how == "socialaccount:acme"
    kept = SocialAccount.objects.get(user=user)
    assert kept.uid == "248289761001"
    assert set(kept.extra_data) <= {"iss", "sub", "email", "email_verified", "preferred_username"}


@pytest.mark.parametrize("verified", [False, None, "false", 0, "no"])
def test_an_address_that_the_provider_has_not_verified_is_verified_by_our_letter(client, provider, go, verified):
    provider.person["email_verified"] = verified
    go(client)
    answer = client.post(reverse("socialaccount_signup"), {"username": "mira", "email": "other@example.org"})
    assert answer.url == reverse("account_email_verification_sent")
    assert signed_in_as(client) is None
    [address] = EmailAddress.objects.all()
    assert (address.email, address.verified) == ("other@example.org", False)
    [letter] = mail.outbox
    client.post(re.search(r"http\S+(/account/confirm-email/\S+)", letter.body)[1])
    assert signed_in_as(client).email == "other@example.org"


def test_a_verified_address_cannot_be_exchanged_for_another_by_the_form(client, go):
    go(client)
    client.post(reverse("socialaccount_signup"), {"username": "mira", "email": "victim@example.com"})
    assert User.objects.get().email == "mira@example.org"


def test_a_person_who_comes_again_is_signed_in_at_once(client, go):
    go(client)
    client.post(reverse("socialaccount_signup"), {"username": "mira"})
    client.post(reverse("account_logout"))
    assert go(client).url == "/"
    assert signed_in_as(client).username == "mira"
    assert User.objects.count() == 1


@pytest.mark.parametrize("proposed", ["admin", "mira@acme.example", "мira", "", "vega", None, 7])
def test_a_name_that_cannot_be_had_is_not_proposed(client, provider, go, proposed):
    member()
    provider.person["preferred_username"] = proposed
    go(client)
    page = client.get(reverse("socialaccount_signup")).content.decode()
    field = re.search(r'<input[^>]*name="username"[^>]*>', page)[0]
    assert "value=" not in field or proposed == 7


def test_a_name_that_is_taken_is_told_by_letter_and_nothing_is_made(client, go):
    member(username="mira")
    go(client)
    answer = client.post(reverse("socialaccount_signup"), {"username": "Mira"})
    assert answer.url == reverse("account_email_verification_sent")
    assert [letter.subject for letter in mail.outbox] == ["This username is taken"]
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 0)


def test_the_sign_up_cannot_be_opened_without_coming_from_a_provider(client):
    assert client.get(reverse("socialaccount_signup")).url == reverse("account_login")


# --- Somebody known -------------------------------------------------------------------------------------------------------
def test_a_verified_address_takes_nobodys_login_over(client, provider, go):
    """Whoever gets the provider to vouch for an address of somebody here comes no further than that person's mailbox."""
    vega = member(email="mira@example.org")
    assert go(client).url == reverse("socialaccount_signup")
    assert signed_in_as(client) is None
    answer = client.post(reverse("socialaccount_signup"), {"username": "another"})
    assert answer.url == reverse("account_email_verification_sent")
    assert signed_in_as(client) is None
    assert [(letter.subject, letter.to) for letter in mail.outbox] == [("You have an account already", [vega.email])]
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 0)
    vega.refresh_from_db()
    assert vega.check_password(PASSWORD)


def test_who_is_signed_in_connects_it_after_confirming_and_then_it_opens_their_login(client, go):
    vega = member()
    client.force_login(vega)
    assert connect(client, go).url == reverse("mfa_index")
    page = client.get(reverse("mfa_index")).content.decode()
    assert "Acme is connected" in page
    assert "mira@example.org" in page
    assert SecurityLetter.objects.filter(user=vega, event=Event.PROVIDER_CONNECTED).count() == 1
    client.post(reverse("account_logout"))
    assert go(client).url == "/"
    assert signed_in_as(client) == vega


def test_an_address_alone_connects_nothing(client, provider, go):
    """Else a page elsewhere could lead a signed-in person to connect an account that is not theirs."""
    client.force_login(member())
    assert client.get(reverse("go_to_provider", args=["acme"])).url == reverse("mfa_index")
    assert client.get(reverse("connect_provider", args=["acme"])).status_code == 405
    assert provider.asked == []


def test_an_account_there_that_is_connected_elsewhere_is_not_taken_from_there(client, go):
    first = member(username="first", email="first@example.com")
    client.force_login(first)
    connect(client, go)
    client.post(reverse("account_logout"))
    client.force_login(member())
    connect(client, go)
    assert "connected to another login already" in client.get(reverse("mfa_index")).content.decode()
    assert SocialAccount.objects.get().user == first


def test_asvs_6_3_4_the_second_factor_is_asked_for_all_the_same(client, go):
    vega = member()
    client.force_login(vega)
    connect(client, go)
    client.post(reverse("account_logout"))
    Authenticator.objects.create(user=vega, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert go(client).url.startswith(reverse("mfa_authenticate"))
    assert signed_in_as(client) is None


def test_a_closed_login_stays_closed_and_so_does_one_that_needs_a_new_password(client, go):
    vega = member()
    client.force_login(vega)
    connect(client, go)
    client.post(reverse("account_logout"))
    User.objects.update(is_active=False)
    assert go(client).url == reverse("account_inactive")
    User.objects.update(is_active=True, reset_required_at="2026-01-01T00:00Z")
    assert go(client).url == reverse("reset_required")
    assert signed_in_as(client) is None


# --- Disconnecting --------------------------------------------------------------------------------------------------------
def test_a_disconnected_provider_opens_nothing_any_more(client, go):
    vega = member()
    client.force_login(vega)
    connect(client, go)
    client.post(reverse("disconnect_provider", args=[SocialAccount.objects.get().pk]))
    assert not SocialAccount.objects.exists()
    assert SecurityLetter.objects.filter(user=vega, event=Event.PROVIDER_REMOVED).count() == 1
    client.post(reverse("account_logout"))
    assert go(client).url == reverse("socialaccount_signup")
    assert signed_in_as(client) is None


def test_the_only_way_in_cannot_be_taken_away(client, go):
    go(client)
    client.post(reverse("socialaccount_signup"), {"username": "mira"})
    client.post(reverse("disconnect_provider", args=[SocialAccount.objects.get().pk]))
    assert "your only way in" in client.get(reverse("mfa_index")).content.decode()
    assert SocialAccount.objects.exists()


def test_anothers_connection_is_not_there(client, go):
    client.force_login(member())
    connect(client, go)
    theirs = SocialAccount.objects.get()
    stranger = member(username="stranger", email="stranger@example.com")
    client.force_login(stranger)
    answer = client.post(reverse("disconnect_provider", args=[theirs.pk]))
    if answer.status_code == 302:
        answer = client.post(answer.url, {"password": PASSWORD})
    assert answer.status_code == 404
    assert SocialAccount.objects.exists()


def test_a_provider_that_the_operator_took_out_opens_nothing_and_can_be_disconnected(client, go, declare):
    client.force_login(member())
    connect(client, go)
    declare()
    assert "not offered any more" in client.get(reverse("mfa_index")).content.decode()
    client.post(reverse("disconnect_provider", args=[SocialAccount.objects.get().pk]))
    assert not SocialAccount.objects.exists()


def test_nothing_of_it_is_shown_where_no_provider_is_declared(client, declare):
    declare()
    client.force_login(member())
    assert "Other services" not in client.get(reverse("mfa_index")).content.decode()
    assert Account.objects.exists()


def test_a_session_that_ends_while_the_provider_answers_connects_nothing(client, go, monkeypatch):
    vega = member()
    client.force_login(vega)
    monkeypatch.setattr(views, "_vouched_for", ending(views._vouched_for, vega))
    assert connect(client, go).url == reverse("account_login")
    assert not SocialAccount.objects.exists()


def ending(answer, user):
    def after(*given):
        found = answer(*given)
        end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=timezone.now())
        return found

    return after
