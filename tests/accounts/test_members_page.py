"""/settings/members and what is done there, as each kind of member, a stranger, staff and nobody."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.invite import invite
from bonafide.accounts.models import Account, ApiKey, Invitation, Membership
from tests.accounts.confirmed import confirm, signed_in
from tests.factories.accounts import make_account, make_member, make_user
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
PAGE = "/settings/members"
INVITE = "/settings/members/invite"
OFFER = {"email": "ana@example.com", "role": "viewer"}


class ServerThatHangsUp(BaseEmailBackend):
    def send_messages(self, messages):
        raise SMTPServerDisconnected("the server hung up")


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


@pytest.fixture
def owner(account):
    return make_member(account=account, username="vega", password=PASSWORD)


@pytest.fixture
def viewer(account):
    return make_member(account=account, username="mira", role="viewer", password=PASSWORD)


@pytest.fixture
def open_one(account, owner):
    return invite(account=account, email="tom@example.com", role="viewer", by=owner, now=timezone.now()).invitation


def of(user, account):
    return Membership.objects.get(user=user, account=account)


def text(response):
    return response.content.decode()


# --- Who may do what ------------------------------------------------------------------------------------------------------
ACTIONS = {
    "read": lambda on: ("get", PAGE, {}),
    "open the form to invite": lambda on: ("get", INVITE, {}),
    "invite": lambda on: ("post", INVITE, OFFER),
    "send again": lambda on: ("post", f"{PAGE}/invitations/{on['invitation']}/send", {}),
    "withdraw": lambda on: ("post", f"{PAGE}/invitations/{on['invitation']}/withdraw", {}),
    "open a member": lambda on: ("get", f"{PAGE}/{on['member']}", {}),
    "change a role": lambda on: ("post", f"{PAGE}/{on['member']}", {"role": "owner"}),
    "remove": lambda on: ("post", f"{PAGE}/{on['member']}/remove", {}),
    "leave": lambda on: ("post", f"{PAGE}/leave", {}),
}
# In the order of ROLES. 200 and 302 are done, 403 is a member without the role; 404: there is no such thing for this person.
ROLES = ("owner", "billing", "viewer", "stranger", "staff", "signed out")
TABLE = {
    "read": (200, 200, 200, 200, 404, "sign-in"),
    "open the form to invite": (200, 403, 403, 200, 404, "sign-in"),
    "invite": (302, 403, 403, 302, 404, "sign-in"),  # a stranger invites to their own account
    "send again": (302, 403, 403, 404, 404, "sign-in"),
    "withdraw": (302, 403, 403, 404, 404, "sign-in"),
    "open a member": (200, 403, 403, 404, 404, "sign-in"),
    "change a role": (302, 403, 403, 404, 404, "sign-in"),
    "remove": (302, 403, 403, 404, 404, "sign-in"),
    "leave": (302, 302, 302, 200, 404, "sign-in"),  # the stranger is the last owner of theirs: told so, and stays
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_asvs_8_2_1_and_8_2_2_and_8_4_1_each_role_may_do_what_the_table_says(account, owner, viewer, open_one, role, action):
    people = {
        "owner": lambda: make_member(account=account),
        "billing": lambda: make_member(account=account, role="billing"),
        "viewer": lambda: make_member(account=account, role="viewer"),
        "stranger": make_member,
        "staff": lambda: make_user(is_staff=True, is_superuser=True),
    }
    client = signed_in(people[role]()) if role in people else Client()
    method, address, data = ACTIONS[action]({"invitation": open_one.pk, "member": of(viewer, account).pk})
    response = getattr(client, method)(address, data)
    at_sign_in = response.status_code == 302 and response["Location"].startswith(reverse("account_login"))
    assert ("sign-in" if at_sign_in else response.status_code) == TABLE[action][ROLES.index(role)]
    if TABLE[action][ROLES.index(role)] in (403, 404, "sign-in") or role == "stranger":
        open_one.refresh_from_db()
        assert (of(viewer, account).role, open_one.withdrawn_at) == ("viewer", None)
        assert list(Invitation.objects.filter(account=account)) == [open_one]


def test_everybody_is_listed_and_only_owners_see_addresses_and_invitations(account, owner, viewer, open_one):
    make_member(username="stranger")
    for user, sees in ((owner, True), (viewer, False)):
        page = text(signed_in(user).get(PAGE))
        assert "vega" in page
        assert "mira" in page
        assert "stranger" not in page
        for hidden in (owner.email, open_one.email, "Invite somebody"):
            assert (hidden in page) is sees
    assert viewer.email in text(signed_in(owner).get(PAGE))


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", INVITE),
        ("post", INVITE),
        ("post", "{send}"),
        ("get", "{member}"),
        ("post", "{member}"),
        ("post", "{member}/remove"),
    ],
)
def test_asvs_7_5_1_inviting_roles_and_removals_want_a_fresh_confirmation(account, owner, viewer, open_one, method, address):
    address = address.format(member=f"{PAGE}/{of(viewer, account).pk}", send=f"{PAGE}/invitations/{open_one.pk}/send")
    data = OFFER | {"role": "owner"}
    client = signed_in(owner, confirmed=False)
    for _unconfirmed_or_long_ago in range(2):
        response = getattr(client, method)(address, data)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_reauthenticate"))
        confirm(client, owner, seconds_ago=3600)
    assert of(viewer, account).role == "viewer"
    assert Invitation.objects.count() == 1
    assert posted() == []
    confirm(client, owner)
    response = getattr(client, method)(address, data)
    assert not response.headers.get("Location", "").startswith(reverse("account_reauthenticate"))


def test_what_was_sent_before_the_confirmation_is_done_after_it(account, owner, viewer):
    client = signed_in(owner, confirmed=False)
    asked = client.post(f"{PAGE}/{of(viewer, account).pk}", {"role": "billing"})
    assert of(viewer, account).role == "viewer"
    client.post(asked["Location"], {"password": PASSWORD})
    assert of(viewer, account).role == "billing"


# --- Inviting -------------------------------------------------------------------------------------------------------------
def test_the_letter_speaks_the_language_of_the_account_and_holds_the_one_copy_of_the_link(account, owner, settings):
    Account.objects.update(language="fr")
    response = signed_in(owner).post(INVITE, OFFER, follow=True)
    assert "A letter is on its way to ana@example.com." in text(response)
    [letter] = posted()
    assert letter.to == ["ana@example.com"]
    assert "vega" in letter.body
    assert "Atelier Vega" in letter.body
    assert '<html lang="fr">' in letter.alternatives[0][0]
    link = re.search(rf"{settings.OPERATOR.service.console_url}(/invitations/(\S+))", letter.body)
    assert link[0] in letter.alternatives[0][0]
    assert link[2] not in str(Invitation.objects.values())
    assert link[2] not in text(response)
    assert Client().get(link[1]).status_code == 200


@pytest.mark.parametrize("has_login", [True, False])
def test_asvs_6_3_8_inviting_an_address_does_not_tell_whether_it_has_a_login(owner, has_login):
    if has_login:
        make_user(email="ana@example.com")
    response = signed_in(owner).post(INVITE, OFFER, follow=True)
    assert [m.message for m in response.context["messages"]] == ["A letter is on its way to ana@example.com."]
    assert len(posted()) == 1


def test_sending_again_makes_the_link_before_it_dead(owner, open_one):
    signed_in(owner).post(f"{PAGE}/invitations/{open_one.pk}/send")
    open_one.refresh_from_db()
    assert open_one.withdrawn_at
    assert Invitation.objects.open(now=timezone.now()).get().email == open_one.email
    assert [letter.to for letter in posted()] == [[open_one.email]]


def test_what_is_no_longer_open_is_not_sent_again(owner, open_one):
    Invitation.objects.update(accepted_at=timezone.now())
    signed_in(owner).post(f"{PAGE}/invitations/{open_one.pk}/send")
    assert posted() == []


def test_a_mail_server_that_is_away_delays_the_letter_and_loses_it_not(owner, settings):
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.ServerThatHangsUp"
    assert "Send again" in text(signed_in(owner).post(INVITE, OFFER, follow=True))
    assert posted() == []
    settings.EMAIL_BACKEND = sound
    assert [letter.to for letter in posted(timezone.now() + timedelta(minutes=2))] == [[OFFER["email"]]]


def test_an_invitation_and_its_letter_are_there_together_or_not_at_all(owner, monkeypatch):
    def breaks(**given):
        raise RuntimeError("the letter cannot be written")

    monkeypatch.setattr("bonafide.accounts.views.members.send_invitation", breaks)
    with pytest.raises(RuntimeError):
        signed_in(owner).post(INVITE, OFFER)
    assert not Invitation.objects.exists()


BAD = {
    "not an address": ({"email": "ana at example"}, "valid email"),
    "300 characters": ({"email": "a" * 290 + "@example.com"}, "at most 254"),
    "a line break": ({"email": "ana@example.com\nBcc: x@example.com"}, "valid email"),
    "cyrillic a": ({"email": "ana@exаmple.com"}, "cyrillic small letter a"),
    "nothing": ({"email": ""}, "required"),
    "an unknown role": ({"role": "emperor"}, "not one of the available choices"),
    "no role": ({"role": ""}, "required"),
    "a member's": ({"email": "MIRA@example.com"}, "a member already"),
}


@pytest.mark.parametrize(("given", "said"), BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_beside_its_field(account, owner, given, said):
    make_member(account=account, role="viewer", email="mira@example.com")
    response = signed_in(owner).post(INVITE, {**OFFER, **given})
    assert response.status_code == 200
    assert said in text(response)
    assert not Invitation.objects.exists()
    assert posted() == []


def test_after_the_days_letters_the_form_says_to_go_on_tomorrow(account, owner):
    for number in range(20):
        invite(account=account, email=f"p{number}@example.com", role="viewer", by=owner, now=timezone.now())
    assert "Please go on tomorrow" in text(signed_in(owner).post(INVITE, OFFER))
    assert posted() == []


# --- Roles, removing, leaving ---------------------------------------------------------------------------------------------
def test_asvs_8_3_2_removal_holds_at_the_very_next_request_and_ends_nothing_else(account, owner, viewer):
    elsewhere = make_account(name="Elsewhere")
    Membership.objects.create(user=viewer, account=elsewhere, role="viewer", created_at=timezone.now())
    client = signed_in(viewer)
    client.post(reverse("switch_account"), {"account": account.reference})
    assert "Atelier Vega" in text(client.get(PAGE))
    signed_in(owner).post(f"{PAGE}/{of(viewer, account).pk}/remove")
    page = text(client.get(PAGE))
    assert "Atelier Vega" not in page
    assert "Elsewhere" in page
    assert client.session["_auth_user_id"] == str(viewer.pk)


def test_another_role_holds_at_the_very_next_request(account, owner):
    other = make_member(account=account)
    client = signed_in(other)
    assert client.get(INVITE).status_code == 200
    signed_in(owner).post(f"{PAGE}/{of(other, account).pk}", {"role": "viewer"})
    assert client.get(INVITE).status_code == 403


def test_the_last_owner_is_told_what_to_do_first(account, owner, viewer):
    client = signed_in(owner)
    assert "You are the only owner" in text(client.get(f"{PAGE}/leave"))
    mine = of(owner, account).pk
    for address, data in ((f"{PAGE}/leave", {}), (f"{PAGE}/{mine}", {"role": "viewer"}), (f"{PAGE}/{mine}/remove", {})):
        assert "keeps at least one owner" in text(client.post(address, data, follow=True))
    assert of(owner, account).role == "owner"


def test_the_keys_that_a_member_made_are_named_and_ticked_and_go_unless_one_decides_otherwise(account, owner):
    maker = make_member(account=account, username="maker")
    now = timezone.now()
    kept, gone = (
        make_key(account=account, name=name, scopes=["usage:read"], expires_at=None, now=now, made_by=maker)[0]
        for name in ("kept", "gone")
    )
    make_key(account=account, name="not theirs", scopes=["usage:read"], expires_at=None, now=now, made_by=owner)
    address = f"{PAGE}/{of(maker, account).pk}"
    page = text(signed_in(owner).get(address))
    assert "not theirs" not in page
    for key in (kept, gone):
        assert re.search(rf'<input[^>]*value="{key.pk}"[^>]*\schecked', page)
    response = signed_in(owner).post(f"{address}/remove", {"revoke": [gone.pk, "nonsense", "9" * 40]}, follow=True)
    assert "1 key is revoked." in text(response)
    assert set(ApiKey.objects.live(now=timezone.now()).values_list("name", flat=True)) == {"kept", "not theirs"}


def test_somebody_who_leaves_sees_nothing_of_the_account_any_more(account, owner, viewer):
    client = signed_in(viewer, confirmed=False)
    response = client.post(f"{PAGE}/leave", follow=True)
    assert "You are a member of Atelier Vega no longer." in text(response)
    assert client.get(PAGE).status_code == 404


def test_an_owner_who_was_removed_does_not_come_back_through_an_invitation_of_their_own(account, owner):
    other = make_member(account=account)
    invited = invite(account=account, email="second@example.com", role="owner", by=other, now=timezone.now())
    link = reverse("invitation", args=[invited.token])
    assert Client().get(link).status_code == 200
    signed_in(owner).post(f"{PAGE}/{of(other, account).pk}/remove")
    assert Client().get(link).status_code == 404
    assert "second@example.com" not in text(signed_in(owner).get(PAGE))


@pytest.mark.parametrize("number", ["0", "99999999999999999999999999", "-1", "x"])
def test_a_number_that_is_nobodys_is_not_there(owner, number):
    assert signed_in(owner).get(f"{PAGE}/{number}").status_code == 404


def test_an_invitation_that_is_over_is_not_listed(owner, open_one):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert open_one.email not in text(signed_in(owner).get(PAGE))
