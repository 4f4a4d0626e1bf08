"""Closing an account: keys, invitations and the sessions of those whom nothing is left."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.api_keys import RevokedKey, check_key, make_key
from bonafide.accounts.close import Closed, close_account
from bonafide.accounts.models import Membership
from bonafide.sessions.models import Reason
from tests.factories.accounts import CREATED, enter_as_staff, make_account, make_member, make_user
from tests.factories.sessions import make_session, row_of

pytestmark = pytest.mark.django_db


def test_it_is_closed_its_keys_are_dead_and_its_members_signed_out():
    now = timezone.now()
    account = make_account()
    member = make_member(account=account)
    sessions = [make_session(member), make_session(member)]
    _key, text = make_key(account=account, name="agent", scopes=["usage:read"], expires_at=None, now=now)
    assert close_account(account=account, now=now) == Closed(keys=1, invitations=0, sessions=2)
    account.refresh_from_db()
    assert account.closed_at == now
    assert [row_of(session).end_reason for session in sessions] == [Reason.ACCOUNT_CLOSED] * 2
    with pytest.raises(RevokedKey):
        check_key(text=text, scope="usage:read", now=now)


def test_who_has_another_open_account_or_runs_the_service_stays():
    now = timezone.now()
    account, other, closed_before = make_account(), make_account(), make_account(closed_at=CREATED)
    both, staff, only_closed = make_member(account=account), make_user(is_staff=True), make_member(account=account)
    for user, where in ((both, other), (staff, account), (only_closed, closed_before)):
        Membership.objects.create(user=user, account=where, role="owner", created_at=CREATED)
    sessions = [make_session(user) for user in (both, staff, only_closed, make_member())]
    assert close_account(account=account, now=now).sessions == 1
    assert [bool(row_of(session).ended_at) for session in sessions] == [False, False, True, False]


def test_a_second_time_changes_nothing():
    now = timezone.now()
    account = make_account(closed_at=CREATED)
    session = make_session(make_member(account=account))
    assert close_account(account=account, now=now) == Closed(0, 0, 0)
    account.refresh_from_db()
    assert account.closed_at == CREATED
    assert row_of(session).ended_at is None


def test_staff_close_accounts_and_open_them_again(client):
    enter_as_staff(client)
    account = make_account()
    session = make_session(make_member(account=account))
    act = {"_selected_action": [account.pk]}
    client.post(reverse("admin:accounts_account_changelist"), {"action": "close", **act})
    account.refresh_from_db()
    assert account.closed_at
    assert row_of(session).end_reason == Reason.ACCOUNT_CLOSED
    client.post(reverse("admin:accounts_account_changelist"), {"action": "open_again", **act})
    account.refresh_from_db()
    assert account.closed_at is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"language": "fr"}, ""),
        ({"is_active": ""}, Reason.DEACTIVATED),
        ({"is_staff": "on"}, Reason.ENDED_BY_STAFF),
        ({"is_superuser": "on"}, Reason.ENDED_BY_STAFF),
    ],
)
def test_asvs_7_4_2_who_is_shut_out_or_gets_other_rights_is_signed_out_at_once(client, reasons_given, changed, reason):
    enter_as_staff(client)
    person = make_user()
    session = make_session(person)
    form = {"username": person.username, "language": "", "is_active": "on", "memberships-TOTAL_FORMS": "0"}
    fields = {**form, "memberships-INITIAL_FORMS": "0", **changed}
    assert client.post(reverse("admin:accounts_user_change", args=[person.pk]), fields).status_code == 302
    assert row_of(session).end_reason == reason
