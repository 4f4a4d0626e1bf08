"""A visit of staff: for one account, for a time, through few routes, traced, and over when anything about it is."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from bonafide.accounts.close import close_account
from bonafide.accounts.models import User
from bonafide.privacy.begin_visit import CannotVisit, begin_visit
from bonafide.privacy.models import Look, Visit
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session
from tests.factories.accounts import enter_as_staff, make_account, make_member
from tests.factories.billing import make_invoice
from tests.factories.privacy import WHY, give_reason, session_of, visiting
from tests.mail.post import posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


@pytest.fixture
def owner(account):
    return make_member(account=account, username="vega")


@pytest.fixture
def bill(account):
    return make_invoice(account=account)


@pytest.fixture
def visitor(account):
    """A browser on a visit; ``visitor.visit`` is the row."""
    client = Client(raise_request_exception=False)
    client.visit = visiting(client, account)
    return client


def text(answer):
    return answer.content.decode()


def shows(client, account):
    return account.name in text(client.get("/usage"))


# --- What it opens --------------------------------------------------------------------------------------------------------
def test_staff_see_the_customers_pages_under_a_banner_that_says_so(visitor, account, bill):
    until = timezone.localtime(visitor.visit.until).strftime("%H:%M")
    for address in ("/", "/usage", "/bills", f"/bills/{bill.number}"):
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        assert f"Visiting <strong>Atelier Vega</strong> until {until} as staff" in text(answer)
        assert "End the visit" in text(answer)
        assert 'class="visiting"' in text(answer)
    assert bill.number in text(visitor.get("/bills"))


def test_the_settings_lead_to_the_one_page_that_is_open(visitor):
    page = text(visitor.get("/settings/company"))
    assert 'href="/settings/company"' in page
    assert 'href="/settings/profile"' not in page
    assert 'href="/settings/security"' not in page


def test_bills_of_other_accounts_are_not_there(visitor):
    assert visitor.get(f"/bills/{make_invoice().number}").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/usage.csv",
        "/settings/members",
        "/settings/api-keys",
        "/settings/security",
        "/settings/privacy",
        "/staff/",
        "/api/v1/bills",
    ],
)
def test_what_is_not_opened_is_closed_with_a_plain_page(visitor, address):
    answer = visitor.get(address)
    assert answer.status_code == 403
    assert "closed during a visit" in text(answer)
    assert "End the visit" in text(answer)


def test_downloads_are_closed(visitor, bill):
    assert visitor.get(f"/bills/{bill.number}.pdf").status_code == 403


def test_the_session_stays_the_staffs_own(visitor, account, owner):
    visitor.get("/")
    assert not Session.objects.filter(user=owner).exists()
    assert session_of(visitor).user == visitor.visit.staff


# --- How it begins --------------------------------------------------------------------------------------------------------
@pytest.fixture
def desk():
    client = Client(raise_request_exception=False)
    client.person = enter_as_staff(client)
    return client


def begin_at(account):
    return f"/staff/visits/begin/{account.pk}"


def test_a_visit_begins_with_a_reason_and_a_letter_to_each_owner(desk, account, owner):
    make_member(account=account, role="billing")
    asked = desk.get(begin_at(account))
    assert asked["Location"].startswith("/staff/reason?next=")
    give_reason(desk, account)
    assert WHY in text(desk.get(begin_at(account)))
    assert desk.post(begin_at(account), {"reason": WHY, "minutes": "30"})["Location"] == "/"
    visit = Visit.objects.get()
    assert (visit.staff, visit.account, visit.reason, visit.minutes) == (desk.person, account, WHY, 30)
    [letter] = posted()
    assert letter.to == [owner.email]
    assert WHY in letter.body
    assert "/settings/privacy" in letter.body
    assert desk.person.username not in letter.body


@pytest.mark.parametrize("wrong", [{"minutes": "121"}, {"minutes": "0"}, {"reason": ""}])
def test_a_visit_is_refused_that_is_too_long_or_for_no_reason(desk, account, owner, wrong):
    give_reason(desk, account)
    assert desk.post(begin_at(account), {"reason": WHY, "minutes": "30"} | wrong).status_code == 200
    assert not Visit.objects.exists()
    assert posted() == []


def test_nobody_visits_a_closed_account(desk, account):
    give_reason(desk, account)
    close_account(account=account, now=timezone.now())
    assert "This account is closed" in text(desk.post(begin_at(account), {"reason": WHY, "minutes": "30"}))
    assert not Visit.objects.exists()


def test_customers_find_no_way_to_visit(client, account, owner):
    client.force_login(owner)
    assert client.get(begin_at(account)).status_code == 404
    assert client.post(begin_at(account), {"reason": WHY, "minutes": "30"}).status_code == 404


def test_staff_without_the_right_to_visit_do_not(desk, account):
    User.objects.filter(pk=desk.person.pk).update(is_superuser=False)
    give_reason(desk, account)
    assert desk.post(begin_at(account), {"reason": WHY, "minutes": "30"}).status_code == 403


@pytest.mark.parametrize("values", [{"minutes": 121}, {"minutes": 0}, {"reason": " "}])
def test_the_step_itself_refuses_too(desk, account, values):
    about = {"staff": desk.person, "session": session_of(desk).pk, "account": account, "now": timezone.now()}
    with pytest.raises(CannotVisit):
        begin_visit(**about | {"reason": WHY, "minutes": 30} | values)


# --- How it ends ----------------------------------------------------------------------------------------------------------
def test_it_ends_by_the_button_and_leads_back(visitor, account):
    answer = visitor.post("/visit/end")
    assert answer["Location"] == f"/staff/accounts/account/{account.pk}/change/"
    assert visitor.get("/usage.csv").status_code == 404
    visitor.visit.refresh_from_db()
    assert visitor.visit.how_ended == "ended"


def test_its_time_over_the_next_request_does_nothing_and_the_one_after_is_theirs_again(visitor, account):
    assert shows(visitor, account)
    with time_machine.travel(visitor.visit.until, tick=False):
        answer = visitor.get("/usage")
        assert (answer.status_code, "is over" in text(answer)) == (403, True)
        assert not shows(visitor, account)
    visitor.visit.refresh_from_db()
    assert (visitor.visit.how_ended, visitor.visit.ended_at) == ("time", visitor.visit.until)


def lose_staff(visitor):
    User.objects.filter(pk=visitor.visit.staff_id).update(is_staff=False)


def lose_rights(visitor):
    User.objects.filter(pk=visitor.visit.staff_id).update(is_superuser=False)


def lose_factor(visitor):
    Authenticator.objects.filter(user=visitor.visit.staff_id).delete()


def close(visitor):
    close_account(account=visitor.visit.account, now=timezone.now())


def end_session(visitor):
    end_sessions(user=visitor.visit.staff, reason=Reason.ENDED_BY_STAFF, now=timezone.now())


def deactivate(visitor):
    User.objects.filter(pk=visitor.visit.staff_id).update(is_active=False)


def sign_out(visitor):
    visitor.post("/account/logout/")


@pytest.mark.parametrize("what", [lose_staff, lose_rights, lose_factor, close, end_session, deactivate, sign_out])
def test_it_is_over_at_the_next_request_when(visitor, account, bill, what):
    assert shows(visitor, account)
    before = visitor.cookies["session"].value
    what(visitor)
    visitor.cookies["session"] = before
    for address in ("/usage", "/bills", f"/bills/{bill.number}", "/"):
        answer = visitor.get(address)
        assert f"{bill.number}</a>" not in text(answer)
        assert f"Bill {bill.number}" not in text(answer)
        assert "as staff" not in text(answer)


def test_when_a_session_ended_the_visit_was_over_too(visitor):
    now = timezone.now()
    assert Visit.objects.with_over_at().get().over_at == visitor.visit.until
    end_sessions(user=visitor.visit.staff, reason=Reason.SIGNED_OUT, now=now)
    assert Visit.objects.with_over_at().get().over_at == now


def test_another_session_of_the_same_person_is_on_no_visit(visitor, account):
    other = Client()
    from tests.factories.accounts import enter

    enter(other, visitor.visit.staff)
    assert not shows(other, account)
    assert shows(visitor, account)


def test_there_is_one_visit_at_a_time_in_a_session(visitor):
    other = make_account(name="Hafen")
    visiting(visitor, other, staff=visitor.visit.staff)
    assert shows(visitor, other)
    assert Visit.objects.filter(ended_at=None).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Visit.objects.create(
            staff=visitor.visit.staff,
            session_id=session_of(visitor).pk,
            account=other,
            reason=WHY,
            minutes=5,
            began_at=timezone.now(),
        )


# --- What it leaves -------------------------------------------------------------------------------------------------------
def test_each_page_and_each_refusal_is_written_down_without_what_follows_the_question_mark(visitor, account):
    visitor.get("/usage?month=2024-09")
    visitor.get("/usage.csv?month=2024-09")
    visitor.get("/invitations/a-secret-link")
    visitor.post("/language", {"language": "fr"})
    seen = list(Look.objects.order_by("pk").values_list("kind", "thing", "view", "reason"))
    assert seen == [
        ("usage", "/usage", "page", WHY),
        ("usage-csv", "usage.csv", "refused", WHY),
        ("invitation", "invitations/<str:token>", "refused", WHY),
        ("choose_language", "language", "refused", WHY),
    ]
    assert set(Look.objects.values_list("visit", "account", "staff")) == {(visitor.visit.pk, account.pk, visitor.visit.staff_id)}


def test_a_page_that_cannot_be_written_down_is_not_shown(visitor, account, monkeypatch):
    def broken(*_args, **_values):
        raise DatabaseError("no space left")

    monkeypatch.setattr(Look.objects, "bulk_create", broken)
    answer = visitor.get("/usage")
    assert answer.status_code == 500
    assert account.name not in text(answer)


def test_customers_pay_no_query_for_visits(client, owner, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(owner)
    with CaptureQueriesContext(connection) as queries:
        client.get("/settings/members")
    assert not [query for query in queries if "privacy_" in query["sql"]]


def test_a_visit_of_an_hour_ago_is_dead_also_where_nobody_noticed(account):
    client = Client()
    visiting(client, account, ago=timedelta(hours=1))
    assert client.get("/usage").status_code == 403
    assert not shows(client, account)
