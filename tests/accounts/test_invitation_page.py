"""/invitations/<token>: who invites to what, and as whom one accepts; the way round by sign-in and sign-up included."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.invite import invite, withdraw
from bonafide.accounts.models import Account, Invitation, Membership, User
from tests.accounts.confirmed import signed_in
from tests.factories.accounts import make_account, make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


@pytest.fixture
def invited(account):
    owner = make_member(account=account, username="vega")
    return invite(account=account, email="ana@example.com", role="billing", by=owner, now=timezone.now())


@pytest.fixture
def link(invited):
    return reverse("invitation", args=[invited.token])


def text(response):
    return response.content.decode()


def bare(response):
    """A page without what differs at every address and look: its own address, and the token of its forms."""
    return re.sub(r'value="[^"]*"', "", text(response))


def sign_up(client, link, email="ana@example.com"):
    form = {"username": "ana", "email": email, "password1": PASSWORD, "next": link}
    return client.post(reverse("account_signup"), form)


def test_it_says_who_invites_to_what_and_nothing_is_accepted_by_looking(client, link):
    page = text(client.get(link))
    assert "You are invited to Atelier Vega" in page
    assert "vega" in page
    assert "Billing" in page
    assert f"{reverse('account_login')}?next={link}" in page
    assert f"{reverse('account_signup')}?next={link}" in page
    assert Invitation.objects.get().accepted_at is None


def test_a_press_while_signed_out_accepts_nothing(client, link):
    assert "You are invited" in text(client.post(link))
    assert Invitation.objects.get().accepted_at is None


def test_one_sees_as_whom_one_accepts_and_acts_for_the_account_at_once(link, account):
    ana = make_member(username="ana", email="private@example.com")
    client = signed_in(ana)
    page = text(client.get(link))
    assert "Accept as ana" in re.sub(r"\s+", " ", page)
    assert "private@example.com" in page
    page = text(client.post(link, follow=True))
    assert "You are a member of Atelier Vega, in the role Billing." in page
    assert client.get("/bills").wsgi_request.membership.account == account


def test_pressed_twice_it_says_the_same_twice(link):
    client = signed_in(make_user())
    first, second = client.post(link, follow=True), client.post(link, follow=True)
    assert "You are a member of Atelier Vega" in text(first)
    assert "You are a member of Atelier Vega" in text(second)
    assert Membership.objects.count() == 2


def test_a_member_has_nothing_to_accept_and_keeps_their_role(account, link):
    client = signed_in(make_member(account=account, role="viewer"))
    assert "a member already" in text(client.get(link))
    client.post(link)
    assert account.memberships.filter(role="billing").count() == 0
    assert Invitation.objects.get().accepted_at is None


def test_dead_links_all_look_the_same_and_the_same_as_none(client, invited, link):
    unknown = client.get(reverse("invitation", args=["nonsense"]))
    assert unknown.status_code == 404
    ends = {
        "withdrawn": lambda: withdraw(invitation=invited.invitation, now=timezone.now()),
        "expired": lambda: Invitation.objects.update(withdrawn_at=None, expires_at=timezone.now()),
        "used": lambda: Invitation.objects.update(accepted_at=timezone.now()),
    }
    for end in ends.values():
        end()
        for answer in (client.get(link), signed_in(make_user()).post(link)):
            assert answer.status_code == 404
            assert "This link does not work" in text(answer)
            assert "Atelier" not in text(answer)
        assert bare(client.get(link)) == bare(unknown)
    assert Membership.objects.count() == 1


def test_nothing_of_it_is_stored_or_told_to_other_sites(client, link):
    response = client.get(link)
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "same-origin"


def test_signing_in_leads_back_to_the_link(client, link):
    user = make_member(username="ana", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    response = client.post(reverse("account_login"), {"login": "ana", "password": PASSWORD, "next": link})
    assert response.url == link


def test_who_signs_up_on_the_way_gets_no_account_of_their_own_and_comes_back_to_the_link(client, link, account):
    """The invited address is confirmed like any other: a letter handed on must not make its holder the owner."""
    sign_up(client, link)
    ana = User.objects.get(username="ana")
    assert ana.language == "en"
    assert list(Account.objects.all()) == [account]
    assert not EmailAddress.objects.get(user=ana).verified
    confirm = re.search(r"http\S+(/account/confirm-email/\S+)", mail.outbox[-1].body)[1]
    assert client.post(confirm).url == link
    client.post(link)
    assert list(ana.memberships.values_list("account", "role")) == [(account.pk, "billing")]


@pytest.mark.parametrize("way", ["/bills", "/invitations/nonsense", "https://evil.example/invitations/x", ""])
def test_any_other_way_to_sign_up_opens_an_account(client, invited, way):
    sign_up(client, way)
    assert User.objects.get(username="ana").memberships.get().role == "owner"


def test_a_dead_invitation_leaves_the_new_person_with_an_account_of_their_own(client, invited, link):
    withdraw(invitation=invited.invitation, now=timezone.now())
    sign_up(client, link)
    assert User.objects.get(username="ana").memberships.get().role == "owner"


def test_accepting_wants_the_forms_token(link):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    assert client.post(link).status_code == 403
    assert Invitation.objects.get().accepted_at is None
