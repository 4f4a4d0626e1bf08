"""/settings/api-keys: made and shown once, seen by members, dead at once when revoked."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.api_keys import RevokedKey, check_key, make_key
from bonafide.accounts.models import ApiKey
from tests.accounts.confirmed import confirm, signed_in
from tests.factories.accounts import make_account, make_member, make_user
from tests.mail.post import posted
from tests.sign_in.post import delivered

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
PAGE, NEW = "/settings/api-keys", "/settings/api-keys/new"
WANTED = {"name": "meter agent", "scopes": ["usage:write", "sessions"], "ends": "365"}


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


@pytest.fixture
def owner(account):
    return make_member(account=account, username="vega", password=PASSWORD)


def text(response):
    return response.content.decode()


def shown(response):
    return re.search(r"bf_[\w-]{43}", text(response))


def a_key(account, by=None, **values):
    given = {"name": "agent", "scopes": ["usage:read"], "expires_at": None, "now": timezone.now(), **values}
    return make_key(account=account, made_by=by, **given)


# In the order owner, billing, viewer, stranger, staff, signed out; see test_members_page.
TABLE = {
    "read": (200, 200, 200, 200, 404, "sign-in"),
    "open the form": (200, 403, 403, 200, 404, "sign-in"),
    "make": (200, 403, 403, 200, 404, "sign-in"),  # a stranger makes one of their own account
    "revoke": (302, 403, 403, 404, 404, "sign-in"),
}


@pytest.mark.parametrize("place", range(6), ids=["owner", "billing", "viewer", "stranger", "staff", "signed out"])
@pytest.mark.parametrize("action", TABLE)
def test_asvs_8_2_2_and_8_4_1_each_role_may_do_what_the_table_says(account, owner, place, action):
    key, _text = a_key(account, owner)
    makers = (
        lambda: owner,
        lambda: make_member(account=account, role="billing"),
        lambda: make_member(account=account, role="viewer"),
        make_member,
        lambda: make_user(is_staff=True, is_superuser=True),
    )
    client = signed_in(makers[place]()) if place < len(makers) else Client()
    method, address, data = {
        "read": ("get", PAGE, {}),
        "open the form": ("get", NEW, {}),
        "make": ("post", NEW, WANTED),
        "revoke": ("post", f"{PAGE}/{key.pk}/revoke", {}),
    }[action]
    response = getattr(client, method)(address, data)
    at_sign_in = response.status_code == 302 and response["Location"].startswith(reverse("account_login"))
    expected = TABLE[action][place]
    assert ("sign-in" if at_sign_in else response.status_code) == expected
    key.refresh_from_db()
    assert (key.revoked_at is not None) is (action == "revoke" and place == 0)
    assert ApiKey.objects.filter(account=account).count() == (2 if action == "make" and place == 0 else 1)


def test_a_new_key_opens_what_was_ticked_until_the_end_of_its_last_day(account, owner):
    response = signed_in(owner).post(NEW, WANTED)
    key = check_key(text=shown(response)[0], scope="sessions", now=timezone.now())
    assert (key.account, key.made_by, key.name) == (account, owner, "meter agent")
    assert key.scopes == ["sessions", "usage:write"]
    end = key.expires_at.astimezone(settings.OPERATOR.zone)
    assert (end.hour, end.minute) == (0, 0)
    assert timedelta(days=365) < key.expires_at - timezone.now() <= timedelta(days=366)


def test_it_is_shown_on_that_answer_alone_which_nothing_keeps(owner):
    client = signed_in(owner)
    response = client.post(NEW, WANTED)
    secret = shown(response)[0]
    assert response["Cache-Control"] == "no-store"
    assert secret not in str(dict(client.session))
    assert secret not in str(ApiKey.objects.values())
    assert secret not in "".join(letter.body + str(letter.alternatives) for letter in posted())
    for address in (NEW, PAGE):
        assert not shown(client.get(address))


def test_reloading_the_answer_neither_shows_it_again_nor_makes_another(owner):
    client = signed_in(owner)
    client.post(NEW, WANTED)
    again = client.post(NEW, WANTED)
    assert not shown(again)
    assert "A key of this name is there already" in text(again)
    assert ApiKey.objects.count() == 1


def test_the_name_is_free_again_once_its_key_is_revoked_and_other_accounts_have_their_own(owner):
    a_key(make_account(), name="meter agent")
    client = signed_in(owner)
    client.post(NEW, WANTED)
    client.post(f"{PAGE}/{owner.api_keys.get().pk}/revoke")
    assert shown(client.post(NEW, WANTED))


def test_asvs_7_5_1_making_a_key_wants_a_fresh_confirmation(owner):
    client = signed_in(owner, confirmed=False)
    for _unconfirmed_or_long_ago in range(2):
        for response in (client.get(NEW), client.post(NEW, WANTED)):
            assert response["Location"].startswith(reverse("account_reauthenticate"))
        confirm(client, owner, seconds_ago=3600)
    assert not ApiKey.objects.exists()


def test_a_key_asked_for_before_the_confirmation_is_shown_after_it_and_once(owner):
    client = signed_in(owner, confirmed=False)
    confirmation = client.post(NEW, WANTED)["Location"]
    response = client.post(confirmation, {"password": PASSWORD})
    assert shown(response)
    assert response["Cache-Control"] == "no-store"
    assert not shown(client.post(confirmation, {"password": PASSWORD}, follow=True))
    assert ApiKey.objects.count() == 1


def test_every_owner_is_told_by_letter_and_nobody_else(account, owner):
    other = make_member(account=account, language="fr")
    make_member(account=account, role="billing")
    make_member(account=account, is_active=False)
    signed_in(owner).post(NEW, WANTED)
    to_other, to_maker = delivered()
    assert (to_other.to, to_maker.to) == ([other.email], [owner.email])
    assert "vega a créé la clé d’API" in to_other.body
    assert "meter agent" in to_other.body
    assert '<html lang="fr">' in to_other.alternatives[0][0]
    assert "“meter agent”" in to_maker.body


def test_a_revoked_key_is_dead_at_its_next_call(account, owner):
    key, secret = a_key(account, owner)
    program = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    address = f"/api/v1/accounts/{account.reference}/usage"
    assert Client().get(address, **program).status_code == 200
    page = text(signed_in(owner).post(f"{PAGE}/{key.pk}/revoke", follow=True))
    assert "It opens nothing from now on." in page
    assert "1 key that works no longer" in page
    assert Client().get(address, **program).status_code == 401
    with pytest.raises(RevokedKey):
        check_key(text=secret, scope="usage:read", now=timezone.now())


def test_the_list_says_of_each_key_what_it_may_who_made_it_and_when_it_was_used(account, owner):
    now = timezone.now()
    key, secret = a_key(account, owner, expires_at=now + timedelta(days=3))
    a_key(account, name="the operator's")
    a_key(make_account(), name="of another account")
    page = text(signed_in(make_member(account=account, role="viewer")).get(PAGE))
    for words in ("agent", key.start, "Read usage", "made by vega", "never used", "ends soon", "the operator&#x27;s"):
        assert words in page
    for hidden in ("of another account", "/revoke", "Make a key", secret):
        assert hidden not in page
    check_key(text=secret, scope="usage:read", now=now)
    page = text(signed_in(owner).get(PAGE))
    assert page.count("never used") == 1


BAD = {
    "no name": ({"name": " "}, "required"),
    "a name of 300 characters": ({"name": "x" * 300}, "at most 80"),
    "no scope": ({"scopes": []}, "required"),
    "an unknown scope": ({"scopes": ["everything"]}, "not one of the available choices"),
    "an unknown end": ({"ends": "7"}, "not one of the available choices"),
    "never": ({"ends": ""}, "required"),
    "no date": ({"ends": "date"}, "until which day"),
    "yesterday": ({"ends": "date", "last_day": "2020-01-01"}, "from today on"),
    "in ages": ({"ends": "date", "last_day": "9999-12-31"}, "at most two years"),
    "nonsense": ({"ends": "date", "last_day": "soon"}, "valid date"),
}


@pytest.mark.parametrize(("given", "said"), BAD.values(), ids=BAD)
def test_what_makes_no_sense_is_refused_and_nothing_is_made(owner, given, said):
    response = signed_in(owner).post(NEW, {**WANTED, **given})
    assert response.status_code == 200
    assert said in text(response)
    assert not ApiKey.objects.exists()
    assert posted() == []


def test_a_day_of_ones_own_choice_is_the_last_on_which_it_works(owner):
    zone = settings.OPERATOR.zone
    today = timezone.now().astimezone(zone).date()
    signed_in(owner).post(NEW, {**WANTED, "ends": "date", "last_day": today.isoformat()})
    end = ApiKey.objects.get().expires_at
    assert (end - timedelta(microseconds=1)).astimezone(zone).date() == today
    assert end.astimezone(zone).date() == today + timedelta(days=1)


def test_an_account_has_so_many_keys_and_no_more(account, owner):
    for number in range(50):
        a_key(account, name=f"key {number}")
    response = signed_in(owner).post(NEW, WANTED)
    assert "50 keys, which is the most" in text(response)
    assert not shown(response)
