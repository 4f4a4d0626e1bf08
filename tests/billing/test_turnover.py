"""The sale that crosses the threshold of art. 59c: the same one however the run goes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from bonafide.billing import compute, run
from bonafide.billing.models import Invoice
from bonafide.billing.rehearse import Rehearsed, rehearse_month
from bonafide.billing.tax.threshold import Turnover
from bonafide.billing.turnover import turnover_of
from bonafide.billing.verify import Verified, verify_books
from bonafide.operator_tax import OtherSales
from bonafide.periods import Month
from tests.factories.accounts import make_account
from tests.factories.billing import OCTOBER_1, SEPTEMBER, issue, make_evidence, make_sale, operator, triggers_lifted

OCTOBER, NOVEMBER_1 = Month(2024, 10), datetime(2024, 11, 1, 8, tzinfo=UTC)
AT_HOME, THERE = "20", "19"


def rates() -> list[str]:
    """The rate of each bill in the order of numbers."""
    return [bill.taxes.get().rate for bill in Invoice.objects.order_by("position")]


@pytest.mark.django_db
def test_vector_4_through_a_run() -> None:
    for name, euros in (("Before", "9980"), ("Below", "15"), ("Crossing", "15"), ("After", "1")):
        make_sale(name, euros)
    issue()
    bills = list(Invoice.objects.order_by("position"))
    assert [bill.tax_minor for bill in bills] == [199_600, 300, 285, 19]
    assert rates() == [AT_HOME, AT_HOME, THERE, THERE]
    assert bills[2].tax_basis["threshold"]["before_minor"] == 999_500
    assert bills[2].tax_basis["flags"] == ["oss_beyond_threshold"]
    assert bills[2].mentions[-1] == "VAT of the customer’s country, Germany (article 58 of Directive 2006/112/EC)."
    assert turnover_of(month=SEPTEMBER, operator=operator()) == Turnover(1_001_100, 0)


@pytest.mark.django_db
def test_the_rehearsal_shows_what_the_run_will_do() -> None:
    for name, euros in (("Below", "6000"), ("Crossing", "6000"), ("After", "1")):
        make_sale(name, euros)
    shown = [one.bill.taxes[0].rate for one in rehearse_month(month=SEPTEMBER, operator=operator()) if isinstance(one, Rehearsed)]
    issue()
    assert shown == rates() == [AT_HOME, THERE, THERE]


@pytest.mark.django_db
def test_next_month_and_next_year_go_on_from_there() -> None:
    make_sale("Someone", "6000")
    issue()
    issue(month=OCTOBER, now=NOVEMBER_1)
    january, february = Month(2025, 1), datetime(2025, 2, 1, 8, tzinfo=UTC)
    issue(month=january, now=february)
    assert rates() == [AT_HOME, THERE, THERE]
    assert turnover_of(month=january, operator=operator()) == Turnover(600_000, 1_200_000)
    assert turnover_of(month=Month(2026, 1), operator=operator()) == Turnover(0, 600_000)


@pytest.mark.django_db
def test_a_month_before_does_not_count_what_came_after_it() -> None:
    make_sale("Someone", "6000")
    issue(month=OCTOBER, now=NOVEMBER_1)
    assert turnover_of(month=SEPTEMBER, operator=operator()) == Turnover(0, 0)


@pytest.mark.django_db
def test_sales_that_are_billed_elsewhere_count_as_well() -> None:
    make_sale("Someone", "15")
    elsewhere = operator(tax={"other_eu_sales": (OtherSales(year=2024, amount="9990"), OtherSales(year=2022, amount="99999"))})
    issue(by=elsewhere)
    assert rates() == [THERE]


@pytest.mark.django_db
def test_the_threshold_itself_is_a_setting() -> None:
    make_sale("Someone", "15")
    issue(by=operator(tax={"oss_threshold": Decimal(10)}))
    assert rates() == [THERE]


@pytest.mark.django_db
def test_an_account_that_was_stopped_comes_after_those_that_were_not() -> None:
    """Sales count in the order of their numbers: who was stopped and put right is later than who crossed."""
    first = make_sale("Stopped", "6000")
    evidence = make_evidence(first, "card", "FR")
    make_sale("Second", "6000")
    issue()
    assert rates() == [AT_HOME]
    make_evidence(first, "card", "DE")
    issue(now=OCTOBER_1 + timedelta(days=1))
    assert evidence.place == "FR"
    assert rates() == [AT_HOME, THERE]


@pytest.mark.django_db
def test_the_sum_is_read_from_an_index_of_those_sales_alone() -> None:
    make_account()
    sql = str(
        Invoice.objects.filter(number__isnull=False, eu_consumer_minor__isnull=False, month__gt=202300, month__lte=202409).query
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "invoice_eu_consumers" in plan or "invoice_by_month" in plan


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_runs_at_once_and_runs_repeated_cross_at_the_same_sale(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "CHUNK", chunk)
    monkeypatch.setattr(run, "CHUNK", chunk)
    for n in range(20):
        make_sale(f"Consumer {n}", "900")  # the twelfth crosses
    start, failures = threading.Barrier(3), []

    def work() -> None:
        try:
            start.wait()
            issue()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    issue()

    assert failures == []
    assert rates() == [AT_HOME] * 11 + [THERE] * 9
    order = Invoice.objects.order_by("position").values_list("account_id", flat=True)
    assert list(order) == sorted(order)
    assert [bill.tax_basis["threshold"]["before_minor"] for bill in Invoice.objects.order_by("position")] == [
        90_000 * n for n in range(20)
    ]
    assert isinstance(verify_books(), Verified)


@pytest.mark.django_db
def test_what_another_run_issued_meanwhile_moves_the_crossing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bill that was worked out below the threshold is taxed anew when, by its turn, others have been issued before it."""
    make_sale("Early", "6000")
    late = make_sale("Late", "6000")
    real, seen = run.at_threshold, []

    def watch(*, bills: list, operator: object) -> list:
        seen.extend(bill.taxes[0].rate for bill in bills)
        return real(bills=bills, operator=operator)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "at_threshold", watch)
    outcomes = [bill for bill in compute.compute_bills(month=SEPTEMBER, operator=operator()) if bill.account_id == late.pk]
    alone = compute.running_bill(account=late, month=SEPTEMBER, operator=operator())
    assert [outcomes[0].taxes[0].rate, alone.taxes[0].rate] == [THERE, AT_HOME]  # type: ignore[union-attr]
    issue()
    run._issue([alone], operator(), OCTOBER_1, run.RunResult(), None)  # type: ignore[list-item]  # it has its bill already
    assert seen == [AT_HOME, THERE]
    assert rates() == [AT_HOME, THERE]


