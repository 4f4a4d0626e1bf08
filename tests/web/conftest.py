"""What there is, and who, while the routes are tried."""

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from bonafide.accounts.api_keys import make_own_key
from bonafide.accounts.invite import invite
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice
from tests.factories.sessions import make_session, row_of
from tests.factories.terms import publish_terms
from tests.web.access import World
from tests.web.cast import People

PASSWORD = "four plain unrelated words"


@pytest.fixture
def world() -> World:
    return make_world()


def make_world() -> World:
    publish_terms()
    account = make_account()
    founder, now = make_member(account=account), timezone.now()
    return World(
        account=account,
        invoice=make_invoice(account=account),
        member=founder.memberships.get(),
        invitation=invite(account=account, email="ana@example.com", role="viewer", by=founder, now=now).invitation,
        key=make_own_key(account=account, by=founder, name="ours", scopes=["bills:read"], expires_at=None, now=now)[0],
        passkey=Authenticator.objects.create(user=founder, type=Authenticator.Type.WEBAUTHN, data={"name": "key"}),
        session=row_of(make_session(founder)).pk,
    )


@pytest.fixture
def people(world: World) -> People:
    return make_people(world)


def make_people(world: World) -> People:
    return {
        "signed_out": None,
        "stranger": make_member(password=PASSWORD),
        "viewer": make_member(account=world.account, role="viewer", password=PASSWORD),
        "billing": make_member(account=world.account, role="billing", password=PASSWORD),
        "owner": make_member(account=world.account, role="owner", password=PASSWORD),
        "staff": make_user(is_staff=True, is_superuser=True, password=PASSWORD),
    }
