"""A month is rehearsed into its table, signed off, and issued as it was signed or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide.accounts.models import Account, User
from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import BillRun, Invoice, LocationQuestion, Rehearsal, RehearsedBill, SignOff
from bonafide.billing.run import MonthNotOver, RunResult
from bonafide.billing.runs.ask import IsIssuing, ask_issuing, ask_rehearsal
from bonafide.billing.runs.digest import digest_of
from bonafide.billing.runs.empty import empty_old
from bonafide.billing.runs.issue_signed import issue_signed, work_issuing
from bonafide.billing.runs.rehearse_all import rehearse_all
from bonafide.billing.runs.sign_off import CannotSignOff, sign_off
from bonafide.billing.runs.signed import NotAsSigned, NotSignedOff
from bonafide.billing.verify import Verified, verify_books
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, Meter
from bonafide.pricing.rating import Flat, PerUnit
from bonafide.usage.models import Total
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import (
    OCTOBER_1,
    SEPTEMBER,
    issue,
    make_evidence,
    make_meter,
    make_plan,
    make_rate,
    make_sale,
    operator,
    subscribe,
    use,
)

pytestmark = pytest.mark.django_db

NEEDED = {"billing": {"sign_off": "required"}}


@pytest.fixture
def meter() -> Meter:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    return meter


@pytest.fixture
def staff() -> User:
    return make_user(username="camille", is_staff=True, is_superuser=True)


def rehearsed(*, by: Operator | None = None, month: Month = SEPTEMBER, now: datetime = OCTOBER_1) -> Rehearsal:
    asked = ask_rehearsal(month=month, now=now)
    found = rehearse_all(rehearsal_id=asked.pk, operator=by or operator(), clock=lambda: now)
    assert found is not None
    return found


def signed(staff: User, *, by: Operator | None = None, month: Month = SEPTEMBER, now: datetime = OCTOBER_1) -> Rehearsal:
    rehearsal = rehearsed(by=by, month=month, now=now)
    sign_off(rehearsal_id=rehearsal.pk, by=staff, operator=by or operator(), now=now, note="looked")
    return rehearsal


def issued(*, by: Operator | None = None, month: Month = SEPTEMBER, now: datetime = OCTOBER_1) -> RunResult:
    return issue_signed(month=month, operator=by or operator(), now=now)


def row_of(account: Account) -> RehearsedBill:
    return RehearsedBill.objects.get(account=account)


def used_by_another(events: int = 1) -> None:
    Total.objects.update(events=events)


# --- The table ------------------------------------------------------------------------------------------------------------
def test_the_table_holds_every_account_with_its_change_and_why_to_look_at_it(meter: Meter) -> None:
    names = ("same", "doubled", "gone", "new", "stuck", "below")
    same, doubled, gone, new, stuck, below = (make_account(name=name) for name in names)
    for account in (same, doubled, gone, below):
        use(account, meter, "100", day=20240815)
    issue(month=Month(2024, 8), now=datetime(2024, 9, 1, 8, tzinfo=UTC))
    unpriced = make_meter()
    for account, quantity in ((same, "101"), (doubled, "300"), (new, "2")):
        use(account, meter, quantity)
    use(below, meter, "-5", day=20240820, bill=202409)
    use(stuck, unpriced, "1")

    rehearsal = rehearsed()

    assert (rehearsal.is_whole, rehearsal.done, rehearsal.events) == (True, rehearsal.accounts, 5)
    rows = RehearsedBill.objects.order_by("rank", "pk")
    assert [(row.account.name, row.outcome, row.odd, row.change_minor) for row in rows] == [
        ("stuck", "stopped", "", None),
        ("doubled", "bill", "doubled", 19200),
        ("new", "bill", "first", None),
        ("below", "bill", "negative", -10080),
        ("gone", "missing", "missing", -9600),
        ("same", "bill", "", 96),
    ]
    assert row_of(stuck).mend == "price"
    assert "which plan" in row_of(stuck).reason
    assert rehearsal.sums["outcomes"] == {"bill": 4, "missing": 1, "stopped": 1}
    assert rehearsal.sums["currencies"]["EUR"]["total_minor"] == 9696 + 28800 + 192 - 480
    assert rehearsal.sums["odd"] == {"doubled": 1, "first": 1, "missing": 1, "negative": 1}
    assert not Invoice.objects.of_month(SEPTEMBER.key).exists()
    assert not ClosedMonth.objects.filter(month=SEPTEMBER.key).exists()


def test_the_next_rehearsal_replaces_the_rows_and_asked_twice_it_is_one(meter: Meter) -> None:
    account = make_account()
    use(account, meter, "1")
    first = rehearsed()
    again = ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    assert ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1) == again
    rehearse_all(rehearsal_id=again.pk, operator=operator(), clock=lambda: OCTOBER_1)
    assert row_of(account).rehearsal == again
    first.refresh_from_db()
    assert not first.is_whole
    assert rehearse_all(rehearsal_id=again.pk, operator=operator(), clock=lambda: OCTOBER_1) is None


def test_a_worker_whose_rehearsal_another_took_over_writes_no_more(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    from bonafide.billing.runs import rehearse_all as module

    for _ in range(3):
        use(make_account(), meter, "1")
    monkeypatch.setattr(module, "CHUNK", 1)
    asked = ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    inner: list[Any] = []

    def slow(done: int) -> None:
        if not inner:
            inner.append(rehearse_all(rehearsal_id=asked.pk, operator=operator(), clock=lambda: OCTOBER_1))

    assert rehearse_all(rehearsal_id=asked.pk, operator=operator(), clock=lambda: OCTOBER_1, on_progress=slow) is None
    assert inner[0].is_whole
    assert RehearsedBill.objects.filter(rehearsal=asked).count() == 3


def test_contradicting_evidence_is_asked_about_by_the_rehearsal_already() -> None:
    account = make_sale("Jo", "10")
    make_evidence(account, "ip", "FR")
    make_evidence(account, "card", "ES")
    rehearsed()
    assert row_of(account).mend == "place"
    assert LocationQuestion.objects.get().account == account


def test_the_digest_is_of_every_figure_and_of_no_word(meter: Meter) -> None:
    use(make_account(), meter, "10")
    [bill] = (found for found in compute_bills(month=SEPTEMBER, operator=operator()) if isinstance(found, ComputedBill))
    [line], [tax] = bill.lines, bill.taxes
    reworded = replace(bill, language="fr", lines=(line._replace(text="autre", details=()),))
    assert digest_of(reworded) == digest_of(bill)
    others = [
        replace(bill, lines=(line._replace(quantity="11"),)),
        replace(bill, lines=(line._replace(unit_price="0.9"),)),
        replace(bill, lines=(line, line)),
        replace(bill, taxes=(tax._replace(rate="19"),)),
        replace(bill, currency="USD"),
        replace(bill, treatments={"standard": replace(bill.treatment, taxed_in="DE")}),
    ]
    assert len({digest_of(other) for other in (bill, *others)}) == 1 + len(others)


# --- The sign-off ---------------------------------------------------------------------------------------------------------
def test_what_was_signed_off_is_issued_exactly(meter: Meter, staff: User) -> None:
    for n in range(4):
        use(make_account(), meter, f"{n}.5")
    signed(staff, by=operator(**NEEDED))
    rehearsed_as = list(RehearsedBill.objects.order_by("account").values_list("account", "net_minor", "tax_minor"))
    result = issued(by=operator(**NEEDED))
    assert (result.issued, result.stopped, result.left_out) == (4, [], [])
    assert list(Invoice.objects.order_by("account").values_list("account", "net_minor", "tax_minor")) == rehearsed_as
    assert BillRun.objects.get().finished_at is not None
    assert isinstance(verify_books(), Verified)


def test_without_a_sign_off_nothing_goes_out_where_one_is_required(meter: Meter, staff: User) -> None:
    use(make_account(), meter, "1")
    with pytest.raises(NotSignedOff, match=r"2024-09 is not signed off.* bills rehearse 2024-09 --save"):
        issued(by=operator(**NEEDED))
    with pytest.raises(NotSignedOff):
        ask_issuing(month=SEPTEMBER, operator=operator(**NEEDED), now=OCTOBER_1)
    signed(staff)
    rehearsed()
    with pytest.raises(NotSignedOff, match="rehearsed again since it was signed off"):
        issued(by=operator(**NEEDED))
    assert not Invoice.objects.exists()
    assert issued().issued == 1  # where none is required


def test_a_sign_off_closes_the_month_and_usage_that_came_before_asks_for_a_new_rehearsal(meter: Meter, staff: User) -> None:
    account = make_account()
    use(account, meter, "1")
    rehearsal = rehearsed()
    used_by_another(events=2)
    with pytest.raises(CannotSignOff, match=r"has changed since it was rehearsed \(\+1 events\)"):
        sign_off(rehearsal_id=rehearsal.pk, by=staff, operator=operator(), now=OCTOBER_1)
    assert not ClosedMonth.objects.exists()
    signed(staff)
    assert ClosedMonth.objects.get().month == SEPTEMBER.key


def test_only_the_newest_finished_rehearsal_of_a_month_that_is_over_can_be_signed_off(meter: Meter, staff: User) -> None:
    use(make_account(), meter, "1")
    old = rehearsed()
    new = ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    for rehearsal, why in ((old, "rehearsed again since"), (new, "still at work")):
        with pytest.raises(CannotSignOff, match=why):
            sign_off(rehearsal_id=rehearsal.pk, by=staff, operator=operator(), now=OCTOBER_1)
    rehearse_all(rehearsal_id=new.pk, operator=operator(), clock=lambda: OCTOBER_1)
    with pytest.raises(MonthNotOver):
        sign_off(rehearsal_id=new.pk, by=staff, operator=operator(), now=OCTOBER_1 - timedelta(days=2))
    first = sign_off(rehearsal_id=new.pk, by=staff, operator=operator(), now=OCTOBER_1)
    assert sign_off(rehearsal_id=new.pk, by=staff, operator=operator(), now=OCTOBER_1) == first


@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_who_signed_what(meter: Meter, staff: User) -> None:
    use(make_account(), meter, "1")
    signed(staff)
    for tamper in ("UPDATE billing_signoff SET said_by = 'somebody'", "DELETE FROM billing_signoff"):
        with pytest.raises(DatabaseError, match="stays signed off"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(tamper)
    assert SignOff.objects.get().said_by == "camille"


# --- Late changes ---------------------------------------------------------------------------------------------------------
def test_a_bill_that_is_not_what_was_signed_stops_the_run_and_says_what_changed(meter: Meter, staff: User) -> None:
    first, second = make_account(), make_account()
    use(first, meter, "10")
    use(second, meter, "20")
    signed(staff)
    Total.objects.filter(account=second).update(quantity=21_000)
    with pytest.raises(NotAsSigned) as stopped:
        issued()
    assert f"account {second.reference}: was signed off by camille on 1 October 2024 with €19.20 (€3.20 tax" in str(stopped.value)
    assert "comes to €20.16 (€3.36 tax" in str(stopped.value)
    assert not Invoice.objects.exists()  # both are of one chunk

    signed(staff)
    assert issued().issued == 2


def test_the_chunks_before_stay_issued(meter: Meter, staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from bonafide.billing import compute, run

    monkeypatch.setattr(compute, "CHUNK", 1)
    monkeypatch.setattr(run, "CHUNK", 1)
    first, second = make_account(), make_account()
    use(first, meter, "10")
    use(second, meter, "20")
    rehearsal = signed(staff)
    RehearsedBill.objects.filter(rehearsal=rehearsal, account=second).update(digest="0" * 64)
    with pytest.raises(NotAsSigned, match=second.reference):
        issued()
    assert [bill.account for bill in Invoice.objects.all()] == [first]
    assert isinstance(verify_books(), Verified)


def test_who_had_no_bill_when_it_was_signed_waits_for_a_new_sign_off(meter: Meter, staff: User) -> None:
    late, fine, stuck = make_account(), make_account(), make_account()
    cost = make_meter(unit="USD", scale=12)
    from bonafide.pricing.rating import CostPlus

    subscribe(stuck, make_plan((cost, CostPlus(markup_percent=Decimal(70))), is_default=False))
    use(fine, meter, "10")
    use(stuck, cost, "10")
    signed(staff)
    make_rate("USD", "EUR", "0.89")
    use(late, meter, "5")

    result = issued()
    assert (result.issued, sorted(bill.account_id for bill in result.left_out)) == (1, [late.pk, stuck.pk])
    assert BillRun.objects.get().finished_at is None

    signed(staff)
    result = issued()
    assert (result.issued, result.already, result.left_out) == (2, 1, [])
    assert BillRun.objects.get().finished_at is not None


def test_a_signed_bill_that_is_no_bill_any_more_is_named(meter: Meter, staff: User) -> None:
    account, other = make_account(), make_account()
    use(account, meter, "10")
    use(other, meter, "10")
    signed(staff)
    Total.objects.filter(account=account).delete()
    result = issued()
    assert result.issued == 1
    [stop] = result.stopped
    assert stop.account_id == account.pk
    assert stop.reason.startswith("was signed off by camille on 1 October 2024 with €9.60")
    assert "has no bill now" in stop.reason
    assert BillRun.objects.get().finished_at is None


# --- The threshold, which depends on the order ----------------------------------------------------------------------------
@pytest.mark.parametrize("chunk", [1, 2, 500])
def test_a_threshold_that_is_crossed_within_the_run_is_rehearsed_as_it_is_issued(
    chunk: int, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bonafide.billing import compute, run
    from bonafide.billing.runs import rehearse_all as module

    for place in (compute, run, module):
        monkeypatch.setattr(place, "CHUNK", chunk)
    for n, (euros, country, postcode) in enumerate(
        [("4000", "DE", "20457"), ("3000", "ES", "28001"), ("2999", "DE", "20457"), ("2", "IT", "00118"), ("7", "DE", "20457")]
    ):
        make_sale(f"Consumer {n}", euros, country=country, postcode=postcode)
    make_sale("At home", "50", country="FR", postcode="75001")
    by = operator(tax={"oss": "below_threshold"}, **NEEDED)
    signed(staff, by=by)
    rows = RehearsedBill.objects.order_by("account")
    assert [row.treatment for row in rows].count("destination") == 2  # the one that crosses, and the one after it
    assert [row.sold_before_minor for row in rows] == [0, 400_000, 700_000, 999_900, 1_000_100, None]

    result = issued(by=by)

    assert (result.issued, result.stopped) == (6, [])
    assert list(Invoice.objects.order_by("account").values_list("net_minor", "tax_minor")) == [
        (row.net_minor, row.tax_minor) for row in rows
    ]


def test_a_threshold_that_was_crossed_since_stops_the_run(staff: User) -> None:
    make_sale("Consumer", "9000")
    by = operator(tax={"oss": "below_threshold"})
    signed(staff, by=by)
    other = operator(tax={"oss": "below_threshold", "oss_threshold": Decimal(5000)})
    with pytest.raises(NotAsSigned):
        issued(by=other)
    assert not Invoice.objects.exists()


# --- In the background ----------------------------------------------------------------------------------------------------
def test_issuing_in_the_background_tells_how_it_goes_and_what_stopped_it(meter: Meter, staff: User) -> None:
    account = make_account()
    use(account, meter, "10")
    rehearsal = signed(staff)
    asked = ask_issuing(month=SEPTEMBER, operator=operator(), now=OCTOBER_1, by=staff)
    assert ask_issuing(month=SEPTEMBER, operator=operator(), now=OCTOBER_1) == asked
    with pytest.raises(IsIssuing):
        ask_rehearsal(month=SEPTEMBER, now=OCTOBER_1)
    Total.objects.update(quantity=1)
    stopped = work_issuing(issuing_id=asked.pk, operator=operator(), clock=lambda: OCTOBER_1)
    assert stopped is not None
    assert (stopped.rehearsal, stopped.issued, account.reference in stopped.fault) == (rehearsal, 0, True)

    signed(staff)
    again = ask_issuing(month=SEPTEMBER, operator=operator(), now=OCTOBER_1)
    done = work_issuing(issuing_id=again.pk, operator=operator(), clock=lambda: OCTOBER_1)
    assert done is not None
    assert (done.issued, done.done, done.accounts, done.fault) == (1, 1, 1, "")
    assert work_issuing(issuing_id=again.pk, operator=operator(), clock=lambda: OCTOBER_1) is None


def test_rows_of_an_old_rehearsal_go_and_nothing_is_issued_by_it(meter: Meter, staff: User) -> None:
    use(make_account(), meter, "1")
    signed(staff)
    later = OCTOBER_1 + timedelta(days=93)
    assert empty_old(now=OCTOBER_1 + timedelta(days=90)) == 0
    assert empty_old(now=later) == 1
    with pytest.raises(NotSignedOff):
        issued(by=operator(**NEEDED), now=later)


def test_a_flat_bill_of_zero_that_is_skipped_stays_skipped(staff: User) -> None:
    make_plan((None, Flat(amount=Decimal(0))))
    account = make_account()
    by = operator(billing={"zero_bills": "skip"})
    signed(staff, by=by)
    assert row_of(account).outcome == "skipped"
    result = issued(by=by)
    assert (result.issued, result.skipped_zero, result.stopped) == (0, 1, [])
    with pytest.raises(NotAsSigned, match="was to get no bill"):
        issued(by=operator(billing={"zero_bills": "issue"}))
