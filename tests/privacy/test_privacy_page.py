"""/settings/privacy: what each person reads of what staff saw."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from bonafide.privacy.models import Look
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.staff_code import staff_code
from bonafide.privacy.subjects import Whose
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import operator
from tests.factories.privacy import WHY, visiting

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.fixture
def camille():
    return make_user(username="camille.nordin", is_staff=True)


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


def look(camille, whose, **values):
    about = {"kind": "billing.invoice", "view": Look.View.PAGE, "thing": "F2026-000004", "reason": WHY, "now": AT}
    record_looks(staff=camille, whose=[whose], **about | values)


def read(user, address="/settings/privacy"):
    client = Client()
    client.force_login(user)
    return " ".join(client.get(address).content.decode().split())


@pytest.mark.parametrize("role", ["owner", "billing"])
def test_owners_and_billing_read_who_opened_what_when_and_why(camille, account, role):
    look(camille, Whose(account=account.pk))
    page = read(make_member(account=account, role=role))
    assert f"Our staff, {staff_code(camille)}, opened the bill F2026-000004" in page
    assert "21 November 2026, 10:12" in page
    assert f"“{WHY}”" in page
    assert "Our staff opened your data once" in page


def test_a_viewer_reads_of_themselves_and_not_of_the_account(camille, account):
    viewer = make_member(account=account, role="viewer")
    look(camille, Whose(account=account.pk), reason="what the owner asked in confidence")
    look(camille, Whose(person=viewer.pk), kind="accounts.user", thing=viewer.username, reason="you could not sign in")
    page = read(viewer)
    assert "in confidence" not in page
    assert "you could not sign in" in page
    assert "What staff saw of these accounts stands with their owners: Atelier Vega" in page


def test_nobody_reads_of_others(camille, account):
    look(camille, Whose(account=account.pk))
    look(camille, Whose(person=make_member(account=account).pk))
    page = read(make_member())
    assert "Nobody of our staff has opened your data" in page
    assert WHY not in page


def test_the_name_of_staff_is_a_code_that_stays(camille, account):
    look(camille, Whose(account=account.pk))
    assert "camille" not in read(make_member(account=account))
    assert staff_code(camille) == staff_code(type(camille).objects.get(pk=camille.pk)) != staff_code(make_user())
    assert len(staff_code(camille)) == 4


def test_a_list_is_called_a_list_and_counts_as_no_opening(camille, account):
    look(camille, Whose(account=account.pk), view=Look.View.LIST, thing="", reason="")
    page = read(make_member(account=account))
    assert "saw it in a list of bills" in page
    assert "no reason asked" in page
    assert "Nobody of our staff has opened your data" in page


def test_a_reason_is_text_and_nothing_else(camille, account):
    look(camille, Whose(account=account.pk), reason="<script>alert(1)</script>")
    page = read(make_member(account=account))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_visit_and_what_was_done_in_it(account):
    owner, staff = make_member(account=account), Client()
    visit = visiting(staff, account)
    staff.get("/usage?month=2024-09")
    staff.get("/usage.csv")
    page = read(owner)
    assert "goes on now" in page
    assert "opened the page /usage" in page
    assert "2024-09" not in page
    assert "tried /usage.csv, and was refused" in page
    with time_machine.travel(visit.until + timedelta(minutes=1), tick=False):
        page = read(owner)
    assert "goes on now" not in page
    assert f"until {timezone.localtime(visit.until):%H:%M}" in page


def test_what_was_emptied_says_so(camille, account):
    look(camille, Whose(account=account.pk))
    sweep_rows(operator=operator(), now=AT + timedelta(days=36 * 31))
    page = read(make_member(account=account))
    assert "no longer kept" in page
    assert WHY not in page


def test_a_long_history_comes_in_pages_in_as_many_queries(camille, account, django_assert_max_num_queries):
    owner = make_member(account=account)
    for number in range(90):
        look(camille, Whose(account=account.pk), thing=f"F-{number:03}", now=AT + timedelta(minutes=number))
    client = Client()
    client.force_login(owner)
    with django_assert_max_num_queries(20):
        first = client.get("/settings/privacy").content.decode()
    assert ("F-089" in first, "F-049" in first, "page 1 of 3" in first) == (True, False, True)
    assert "F-000" in client.get("/settings/privacy?page=3").content.decode()
    assert client.get("/settings/privacy?page=nonsense").status_code == 200


def test_an_owner_of_two_accounts_reads_of_both_once(camille, account):
    owner, other = make_member(account=account), make_account(name="Hafen")
    other.memberships.create(user=owner, role="owner", created_at=AT)
    look(camille, Whose(account=account.pk, person=owner.pk))
    look(camille, Whose(account=other.pk))
    page = read(owner)
    assert page.count("F2026-000004") == 2
    assert "opened your data 2 times" in page
