"""The back office of people, accounts and keys."""

import pytest
from django.urls import reverse

from bonafide.accounts.models import Membership
from tests.factories.accounts import enter_as_staff, make_account, make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    enter_as_staff(client)
    return client


@pytest.mark.parametrize("model", ["user", "account", "apikey"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_list_opens(staff, model, language):
    make_member()
    staff.cookies["language"] = language
    assert staff.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200


def account_form(account, **changed):
    fields = ("reference", "kind", "name", "language", "street", "postcode", "city", "country", "vat_number")
    fields += ("registration", "purchase_order", "billing_email")
    return {
        **{name: getattr(account, name) for name in fields},
        "closed_at_0": "",
        "closed_at_1": "",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        **changed,
    }


def test_staff_add_a_person_to_an_account_and_the_day_is_kept(staff):
    account, person = make_account(), make_member()
    response = staff.post(
        reverse("admin:accounts_account_change", args=[account.pk]),
        account_form(account, **{"memberships-0-user": person.pk, "memberships-0-role": "viewer"}),
    )
    assert response.status_code == 302
    added = Membership.objects.get(account=account)
    assert (added.user, added.role) == (person, "viewer")
    assert added.created_at


def test_an_address_is_not_changed_over_its_owners_head(staff):
    person = make_user(email="vega@example.com")
    staff.post(
        reverse("admin:accounts_user_change", args=[person.pk]),
        {
            "username": person.username,
            "email": "thief@example.com",
            "language": "",
            "is_active": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    person.refresh_from_db()
    assert person.email == "vega@example.com"


@pytest.mark.parametrize("action", ["add", "delete"])
def test_accounts_are_neither_made_nor_deleted_here(staff, action):
    args = [make_account().pk] if action == "delete" else []
    assert staff.get(reverse(f"admin:accounts_account_{action}", args=args)).status_code == 403


def test_keys_are_only_to_look_at(staff):
    assert staff.get(reverse("admin:accounts_apikey_add")).status_code == 403


@pytest.mark.parametrize("address", ["/staff/auth/group/", "/staff/account/emailaddress/"])
def test_what_staff_do_not_need_is_not_there(staff, address):
    assert staff.get(address).status_code == 404
