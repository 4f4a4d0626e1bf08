"""A provider learns that somebody signs in here: they read so; and it is asked on declared hosts alone."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse

from bonafide.outgoing.models import PassedOn
from bonafide.outgoing.processors import Recipient
from bonafide.sign_in.providers import client as ours
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
ACME = Recipient("sign-in:acme", "Acme", "", "", "", "", "")


def test_a_sign_in_with_somebody_elses_provider_is_written_down_for_who_is_known(client, go, provider, monkeypatch):
    """The provider is on loopback here, which is ours: for once it is said to be somebody else's."""
    monkeypatch.setattr(ours, "recipient_of", lambda *, host: ACME if host == "127.0.0.1" else None)
    go(client)
    assert not PassedOn.objects.exists(), "nobody is known yet"
    user = make_member()
    SocialAccount.objects.create(user=user, provider="acme", uid=provider.person["sub"])
    client.session.flush()
    go(client)
    [row] = PassedOn.objects.all()
    assert (row.recipient, row.person, row.fields, row.occasion) == ("sign-in:acme", user, ["sign_in"], "sign_in")


def test_a_provider_of_ours_is_nobody_else(client, go, provider):
    SocialAccount.objects.create(user=make_member(), provider="acme", uid=provider.person["sub"])
    go(client)
    assert not PassedOn.objects.exists()


def test_keys_on_a_host_that_was_not_declared_are_not_asked_for_and_the_log_says_which(client, provider, monkeypatch, caplog):
    real = provider.discovery
    monkeypatch.setattr(provider, "discovery", lambda: real() | {"jwks_uri": "https://keys.elsewhere.example/keys"})
    answer = client.post(reverse("openid_connect_login", args=["acme"]), {})
    assert answer.status_code == 401
    assert "its jwks_uri is at keys.elsewhere.example: add that to its 'hosts' in the operator's file" in caplog.text
