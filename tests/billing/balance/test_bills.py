"""What bills use of grants and charges: on paper, in the ledger, and in the grants themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bonafide.billing.balance.grant import withdraw
from bonafide.billing.balance.models import Grant, OneOffBilled, Taken
from bonafide.billing.balance.one_off import ChargeRefused, withdraw_charge
from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.correct import credit
from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.run import RunResult, _issue_together
from bonafide.billing.verify import Verified, verify_books
from bonafide.periods import Month
from tests.billing.balance.grants import SEPTEMBER_10, left_of, make_charge, make_grant, make_payer
from tests.factories.accounts import make_account
from tests.factories.billing import OCTOBER_1, SEPTEMBER, issue, make_rate, make_sale, operator

pytestmark = pytest.mark.django_db

OCTOBER = Month(2024, 10)
NOVEMBER_1 = datetime(2024, 11, 1, 8, tzinfo=UTC)
TODAY = date(2024, 10, 1)


def computed() -> list[ComputedBill | Stopped]:
    return list(compute_bills(month=SEPTEMBER, operator=operator()))


def test_vouchers_and_credits_lower_the_base_and_money_in_advance_pays_what_is_left() -> None:
    account = make_payer("100")
    grants = [make_grant(account, kind, minor) for kind, minor in (("prepaid", 5000), ("credit", 1500), ("voucher", 1000))]

    issue()

    bill = Invoice.objects.with_state(TODAY).get()
    assert [(line.unit, line.net_minor) for line in bill.lines.all()][1:] == [("voucher", -1000), ("discount", -1500)]
    assert (bill.net_minor, bill.tax_minor, bill.total_minor, bill.prepaid_minor) == (7500, 1500, 9000, 5000)
    assert (bill.open_minor, bill.state) == (4000, "partly_paid")  # type: ignore[attr-defined]
    assert [left_of(one) for one in grants] == [0, 0, 0]
    assert isinstance(verify_books(), Verified)


def test_a_bill_that_is_paid_in_advance_is_paid_and_asks_for_nothing() -> None:
    account = make_payer("100")
    purse = make_grant(account, "prepaid", 20000)
    issue()
    bill = Invoice.objects.with_state(TODAY).get()
    assert (bill.prepaid_minor, bill.open_minor, bill.state) == (12000, 0, "paid")  # type: ignore[attr-defined]
    assert left_of(purse) == 8000
    assert not any("To be paid by" in said for said in bill.mentions)


def test_the_ledger_has_what_came_what_was_used_and_the_tax_that_fell_due_by_it() -> None:
    account, books = make_payer("100"), operator().books
    make_grant(account, "prepaid", 6000)
    issue()
    rows = Posting.objects.order_by("entry", "line").values_list("step", "debit", "credit", "amount_minor")
    assert list(rows) == [
        (Step.VOUCHER, books.bank, books.prepaid, 6000),
        (Step.ISSUE, books.receivable, books.revenue, 10000),
        (Step.ISSUE, books.receivable, books.vat_pending, 2000),
        (Step.SETTLEMENT, books.prepaid, books.receivable, 6000),
        (Step.SETTLEMENT, books.vat_pending, books.vat_due, 1000),
    ]


def test_a_grant_counts_on_the_last_day_of_the_month_and_in_its_own_currency() -> None:
    account = make_payer("100")
    make_rate("USD", "EUR", "0.9")
    late = make_grant(account, "credit", 100, starts_on=date(2024, 10, 1))
    over = make_grant(account, "voucher", 100, starts_on=date(2024, 8, 1), expires_on=date(2024, 9, 29))
    dollars = make_grant(account, "prepaid", 100, currency="USD")
    last = make_grant(account, "credit", 100, expires_on=date(2024, 9, 30))
    issue()
    assert [left_of(one) for one in (late, over, dollars, last)] == [100, 100, 100, 0]


def test_a_discount_where_prices_include_the_tax_is_off_the_price_and_the_cents_add_up() -> None:
    account = make_payer("9.99", "5.01")
    account.subscriptions.get().plan.__class__.objects.update(gross=True)
    make_grant(account, "voucher", 333)
    issue()
    bill = Invoice.objects.get()
    assert bill.total_minor == 1500 - 333
    assert sum(line.net_minor for line in bill.lines.all()) == bill.net_minor
    assert bill.lines.last().gross_minor == -333  # type: ignore[union-attr]
    assert isinstance(verify_books(), Verified)


def test_queries_are_the_same_number_however_many_grants_there_are() -> None:
    make_grant(make_payer("10"), "credit", 100)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            computed()
        return len(seen)

    few = queries()
    for _n in range(5):
        account = make_payer("10")
        for kind in ("voucher", "credit", "prepaid"):
            make_grant(account, kind, 100)
        make_charge(account, "3")
    # each plan of its own costs nothing more, as all are read at once
    assert queries() == few


def test_what_is_issued_is_what_was_rehearsed() -> None:
    account = make_payer("100")
    for kind in ("voucher", "prepaid"):
        make_grant(account, kind, 2000)
    make_charge(account, "7.5", quantity=Decimal(2))
    [bill] = computed()
    assert isinstance(bill, ComputedBill)
    issue()
    row = Invoice.objects.get()
    assert (row.total_minor, row.prepaid_minor) == (bill.total_minor, bill.prepaid_minor) == (11400, 2000)


def test_a_grant_that_was_used_up_meanwhile_stops_that_account_alone_and_a_rerun_gets_it_right() -> None:
    unlucky, lucky = make_payer("100"), make_payer("50")
    grant = make_grant(unlucky, "credit", 1000)
    make_grant(lucky, "credit", 1000)
    bills = [bill for bill in computed() if isinstance(bill, ComputedBill)]
    withdraw(grant=grant, reason="a mistake", operator=operator(), now=SEPTEMBER_10)

    from bonafide.billing.run import _issue

    result = RunResult()
    _issue(bills, operator(), OCTOBER_1, result, None)
    assert [stop.account_id for stop in result.stopped] == [unlucky.pk]
    assert "used up meanwhile" in result.stopped[0].reason
    assert [bill.account_id for bill in Invoice.objects.all()] == [lucky.pk]
    issue()
    assert Invoice.objects.get(account=unlucky).net_minor == 10000
    assert isinstance(verify_books(), Verified)


def test_nothing_is_used_when_the_issue_fails_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_payer("100")
    grant = make_grant(account, "prepaid", 1000)
    bills = [bill for bill in computed() if isinstance(bill, ComputedBill)]

    def killed(**_values: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bonafide.billing.balance.take.write_entries", killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        _issue_together(bills, operator(), OCTOBER_1, RunResult(), None)
    monkeypatch.undo()
    assert (left_of(grant), Invoice.objects.count(), Settlement.objects.count()) == (1000, 0, 0)
    issue()
    assert left_of(grant) == 0


def test_money_in_advance_pays_the_total_that_the_threshold_of_art_59c_decides() -> None:
    below, crossing = make_sale("Below", "9990"), make_sale("Crossing", "100")
    for account in (below, crossing):
        make_grant(account, "prepaid", 2_000_000)
    voucher = make_grant(crossing, "voucher", 5000)
    issue()
    totals = list(Invoice.objects.order_by("position").values_list("total_minor", "prepaid_minor"))
    assert totals == [(1_198_800, 1_198_800), (5950, 5950)]  # 20 % at home, then 19 % in Germany on 50.00
    assert left_of(voucher) == 0
    assert isinstance(verify_books(), Verified)


def test_a_credit_note_lowers_what_is_open_first_and_the_rest_comes_back_as_money_in_advance() -> None:
    account = make_payer("100")
    make_grant(account, "prepaid", 5000)
    issue()
    bill = Invoice.objects.get()

    def correct(net: int | None, key: str) -> Invoice:
        return credit(invoice=bill, net_minor=net, reason="an outage", key=key, operator=operator(), now=OCTOBER_1)

    note = correct(5000, "a")  # 60.00 with tax of the 70.00 that are open
    assert note.prepaid_minor is None
    assert not Grant.objects.filter(document__isnull=False).exists()
    note = correct(None, "b")
    back = Grant.objects.get(document=note)
    assert (back.kind, back.amount_minor, back.expires_on) == ("prepaid", 5000, None)
    again = Invoice.objects.with_state(TODAY).get(pk=bill.pk)
    assert (again.open_minor, again.state) == (0, "paid")  # type: ignore[attr-defined]
    assert isinstance(verify_books(), Verified)
    issue(month=OCTOBER, now=NOVEMBER_1)
    assert left_of(back) == 0


def test_a_one_off_charge_is_on_the_bill_of_its_month_or_the_next_one_and_once() -> None:
    account = make_payer("100")
    make_charge(account, "12.345", quantity=Decimal(2))
    later = make_charge(account, "5", charged_on=date(2024, 10, 3))
    issue()
    bill = Invoice.objects.get()
    assert [(line.text, line.quantity, line.unit_price, line.net_minor) for line in bill.lines.all()][1:] == [
        (OneOffBilled.objects.get().one_off.text_en, "2", "12.345", 2469)
    ]
    forgotten = make_charge(account, "1")
    issue(month=OCTOBER, now=NOVEMBER_1)
    second = Invoice.objects.get(month=OCTOBER.key)
    assert set(second.one_offs.values_list("one_off", flat=True)) == {later.pk, forgotten.pk}
    assert issue(month=OCTOBER, now=NOVEMBER_1 + timedelta(days=1)).issued == 0
    assert isinstance(verify_books(), Verified)


def test_an_account_with_a_charge_alone_gets_a_bill_even_without_a_plan() -> None:
    account = make_account(closed_at=datetime(2024, 8, 1, tzinfo=UTC))
    make_charge(account, "40")
    issue()
    assert Invoice.objects.get(account=account).total_minor == 4800


def test_a_charge_in_another_currency_than_the_plans_stops_the_account_and_says_what_to_do() -> None:
    account = make_payer("100")
    make_charge(account, "40", currency="USD", key="setup")
    [stop] = computed()
    assert isinstance(stop, Stopped)
    assert "one-off charge in USD (setup)" in stop.reason
    assert "withdraw it" in stop.reason


def test_a_charge_is_withdrawn_until_it_is_billed() -> None:
    account = make_payer("100")
    gone, stays = make_charge(account, "40"), make_charge(account, "1")
    assert withdraw_charge(charge=gone, now=SEPTEMBER_10)
    issue()
    assert Invoice.objects.get().net_minor == 10100
    with pytest.raises(ChargeRefused, match="credit note"):
        withdraw_charge(charge=stays, now=OCTOBER_1)


def test_the_database_refuses_more_than_was_granted_and_any_change() -> None:
    account, other = make_payer("100"), make_payer("100")
    grant = make_grant(account, "credit", 100)
    issue()
    bill, foreign = Invoice.objects.get(account=account), make_grant(other, "credit", 100)
    values = {"kind": "use", "amount_minor": 1, "invoice": bill, "taken_on": TODAY, "made_at": OCTOBER_1}
    for refused, message in (
        (lambda: Taken.objects.create(grant=grant, key="more", **values), "used up"),
        (lambda: Taken.objects.create(grant=foreign, key="other", **values), "another account"),
        (lambda: Grant.objects.update(amount_minor=1), "never rewritten"),
        (lambda: Taken.objects.update(amount_minor=1), "never rewritten"),
        (lambda: Taken.objects.all().delete(), "never rewritten"),
        (lambda: Grant.objects.filter(pk=foreign.pk).delete(), "never rewritten"),
    ):
        with pytest.raises(DatabaseError, match=message), transaction.atomic():
            refused()
