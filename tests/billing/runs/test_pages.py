"""The staff's pages of bill runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django_tasks_db.models import DBTaskResult

from bonafide.accounts.models import User
from bonafide.billing.models import Invoice, Issuing, Rehearsal, RehearsedBill, SignOff
from bonafide.billing.runs.ask import ask_rehearsal
from bonafide.billing.runs.rehearse_all import rehearse_all
from bonafide.billing.runs.sign_off import sign_off
from bonafide.pricing.models import Meter
from bonafide.pricing.rating import PerUnit
from bonafide.privacy.models import Look
from bonafide.privacy.places import OWN_PAGES
from bonafide.usage.models import Total
from tests.factories.accounts import enter, enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import OCTOBER_1, SEPTEMBER, issue, make_meter, make_plan, make_sale, operator, use
from tests.factories.privacy import WHY
from tests.web.cast import routes

pytestmark = pytest.mark.django_db

MONTHS, MONTH = "/staff/bill-runs/", "/staff/bill-runs/2024-09"
ACTS = [f"{MONTH}/{act}" for act in ("rehearse", "sign-off", "issue")]


@pytest.fixture(autouse=True)
def _on_the_first_of_october() -> Iterator[None]:
    with time_machine.travel(OCTOBER_1, tick=False):
        yield


@pytest.fixture
def meter() -> Meter:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    return meter


@pytest.fixture
def desk() -> Client:
    client = Client(raise_request_exception=False)
    client.person = enter_as_staff(client)  # type: ignore[attr-defined]
    return client


def rehearsed() -> Rehearsal:
    asked = ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    found = rehearse_all(rehearsal_id=asked.pk, operator=operator(), clock=lambda: OCTOBER_1)
    assert found is not None
    return found


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


# --- Who may --------------------------------------------------------------------------------------------------------------
def test_to_everybody_but_the_staff_there_are_no_such_pages(meter: Meter) -> None:
    use(make_account(), meter, "1")
    rehearsed()
    one = f"{MONTH}/accounts/{RehearsedBill.objects.get().pk}"
    owner, stranger, signed_out = Client(), Client(), Client()
    enter(owner, make_member())
    enter(stranger, make_user())
    for address in (MONTHS, MONTH, one):
        assert [owner.get(address).status_code, stranger.get(address).status_code] == [404, 404]
        assert signed_out.get(address)["Location"].startswith("/account/login/")
    for address in ACTS:
        assert [owner.post(address).status_code, stranger.post(address).status_code] == [404, 404]
        assert signed_out.post(address)["Location"].startswith("/account/login/")


def test_staff_need_the_permission_for_each_act(meter: Meter, desk: Client) -> None:
    use(make_account(), meter, "1")
    rehearsal = rehearsed()
    User.objects.update(is_superuser=False)
    assert {desk.get(address).status_code for address in (MONTHS, MONTH)} == {403}
    assert {desk.post(address, {"rehearsal": rehearsal.pk}).status_code for address in ACTS} == {403}
    assert not SignOff.objects.exists()


def test_nothing_is_done_by_looking_or_without_our_token(meter: Meter) -> None:
    client = Client(enforce_csrf_checks=True)
    enter_as_staff(client)
    for address in ACTS:
        assert client.get(address).status_code == 405
        assert client.post(address).status_code == 403
    assert not Rehearsal.objects.exists()


# --- What they show -------------------------------------------------------------------------------------------------------
def test_every_month_says_where_its_bills_stand(meter: Meter, desk: Client) -> None:
    use(make_account(), meter, "10")
    assert re.search(r"October 2024 not over – – 0 September 2024 to be checked – – 0", text_of(desk.get(MONTHS).content))
    rehearsal = rehearsed()
    assert "September 2024 to be checked 1 0 0" in text_of(desk.get(MONTHS).content)
    sign_off(rehearsal_id=rehearsal.pk, by=desk.person, operator=operator(), now=OCTOBER_1)  # type: ignore[attr-defined]
    assert "September 2024 signed off 1 0 0" in text_of(desk.get(MONTHS).content)
    desk.post(f"{MONTH}/issue")
    assert "September 2024 being issued 1 0 0" in text_of(desk.get(MONTHS).content)
    Issuing.objects.update(ended_at=OCTOBER_1)
    issue()
    assert "September 2024 issued 1 0 1" in text_of(desk.get(MONTHS).content)


def test_a_month_shows_its_sums_what_is_odd_and_what_stops_with_where_to_mend_it(meter: Meter, desk: Client) -> None:
    big, stuck = make_account(name="Big"), make_account(name="Stuck")
    use(big, meter, "1000")
    use(stuck, make_meter(), "1")
    consumer = make_sale("Over the sea", "12", country="CH", postcode="8001")
    rehearsed()
    page = desk.get(MONTH).content
    said = text_of(page)
    assert "2 bills €972.00 with VAT" in said
    assert "Usage without a price stops 1 account: See the prices" in said, said
    assert "Consumers in CH: sellers from abroad must register for VAT there" in said
    assert re.search(r"Stuck .* See the prices stopped", said)
    assert re.search(r"Big .* first bill €160.00", said)
    assert consumer.name in said
    assert f'href="{reverse("admin:pricing_price_changelist")}"' in page.decode()


def test_rows_are_found_by_name_and_by_what_is_odd_and_come_in_pages(meter: Meter, desk: Client) -> None:
    for n in range(60):
        use(make_account(name=f"Account {n:02d}"), meter, "1")
    stuck = make_account(name="Stuck")
    use(stuck, make_meter(), "1")
    rehearsed()
    first, second = (text_of(desk.get(f"{MONTH}?page={n}").content) for n in (1, 2))
    assert ("page 1 of 2" in first, "Stuck" in first, "Stuck" in second) == (True, True, False)
    found = text_of(desk.get(f"{MONTH}?q=account+07").content)
    assert ("Account 07" in found, "Account 08" in found) == (True, False)
    stopped = text_of(desk.get(f"{MONTH}?show=stopped").content)
    assert ("Stuck" in stopped, "Account 01" in stopped) == (True, False)
    assert "None of the accounts is like that." in text_of(desk.get(f"{MONTH}?show=first&q=nobody").content)


def test_a_page_costs_the_same_few_queries_whatever_is_on_it(meter: Meter, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(MONTH).status_code == 200
        return len(caught)

    use(make_account(), meter, "1")
    rehearsed()
    few = queries()
    for _ in range(20):
        use(make_account(), meter, "1")
        use(make_account(), make_meter(), "1")
    rehearsed()
    assert queries() <= few + 1  # what stops, by where it is mended


def test_one_bill_is_shown_line_by_line_with_what_changed_since(meter: Meter, desk: Client) -> None:
    account = make_account(name="Atelier")
    use(account, meter, "12.5")
    rehearsed()
    address = f"{MONTH}/accounts/{RehearsedBill.objects.get().pk}"
    asked = desk.get(address)
    assert asked["Location"] == f"/staff/reason?next={address.replace('/', '%2F')}"
    page = desk.post(asked["Location"], {"reason": WHY}, follow=True).content
    said = text_of(page)
    assert "Instance hours 12.5 h €0.80 €10.00" in said, said
    assert "Total €12.00" in said
    assert "Something has changed" not in said
    assert WHY in said
    Total.objects.update(quantity=13_000)
    said = text_of(desk.get(address).content)
    assert "Something has changed since the rehearsal" in said
    assert "Total €12.48" in said


def test_a_bill_at_the_threshold_is_shown_as_it_was_rehearsed_in_its_place(desk: Client) -> None:
    make_sale("First", "9999")
    second = make_sale("Second", "2")
    rehearsed()
    row = RehearsedBill.objects.get(account=second)
    assert row.treatment == "destination"
    address = f"{MONTH}/accounts/{row.pk}"
    said = text_of(desk.post(f"/staff/reason?next={address}", {"reason": WHY}, follow=True).content)
    assert "VAT 19 %" in said
    assert "Something has changed" not in said


# --- Its trace ------------------------------------------------------------------------------------------------------------
def test_whoever_is_on_the_page_reads_that_staff_saw_it(meter: Meter, desk: Client) -> None:
    seen, unseen = make_account(name="Seen"), make_account(name="Other")
    use(seen, meter, "1")
    use(unseen, meter, "1")
    rehearsed()
    desk.get(f"{MONTH}?q=seen")
    assert list(Look.objects.values_list("kind", "view", "account")) == [("billing.rehearsedbill", "list", seen.pk)]
    row = RehearsedBill.objects.get(account=seen)
    desk.post(f"/staff/reason?next={MONTH}/accounts/{row.pk}", {"reason": WHY}, follow=True)
    look = Look.objects.get(view="page")
    assert (look.account, look.reason, look.thing) == (seen, WHY, "Seen")


# Pages of ours below /staff/ that show no customer, or that ask for a reason and leave their trace themselves.
TRACED_OTHERWISE = {
    *("reason", "reason_done", "begin_visit", "erase_for"),
    *("bill_runs", "rehearse_bills", "sign_off_bills", "issue_bills"),
    *("books_report", "books_report_csv"),  # each customer on them is written down
    # of accounts that nobody is
    *("test_accounts", "test_account", "simulated_month", "simulation_csv", "delete_test_account"),
}


def test_every_page_of_ours_for_staff_says_whose_data_it_shows() -> None:
    ours = {
        pattern.name
        for pattern in _patterns(get_resolver().url_patterns)
        if str(pattern.pattern).startswith("staff/") and pattern.name
    }
    assert {"bill_run", "rehearsed_bill", "reason"} <= ours
    assert ours - set(OWN_PAGES) - TRACED_OTHERWISE == set()
    assert any(route.startswith("staff/bill-runs/") for route in routes())


def _patterns(patterns: list[object]) -> list[object]:
    found: list[object] = []
    for one in patterns:
        if getattr(one, "app_name", None) == "admin":
            continue
        found += _patterns(one.url_patterns) if hasattr(one, "url_patterns") else [one]
    return found


# --- What they do ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_press_of_a_button_leaves_the_work_to_the_background_and_shows_how_far_it_is(meter: Meter, desk: Client) -> None:
    account = make_account()
    use(account, meter, "10")
    for _twice in range(2):
        assert desk.post(f"{MONTH}/rehearse")["Location"] == MONTH
    rehearsal = Rehearsal.objects.get()
    assert rehearsal.asked_by == desk.person  # type: ignore[attr-defined]
    assert DBTaskResult.objects.filter(task_path="bonafide.billing.runs.tasks.rehearse").count() == 2
    Rehearsal.objects.update(accounts=40, done=10)
    page = desk.get(MONTH).content.decode()
    assert '<progress max="40" value="10"' in " ".join(page.split())
    assert account.name not in page
    assert "Reload" in page
    rehearse_all(rehearsal_id=rehearsal.pk, operator=operator(), clock=lambda: OCTOBER_1)
    desk.post(f"{MONTH}/sign-off", {"rehearsal": rehearsal.pk, "note": "outliers looked at"})
    signed = SignOff.objects.get()
    assert (signed.signed_by, signed.note) == (desk.person, "outliers looked at")  # type: ignore[attr-defined]
    assert "“outliers looked at”" in text_of(desk.get(MONTH).content)
    desk.post(f"{MONTH}/issue")
    assert Issuing.objects.get().rehearsal == rehearsal
    assert "The bills are being issued" in text_of(desk.get(MONTH).content)
    assert not Invoice.objects.exists()


def test_what_is_refused_is_said_on_the_page(meter: Meter, desk: Client, settings: object) -> None:
    settings.OPERATOR = operator(billing={"sign_off": "required"})  # type: ignore[attr-defined]
    use(make_account(), meter, "1")
    rehearsal = rehearsed()
    page = desk.post(f"{MONTH}/issue", follow=True).content.decode()
    assert "2024-09 is not signed off" in page
    assert "Issue the bills" not in page
    Total.objects.update(events=5)
    page = desk.post(f"{MONTH}/sign-off", {"rehearsal": rehearsal.pk}, follow=True).content.decode()
    assert "has changed since it was rehearsed" in page
    assert desk.post(f"{MONTH}/sign-off", {"rehearsal": "x"}, follow=True).status_code == 200
    assert not SignOff.objects.exists()


@pytest.mark.parametrize(
    "address", ["/staff/bill-runs/2024-13", "/staff/bill-runs/1900-01", "/staff/bill-runs/2024-09/accounts/1"]
)
def test_what_is_no_month_and_no_row_is_not_there(desk: Client, address: str) -> None:
    assert desk.get(address).status_code == 404
