"""Staff enter orders and releases under their own name, with a reason; they lift orders, and change nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from bonafide.holdings import Kind
from bonafide.privacy.models import Hold, Look, Release, SweepRun
from bonafide.privacy.statutory import begin_statutory_holds
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.accounts import enter, enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import operator
from tests.factories.privacy import give_reason, make_hold, make_release

pytestmark = pytest.mark.django_db
HOLDS, RELEASES = "/staff/privacy/hold/", "/staff/privacy/release/"


@pytest.fixture
def staff(client):
    client.staff = enter_as_staff(client)
    return client


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


def an_order(of, **values):
    return {
        "account": of.pk,
        "kinds": ["addresses", "logs"],
        "basis": "Code de procédure pénale, art. 60-2",
        "reference": "PV 2026/0412",
        "last_day": str(timezone.localdate() + timedelta(days=90)),
        "reason": "the order came on paper",
        **values,
    }


def test_an_order_is_entered_with_a_reason_by_who_is_signed_in(staff, account):
    response = staff.post(f"{HOLDS}add/", an_order(account))
    assert response.status_code == 302, response.context["adminform"].form.errors
    hold = Hold.objects.get()
    assert (hold.account, hold.kinds, hold.approved_by, hold.origin) == (account, ["addresses", "logs"], staff.staff, "order")
    assert timezone.localtime(hold.until).isoformat()[10:19] == "T00:00:00", "the last day is held whole"
    assert (timezone.localdate(hold.until) - timezone.localdate()).days == 91
    look = Look.objects.get(kind="privacy.hold")
    assert (look.account, look.view, look.reason, look.staff) == (account, "change", "the order came on paper", staff.staff)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": ""}, "This field is required"),
        ({"reason": "123456"}, "a few words"),
        ({"kinds": []}, "This field is required"),
        ({"account": ""}, "Say whose data"),
        ({"last_day": "2036-01-01"}, "36 months ahead"),
        ({"secret_until": "2027-01-01"}, "both or neither"),
    ],
)
def test_an_order_that_cannot_stand_is_an_error_of_the_form(staff, account, values, said):
    page = staff.post(f"{HOLDS}add/", an_order(account, **values))
    assert said in page.content.decode()
    assert not Hold.objects.exists()
    assert not Look.objects.filter(kind="privacy.hold").exists()


def test_an_order_is_lifted_from_the_list_and_a_floor_of_the_law_is_not(staff, account):
    now = timezone.now()
    order = make_hold(Kind.LOGS, account=account, now=now)
    make_account(closed_at=now)
    begin_statutory_holds(operator=operator(), now=now)
    chosen = [str(pk) for pk in Hold.objects.values_list("pk", flat=True)]
    page = staff.post(HOLDS, {"action": "lift", "_selected_action": chosen}, follow=True).content.decode()
    assert "1 hold lifted." in page
    assert list(Hold.objects.filter(lifted_at__isnull=False).values_list("pk", "lifted_by")) == [(order.pk, staff.staff.pk)]


def test_nothing_that_was_entered_is_edited_or_deleted(staff, account):
    for row, address in (
        (make_hold(Kind.LOGS, account=account, now=timezone.now()), HOLDS),
        (make_release(account=account), RELEASES),
    ):
        give_reason(staff, account)
        page = staff.get(f"{address}{row.pk}/change/")
        assert page.status_code == 200
        assert "PV 2026/0412" in page.content.decode()
        assert staff.post(f"{address}{row.pk}/change/", an_order(account, basis="another")).status_code == 403
        assert staff.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_single_hold_asks_for_a_reason_first_and_lists_do_not_tell_the_order(staff, account):
    hold = make_hold(Kind.LOGS, account=account, now=timezone.now())
    assert staff.get(f"{HOLDS}{hold.pk}/change/")["Location"].startswith("/staff/reason")
    assert "PV 2026/0412" not in staff.get(HOLDS).content.decode()


def test_a_release_is_written_down_by_who_is_signed_in(staff, account):
    values = an_order(account, authority="Tribunal judiciaire de Paris", scope="sign-ins of January", from_on="2026-01-01")
    moment = timezone.localtime() - timedelta(hours=1)
    values |= {"until_on": "2026-01-31", "released_at_0": f"{moment:%Y-%m-%d}", "released_at_1": f"{moment:%H:%M:%S}"}
    response = staff.post(f"{RELEASES}add/", values)
    assert response.status_code == 302, response.context["adminform"].form.errors
    release = Release.objects.get()
    assert (release.account, release.kinds, release.approved_by) == (account, ["addresses", "logs"], staff.staff)
    assert Look.objects.get(kind="privacy.release").reason == "the order came on paper"


def test_staff_without_the_right_do_none_of_it(account):
    client, person = Client(), make_user(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_hold", "view_release"]))
    enter(client, person)
    hold = make_hold(Kind.LOGS, account=account, now=timezone.now())
    assert client.get(f"{HOLDS}add/").status_code == 403
    assert client.get(f"{RELEASES}add/").status_code == 403
    client.post(HOLDS, {"action": "lift", "_selected_action": [str(hold.pk)]}, follow=True)
    hold.refresh_from_db()
    assert hold.lifted_at is None


def test_staff_read_what_was_swept(staff):
    make_member()
    sweep_rows(operator=operator(), now=timezone.now())
    assert staff.get("/staff/privacy/sweeprun/").status_code == 200
    page = staff.get(f"/staff/privacy/sweeprun/{SweepRun.objects.get().pk}/change/").content.decode()
    assert "retention.ip_months" in page
    assert staff.get("/staff/privacy/sweeprun/add/").status_code == 403
