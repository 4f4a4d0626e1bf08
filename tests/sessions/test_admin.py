"""The back office of sessions and sign-ins: to look at, and to end."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bonafide.sessions import admin
from bonafide.sessions.models import Reason, Session
from bonafide.sign_in.models import SecurityLetter
from tests.factories.accounts import enter, enter_as_staff, make_member, make_user
from tests.factories.history import make_row, make_rows, make_sign_ins

pytestmark = pytest.mark.django_db
LIST = "/staff/console_sessions/session/"


@pytest.fixture
def person():
    return make_member(username="vega")


@pytest.fixture
def staff(client, reasons_given):
    client.staff = enter_as_staff(client)
    return client


def act(client, action, rows, **more):
    return client.post(LIST, {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}, follow=True)


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


def is_in(client):
    return client.get("/usage").status_code == 200


def test_staff_find_a_persons_sessions_and_sign_ins(staff, person):
    now = timezone.now()
    row = make_row(person, now=now, how="password+totp")
    make_row(person, now=now, browser="Opera 9", ended_at=now, end_reason="ended-by-user")
    make_row(make_member(), now=now, browser="Elsewhere 1")
    make_sign_ins(person, 1, now=now, outcome="wrong-password")
    listed = staff.get(f"{LIST}?q=vega").content.decode()
    assert "Firefox 145 on Linux" in listed
    assert "Ended by the person" in listed
    assert "Elsewhere 1" not in listed
    assert "Opera 9" not in staff.get(f"{LIST}?q=vega&open=yes").content.decode()
    assert "password and code" in staff.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "Wrong password" in staff.get("/staff/console_sessions/signin/?q=vega").content.decode()


def test_what_a_session_holds_and_its_hash_are_shown_to_nobody(staff, person):
    browser_of(person)
    row = Session.objects.get(user=person)
    for address in (LIST, f"{LIST}{row.pk}/change/"):
        page = staff.get(address).content.decode()
        assert row.key_hash not in page
        assert row.data not in page


def test_visitors_sessions_are_not_listed(staff):
    now = timezone.now()
    visitor = Session.objects.create(key_hash="v" * 64, created_at=now, last_seen_at=now)
    assert str(visitor.pk) not in staff.get(LIST).content.decode()


def test_staff_end_the_sessions_they_choose_asvs_7_4_5(staff, person):
    lost, kept = browser_of(person), browser_of(person)
    row = Session.objects.filter(user=person).order_by("created_at").first()
    page = act(staff, "end_these", [row]).content.decode()
    assert "1 session ended." in page
    row.refresh_from_db()
    assert row.end_reason == Reason.ENDED_BY_STAFF
    assert (is_in(lost), is_in(kept)) == (False, True)
    assert SecurityLetter.objects.get(user=person).event == "sessions-ended"
    assert "Ended by our staff" in kept.get("/settings/sessions").content.decode()


def test_staff_end_every_session_of_a_person_by_as_many_queries_however_many_asvs_7_4_5(
    staff, person, django_assert_max_num_queries
):
    browser, stranger = browser_of(person), browser_of(make_member())
    rows = make_rows(person, 3000, now=timezone.now())
    with django_assert_max_num_queries(40):
        page = act(staff, "end_all_of", rows[:1]).content.decode()
    assert "3001 sessions ended." in page
    assert (is_in(browser), is_in(stranger)) == (False, True)
    note = LogEntry.objects.get(user=staff.staff)
    assert SecurityLetter.objects.filter(user=person).count() == 1
    assert (note.object_id, note.change_message) == (str(person.pk), "ended 3001 sessions")


def test_a_persons_page_leads_to_their_sessions_alone(staff, person):
    make_row(person, now=timezone.now())
    make_row(make_member(), now=timezone.now(), browser="Elsewhere 1")
    page = staff.get(reverse("admin:accounts_user_change", args=[person.pk])).content.decode()
    address = f"{LIST}?user__id__exact={person.pk}"
    assert f'href="{address}"' in page
    listed = staff.get(address).content.decode()
    assert "Firefox 145" in listed
    assert "Elsewhere 1" not in listed


def test_too_many_at_once_end_nothing_and_name_the_other_way(staff, person, monkeypatch):
    monkeypatch.setattr(admin, "MOST_AT_ONCE", 2)
    rows = make_rows(person, 3, now=timezone.now())
    assert "none ended" in act(staff, "end_these", rows).content.decode()
    assert Session.objects.filter(user=person, ended_at=None).count() == 3


def test_staff_who_may_only_look_end_nothing(client, person):
    clerk = make_user(is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=["view_session"]))
    enter(client, clerk)
    row = make_row(person, now=timezone.now())
    assert client.get(LIST).status_code == 200
    act(client, "end_these", [row])
    row.refresh_from_db()
    assert row.ended_at is None


@pytest.mark.parametrize("model", ["session", "signin"])
def test_nothing_else_is_changed_here(staff, person, model):
    row = make_row(person, now=timezone.now()) if model == "session" else make_sign_ins(person, 1, now=timezone.now())[0]
    assert staff.get(reverse(f"admin:console_sessions_{model}_add")).status_code == 403
    assert staff.get(reverse(f"admin:console_sessions_{model}_delete", args=[row.pk])).status_code == 403
    assert staff.post(reverse(f"admin:console_sessions_{model}_change", args=[row.pk]), {"browser": "x"}).status_code == 403
