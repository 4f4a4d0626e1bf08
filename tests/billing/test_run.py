"""The bill run: what it issues, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from stdnum import iso11649

from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill
from bonafide.billing.issue import ClockBehind, payment_reference
from bonafide.billing.models import BillRun, Invoice, Series
from bonafide.billing.run import MonthNotOver
from bonafide.billing.verify import Verified, verify_books
from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, Meter
from bonafide.pricing.rating import Flat, PerUnit
from tests.factories.accounts import make_account, make_vat_check
from tests.factories.billing import OCTOBER_1, SEPTEMBER, issue, make_meter, make_plan, make_rate, operator, use

pytestmark = pytest.mark.django_db

OCTOBER = Month(2024, 10)
NOVEMBER_1 = datetime(2024, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def meter() -> Meter:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    return meter


def test_a_month_is_billed_numbered_and_sealed(meter: Meter) -> None:
    for n in range(3):
        use(make_account(), meter, f"{10 + n}.5")

    result = issue()

    assert (result.issued, result.already, result.stopped) == (3, 0, [])
    bills = list(Invoice.objects.order_by("position"))
    assert [bill.number for bill in bills] == ["2024-000001", "2024-000002", "2024-000003"]
    assert [bill.position for bill in bills] == [1, 2, 3]
    assert [(bill.net_minor, bill.tax_minor, bill.total_minor) for bill in bills] == [
        (840, 168, 1008),
        (920, 184, 1104),
        (1000, 200, 1200),
    ]
    assert isinstance(verify_books(), Verified)


def test_what_is_issued_is_what_was_rehearsed(meter: Meter) -> None:
    for n in range(3):
        use(make_account(), meter, f"{10 + n}.5")
    computed = [bill for bill in compute_bills(month=SEPTEMBER, operator=operator()) if isinstance(bill, ComputedBill)]
    issue()
    issued = Invoice.objects.order_by("position")
    assert [(bill.account_id, bill.net_minor, bill.total_minor, [line.text for line in bill.lines.all()]) for bill in issued] == [
        (bill.account_id, bill.net_minor, bill.total_minor, [line.text for line in bill.lines]) for bill in computed
    ]


def test_a_second_run_changes_nothing(meter: Meter) -> None:
    use(make_account(), meter, "1")
    issue()
    before = list(Invoice.objects.values())
    result = issue(now=OCTOBER_1 + timedelta(days=1))
    assert (result.issued, result.already) == (0, 1)
    assert list(Invoice.objects.values()) == before


def test_a_bill_carries_everything_it_needs_on_its_own() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    account = make_account(name="Atelier", country="DE", vat_number="DE136695976", purchase_order="PO-7")
    make_vat_check(account)
    issue(by=operator(billing={"number_prefix": "F", "payment_days": 14}))
    bill = Invoice.objects.get()
    assert bill.number == "F2024-000001"
    assert bill.payment_reference == payment_reference(number="F2024-000001")
    assert (bill.issued_at, bill.issued_on, bill.due_on) == (OCTOBER_1, date(2024, 10, 1), date(2024, 10, 15))
    assert (bill.period_start_on, bill.period_end_on) == (date(2024, 9, 1), date(2024, 9, 30))
    assert bill.buyer == {
        "reference": account.reference,
        "kind": "company",
        "name": "Atelier",
        "street": account.street,
        "postcode": "75001",
        "city": "Paris",
        "country": "DE",
        "vat_number": "DE136695976",
        "registration": "",
        "purchase_order": "PO-7",
    }
    assert bill.seller["legal_form"] == "SAS"
    assert bill.seller["vat_number"] == "FR44732829320"
    assert bill.seller["bank"] == {"holder": "Nordlys Cloud SAS", "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP"}
    assert any("Reverse charge" in mention for mention in bill.mentions)
    account.name = "Renamed"
    account.save()
    bill.refresh_from_db()
    assert bill.buyer["name"] == "Atelier"


def test_a_month_that_is_not_over_is_refused(meter: Meter) -> None:
    last_moment = datetime(2024, 9, 30, 21, 59, 59, tzinfo=UTC)  # a second before midnight in Paris
    with pytest.raises(MonthNotOver, match="2024-09 is not over yet in Europe/Paris"):
        issue(now=last_moment)
    assert not ClosedMonth.objects.exists()
    issue(now=last_moment + timedelta(seconds=1))


def test_the_month_is_closed_first(meter: Meter) -> None:
    issue()
    assert ClosedMonth.objects.get().month == 202409


def test_numbers_start_again_with_the_year_of_issue_and_the_chain_goes_on(meter: Meter) -> None:
    account = make_account()
    december = Month(2024, 12)
    use(account, meter, "1", day=20241130)
    use(account, meter, "1", day=20241215)
    issue(month=Month(2024, 11), now=datetime(2024, 12, 31, 22, 59, tzinfo=UTC))
    issue(month=december, now=datetime(2024, 12, 31, 23, 0, tzinfo=UTC))  # midnight in Paris: the year has turned
    assert [(bill.number, bill.position) for bill in Invoice.objects.order_by("position")] == [
        ("2024-000001", 1),
        ("2025-000001", 2),
    ]
    assert isinstance(verify_books(), Verified)


def test_a_clock_that_went_back_is_refused(meter: Meter) -> None:
    use(make_account(), meter, "1")
    issue(now=OCTOBER_1 + timedelta(days=5))
    use(make_account(), meter, "1")
    with pytest.raises(ClockBehind, match="bill 2024-000001 is dated 2024-10-06 but the clock says 2024-10-01"):
        issue(now=OCTOBER_1)
    assert Series.objects.get().last == 1


def test_a_stopped_account_is_picked_up_once_it_can_be_billed() -> None:
    meter, cost = make_meter(), make_meter(unit="USD", scale=12)
    from bonafide.pricing.rating import CostPlus

    make_plan((meter, PerUnit(unit_price=Decimal(1))), (cost, CostPlus(markup_percent=Decimal(70))))
    stuck, fine = make_account(), make_account()
    use(stuck, cost, "10")
    use(fine, meter, "10")

    result = issue()
    assert result.issued == 1
    assert [stop.reference for stop in result.stopped] == [stuck.reference]
    assert BillRun.objects.get().finished_at is None

    make_rate("USD", "EUR", "0.89")
    result = issue(now=OCTOBER_1 + timedelta(hours=1))
    assert (result.issued, result.already, result.stopped) == (1, 1, [])
    assert Invoice.objects.get(account=stuck).net_minor == 1513
    assert BillRun.objects.get().finished_at == OCTOBER_1 + timedelta(hours=1)


def test_an_account_that_the_database_refuses_leaves_the_others_alone(meter: Meter) -> None:
    accounts = [make_account() for _ in range(5)]
    for account in accounts:
        use(account, meter, "1")
    refuse = {
        "sqlite": [
            "CREATE TRIGGER refuse BEFORE INSERT ON billing_invoice WHEN NEW.account_id = {pk}"
            " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        ],
        "postgresql": ["ALTER TABLE billing_invoice ADD CONSTRAINT refuse CHECK (account_id <> {pk})"],
    }
    with connection.cursor() as cursor:
        for statement in refuse[connection.vendor]:
            cursor.execute(statement.format(pk=accounts[2].pk))

    result = issue()

    assert result.issued == 4
    assert [stop.reference for stop in result.stopped] == [accounts[2].reference]
    assert result.stopped[0].reason.startswith("the database refused the bill: ")
    assert isinstance(verify_books(), Verified)


def test_a_figure_that_no_column_holds_stops_its_account_alone() -> None:
    meter = make_meter(scale=0)
    make_plan((meter, PerUnit(unit_price=Decimal(10**11))))
    huge, fine = make_account(), make_account()
    use(huge, meter, "1000000000")
    use(fine, meter, "1")
    result = issue()
    assert (result.issued, [stop.reference for stop in result.stopped]) == (1, [huge.reference])


def test_bills_of_zero_are_issued_or_skipped_as_the_operator_chose() -> None:
    make_plan((None, Flat(amount=Decimal(0))))
    make_account()
    skipped = issue(by=operator(billing={"zero_bills": "skip"}))
    assert (skipped.issued, skipped.skipped_zero, skipped.stopped) == (0, 1, [])
    assert issue().issued == 1
    assert Invoice.objects.get().total_minor == 0


def test_lines_that_cancel_out_are_not_a_bill_of_nothing(meter: Meter) -> None:
    account = make_account()
    use(account, meter, "1")
    issue()
    use(account, meter, "-1", day=20240920, bill=OCTOBER.key)
    use(account, meter, "1", day=20241003)
    result = issue(month=OCTOBER, now=NOVEMBER_1, by=operator(billing={"zero_bills": "skip"}))
    assert result.issued == 1
    assert Invoice.objects.get(month=OCTOBER.key).net_minor == 0


def test_progress_is_told_for_every_account_dealt_with(meter: Meter) -> None:
    from bonafide.billing.run import issue_month

    for _ in range(3):
        use(make_account(), meter, "1")
    told: list[int] = []
    issue_month(month=SEPTEMBER, operator=operator(), now=OCTOBER_1, on_progress=told.append)
    assert sum(told) == 3


def test_a_trial_says_so_on_the_bill(meter: Meter) -> None:
    use(make_account(), meter, "1")
    issue(by=operator(service={"trial": True}))
    bill = Invoice.objects.get()
    assert bill.trial
    assert bill.mentions[0].startswith("Trial: this document is not a bill")


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        ("F202600042", "RF93F202600042"),
        ("F2026-00042", "RF93F202600042"),
        ("539007547034", "RF18539007547034"),
    ],
)
def test_the_payment_reference_is_a_creditor_reference(number: str, reference: str) -> None:
    assert payment_reference(number=number) == reference


def test_the_payment_reference_of_the_longest_number_is_valid_and_ends_with_its_count() -> None:
    reference = payment_reference(number="ABC/DEF-GH+1_2026-000042")
    assert iso11649.is_valid(reference)
    assert len(reference) <= 25
    assert reference.endswith("2026000042")
