"""The back office of people, accounts and keys."""

import pytest
from django.urls import reverse

from bonafide.accounts.models import AccountChange, Membership, VatCheck
from tests.factories.accounts import enter_as_staff, make_account, make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, reasons_given):
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
        **{f"{shown}-{count}_FORMS": "0" for shown in ("vat_checks", "changes") for count in ("TOTAL", "INITIAL")},
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


def rows(*memberships, **changed):
    """The inline's rows as they stand, with ``changed``."""
    form = {"memberships-TOTAL_FORMS": len(memberships), "memberships-INITIAL_FORMS": len(memberships)}
    for place, membership in enumerate(memberships):
        for name in ("id", "user", "account", "role"):
            form[f"memberships-{place}-{name}"] = getattr(membership, f"{name}_id", None) or getattr(membership, name)
    return form | changed


@pytest.mark.parametrize("change", [{"memberships-0-role": "viewer"}, {"memberships-0-DELETE": "on"}])
def test_staff_too_leave_every_account_an_owner(staff, change):
    owner = make_member()
    account, membership = owner.accounts.get(), owner.memberships.get()
    of_account = reverse("admin:accounts_account_change", args=[account.pk])
    of_user = reverse("admin:accounts_user_change", args=[owner.pk])
    user_form = {"username": owner.username, "language": "", "is_active": "on"}
    for address, form in ((of_account, account_form(account)), (of_user, user_form)):
        response = staff.post(address, form | rows(membership, **change))
        assert response.status_code == 200
        assert "An account keeps at least one owner" in response.content.decode()
        assert account.memberships.get().role == "owner"
    make_member(account=account)
    assert staff.post(of_account, account_form(account) | rows(membership, **change)).status_code == 302
    assert not account.memberships.filter(pk=membership.pk, role="owner").exists()


def test_two_owners_taken_out_in_one_form_are_refused_and_a_change_of_owners_is_not(staff):
    account = make_account()
    one, other = (make_member(account=account).memberships.get() for _ in range(2))
    viewer = make_member(account=account, role="viewer").memberships.get()
    address = reverse("admin:accounts_account_change", args=[account.pk])
    both = rows(one, other, viewer, **{"memberships-0-DELETE": "on", "memberships-1-role": "billing"})
    assert staff.post(address, account_form(account) | both).status_code == 200
    assert account.memberships.filter(role="owner").count() == 2
    assert staff.post(address, account_form(account) | both | {"memberships-2-role": "owner"}).status_code == 302
    assert [found.pk for found in account.memberships.filter(role="owner")] == [viewer.pk]


def test_the_last_owner_of_an_account_is_not_deleted(staff):
    owner = make_member()
    address = reverse("admin:accounts_user_delete", args=[owner.pk])
    assert staff.post(address, {"post": "yes"}).status_code == 403
    make_member(account=owner.accounts.get())
    assert staff.post(address, {"post": "yes"}).status_code == 302
    assert not type(owner).objects.filter(pk=owner.pk).exists()


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


def test_staff_see_what_vies_answered_and_who_changed_what_and_can_change_neither(staff):
    account = make_account(vat_number="DE136695976", country="DE")
    row = VatCheck.objects.create(
        account=account, number=account.vat_number, outcome="valid", asked_at=account.created_at, consultation_number="WAPI1"
    )
    AccountChange.objects.create(account=account, by=make_user(username="ana"), at=account.created_at, fields=["street"])
    page = staff.get(reverse("admin:accounts_account_change", args=[account.pk])).content.decode()
    assert "WAPI1" in page
    assert "ana" in page
    assert "vat_checks-0-DELETE" not in page
    assert f'name="vat_checks-{row.pk}' not in page
    assert 'name="vat_checks-0-number"' not in page
    assert 'name="changes-0-fields"' not in page


def test_what_staff_correct_is_noted_as_what_members_change(staff):
    account = make_account()
    of_account = reverse("admin:accounts_account_change", args=[account.pk])
    staff.post(of_account, account_form(account, street="9 rue du Port", **{"memberships-TOTAL_FORMS": "0"}))
    change = AccountChange.objects.get()
    assert (change.fields, change.by.is_staff) == (["street"], True)