@pytest.mark.django_db
def test_bills_from_before_these_columns_keep_their_seals() -> None:
    """Their seals were taken over content without the later columns, as an empty one is."""
    make_sale("Someone", "15", country="FR", postcode="75001")
    issue()
    bill = Invoice.objects.get()
    assert bill.eu_consumer_minor is None
    from bonafide.billing.models import InvoiceLine, InvoiceTax
    from bonafide.billing.seal import INVOICE_FIELDS, LATER_FIELDS, LINE_FIELDS, TAX_FIELDS, seal_of

    row = Invoice.objects.values(*INVOICE_FIELDS).get()
    lines = list(InvoiceLine.objects.values_list(*LINE_FIELDS))
    taxes = list(InvoiceTax.objects.values_list(*TAX_FIELDS))
    before = {name: value for name, value in row.items() if name not in LATER_FIELDS}
    old = seal_of(invoice={**before, **dict.fromkeys(LATER_FIELDS)}, lines=lines, taxes=taxes, previous="0" * 64)
    import json
    from hashlib import sha256

    instant = row["issued_at"].astimezone(UTC).isoformat(timespec="microseconds")
    content = {
        "previous": "0" * 64,
        "invoice": {**before, "issued_at": instant, **{k: v.isoformat() for k, v in before.items() if k.endswith("_on")}},
        "lines": [list(line) for line in lines],
        "taxes": [list(tax) for tax in taxes],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert old == sha256(text.encode()).hexdigest()
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_invoice SET tax_basis = NULL, seal = %s", [old])
    assert isinstance(verify_books(), Verified)
