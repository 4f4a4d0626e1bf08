"""What stands before the bills on their list, its page, and which of them somebody wants to see."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from bonafide.billing.models import BillRun, Correction, State
from bonafide.billing.settle import settle
from bonafide.billing.states import FOR_STAFF
from bonafide.periods import Month
from bonafide.pricing.rating import Flat, PerUnit
from tests.documents.bills import make_issued
from tests.factories.accounts import enter_as_staff, make_account, make_member
from tests.factories.billing import issue, make_meter, make_plan, operator, subscribe, use

pytestmark = pytest.mark.django_db
YESTERDAY = datetime(2026, 11, 10, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_november():
    with time_machine.travel("2026-11-11T12:00:00Z", tick=False):
        yield


@pytest.fixture
def account():
    return make_account()


@pytest.fixture
def client(account):
    client = Client()
    client.force_login(make_member(account=account, role="viewer"))
    return client


@pytest.fixture
def meter(account):
    meter = make_meter(name_en="GPU time")
    subscribe(account, make_plan((meter, PerUnit(unit_price=Decimal("0.5"))), is_default=False))
    return meter


def page(client, address="/bills", status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def test_the_running_month_is_a_draft_with_a_page_that_is_clearly_no_bill(client, account, meter):
    use(account, meter, "30", day=20261103)
    listed = page(client)
    assert '<a href="/bills/draft/2026-11">so far</a>' in listed
    assert '<span class="chip note">draft</span>' in listed
    assert "€18.00" in listed
    shown = page(client, "/bills/draft/2026-11")
    for words in ("This is no bill: the month runs until", "there is nothing to pay", "GPU time", "VAT 20 % on €15.00", "€18.00"):
        assert words in shown
    for word in ("Open the PDF", "Pay by transfer", "E-invoice", "Seal"):
        assert word not in shown


def test_a_month_that_is_over_is_being_checked_until_its_bill_is_issued(client, account, meter):
    use(account, meter, "30", day=20261003)
    assert "being checked" in page(client)
    assert "is checking it" in page(client, "/bills/draft/2026-10")
    issue(month=Month(2026, 10), now=datetime(2026, 11, 11, 12, tzinfo=UTC))
    assert "being checked" not in page(client)
    page(client, "/bills/draft/2026-10", 404)


def test_a_month_of_nothing_that_is_skipped_is_no_draft_once_it_is_over(client, account, settings):
    subscribe(account, make_plan((None, Flat(amount=Decimal(0))), is_default=False))
    assert "/bills/draft/2026-10" in page(client)
    settings.OPERATOR = operator(billing={"zero_bills": "skip"})
    assert "/bills/draft/2026-10" not in page(client)
    settings.OPERATOR = operator()
    BillRun.objects.create(month=202610, started_at=datetime.now(UTC), finished_at=datetime.now(UTC))
    assert "/bills/draft/2026-10" not in page(client)


def test_a_month_that_cannot_be_priced_says_so(client, account, meter):
    use(account, make_meter(), "1", day=20261103)
    assert '<a href="/bills/draft/2026-11">' in page(client)
    assert "cannot be priced yet" in page(client, "/bills/draft/2026-11")


def test_there_is_no_draft_of_nothing_nor_of_other_times_nor_for_strangers(client, account, meter):
    page(client, "/bills/draft/2026-11", 404)
    use(account, meter, "30", day=20261103)
    for month in ("2026-12", "2026-07", "2026-13", "1999-01"):
        page(client, f"/bills/draft/{month}", 404)
    stranger = Client()
    stranger.force_login(make_member())
    page(stranger, "/bills/draft/2026-11", 404)


def test_a_long_draft_shows_its_first_lines_and_all_on_request(client, account, monkeypatch):
    monkeypatch.setattr("bonafide.billing.views.LINES_SHOWN", 1)
    meters = [make_meter(name_en=name) for name in ("First", "Second")]
    subscribe(account, make_plan(*((one, PerUnit(unit_price=Decimal(1))) for one in meters), is_default=False))
    for one in meters:
        use(account, one, "1", day=20261103)
    cut, whole = page(client, "/bills/draft/2026-11"), page(client, "/bills/draft/2026-11?all")
    assert "The first 1 of 2 lines" in cut
    assert "Second" not in cut
    assert "Second" in whole


# --- which ---


def test_bills_are_shown_by_their_state(client, account, meter):
    use(account, meter, "30", day=20261103)
    paid = make_issued(account=account, month=202607)
    settle(invoice=paid, amount_minor=36240, received_on=date(2026, 11, 2), means="transfer", reference="1")
    late = make_issued(account=account, month=202608)
    due = make_issued(account=account, month=202609, issued_at=YESTERDAY)
    numbers = {"draft": [], "open": [due.number], "overdue": [late.number], "paid": [paid.number]}
    for state, wanted in numbers.items():
        shown = page(client, f"/bills?state={state}")
        assert re.findall(r'<a class="code" href="/bills/([^"]+)"', shown) == wanted
        assert ("/bills/draft/2026-11" in shown) is (state == "draft")
        assert f'<a href="?state={state}" aria-current="page">' in shown
    assert len(re.findall(r'<a class="code"', page(client, "/bills?state=nonsense"))) == 3


def test_a_state_without_bills_says_so_and_the_sum_above_stays(client, account):
    make_issued(account=account, issued_at=YESTERDAY)
    shown = page(client, "/bills?state=paid")
    assert "No bill is in this state." in shown
    assert "to pay" in shown
    assert "Every bill so far is paid." not in shown


def test_pages_of_one_state_stay_within_it(client, account, monkeypatch):
    monkeypatch.setattr("bonafide.billing.views.PER_PAGE", 1)
    for month in (202608, 202609):
        make_issued(account=account, month=month, issued_at=YESTERDAY)
    assert 'href="?state=open&amp;page=2"' in page(client, "/bills?state=open")


def test_every_state_can_be_asked_for():
    assert sorted(state for shown in FOR_STAFF for state in shown.states) == sorted(State)


def test_staff_filter_by_the_same_states(account):
    late = make_issued(account=account, month=202608)
    due = make_issued(account=account, month=202609, issued_at=YESTERDAY)
    staff = Client()
    enter_as_staff(staff)
    shown = page(staff, "/staff/billing/invoice/?state=overdue")
    assert late.number in shown
    assert due.number not in shown
    assert not Correction.objects.exists()
