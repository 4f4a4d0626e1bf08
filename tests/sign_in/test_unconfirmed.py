"""Which sign-ups were never confirmed: those of which nothing says that somebody wanted them."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount

from bonafide.sign_in.unconfirmed import never_confirmed
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db
THEN = datetime(2026, 8, 1, tzinfo=UTC)
LATER = THEN + timedelta(days=90)


def signed_up(**values):
    user = make_user(date_joined=THEN, **values)
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return user


def test_an_old_sign_up_whose_address_nobody_confirmed_is_one():
    user = signed_up()
    assert list(never_confirmed(before=LATER)) == [user]
    assert list(never_confirmed(before=THEN)) == []


def test_who_confirmed_came_in_or_is_of_the_staff_is_none():
    EmailAddress.objects.filter(user=signed_up()).update(verified=True)
    signed_up(last_login=THEN)
    signed_up(is_staff=True)
    SocialAccount.objects.create(user=signed_up(), provider="acme", uid="1")
    assert list(never_confirmed(before=LATER)) == []
