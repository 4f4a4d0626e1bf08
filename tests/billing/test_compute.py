"""What an account is billed: lines, words, sums, and what stops it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bonafide.accounts.models import Account
from bonafide.billing import compute
from bonafide.billing.compute import compute_bills, running_bill
from bonafide.billing.computed import ComputedBill, ComputedLine, Stopped
from bonafide.billing.models import Invoice
from bonafide.billing.tax import tax_on
from bonafide.money import EXACT, to_minor
from bonafide.periods import Month
from bonafide.pricing.models import ClosedMonth, Meter
from bonafide.pricing.rating import CostPlus, Flat, Graduated, Package, PerUnit, Terms, Tier, Volume
from bonafide.usage.models import Total
from tests.factories.accounts import make_account, make_vat_check
from tests.factories.billing import OCTOBER_1, SEPTEMBER, issue, make_meter, make_plan, make_rate, operator, subscribe, use

NBSP = "\N{NO-BREAK SPACE}"
OCTOBER = Month(2024, 10)
NOVEMBER_1 = datetime(2024, 11, 1, 8, tzinfo=UTC)


def bill_of(account: Account, month: Month = SEPTEMBER, **sections: dict[str, Any]) -> ComputedBill:
    outcome = running_bill(account=account, month=month, operator=operator(**sections))
    assert isinstance(outcome, ComputedBill), outcome
    return outcome


def stop_of(account: Account, month: Month = SEPTEMBER) -> str:
    outcome = running_bill(account=account, month=month, operator=operator())
    assert isinstance(outcome, Stopped), outcome
    return outcome.reason


def figures(line: ComputedLine) -> tuple[str, str, str, str, int]:
    return (line.text, line.quantity, line.unit, line.unit_price, line.net_minor)


def billed(meter: Meter, terms: Terms, quantity: str, **values: str) -> ComputedBill:
    """What one day's usage comes to under these terms."""
    make_plan((meter, terms))
    account = make_account(**values)
    use(account, meter, quantity)
    return bill_of(account)


# --- one line per price model, in words that can be checked by hand ---


@pytest.mark.django_db
def test_usage_at_one_price_is_one_line_with_its_groups_as_details() -> None:
    meter = make_meter(group_by="instance")
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    account = make_account()
    use(account, meter, "10", group="web-2")
    use(account, meter, "2.5", group="web-1")
    use(account, meter, "1", group="web-1", day=20240916)

    (line,) = bill_of(account).lines

    assert figures(line) == ("Instance hours", "13.5", "h", "0.8", 1080)
    assert line.meter == meter.code
    assert line.details == ({"label": "web-1", "quantity": "3.5"}, {"label": "web-2", "quantity": "10"})


@pytest.mark.django_db
def test_a_split_price_is_one_line_for_each_group() -> None:
    meter = make_meter(group_by="instance", name_en="Instance DEV1-L")
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"), split=True)))
    account = make_account()
    use(account, meter, "10", group="atelier-web-1")
    use(account, meter, "5", group="atelier-web-2")

    assert [figures(line) for line in bill_of(account).lines] == [
        ("Instance DEV1-L, atelier-web-1", "10", "h", "0.8", 800),
        ("Instance DEV1-L, atelier-web-2", "5", "h", "0.8", 400),
    ]


@pytest.mark.django_db
def test_what_is_included_has_a_line_of_its_own() -> None:
    bill = billed(make_meter(), PerUnit(unit_price=Decimal("0.8"), included=Decimal(10)), "12")
    assert [figures(line) for line in bill.lines] == [
        ("Instance hours: included in the price of the plan", "10", "h", "0", 0),
        ("Instance hours: beyond what is included", "2", "h", "0.8", 160),
    ]


@pytest.mark.django_db
def test_tiers_say_where_they_begin_and_end_counting_what_is_included() -> None:
    tiers = (Tier(Decimal(100), Decimal("0.5")), Tier(Decimal(1000), Decimal("0.4"), flat=Decimal(3)), Tier(None, Decimal("0.3")))
    bill = billed(make_meter(), Graduated(tiers=tiers, included=Decimal(10)), "1210")
    assert [figures(line) for line in bill.lines] == [
        ("Instance hours: included in the price of the plan", "10", "h", "0", 0),
        (f"Instance hours: above 10{NBSP}h up to 110{NBSP}h", "100", "h", "0.5", 5000),
        (f"Instance hours: above 110{NBSP}h up to 1,010{NBSP}h", "900", "h", "0.4", 36000),
        (f"Instance hours, fee of the tier: above 110{NBSP}h up to 1,010{NBSP}h", "1", "month", "3", 300),
        (f"Instance hours: above 1,010{NBSP}h", "200", "h", "0.3", 6000),
    ]


@pytest.mark.django_db
def test_a_volume_price_says_that_it_holds_for_everything() -> None:
    tiers = (Tier(Decimal(100), Decimal("0.5")), Tier(None, Decimal("0.3")))
    bill = billed(make_meter(), Volume(tiers=tiers), "210")
    assert figures(bill.lines[0]) == (
        f"Instance hours: everything at the price of the tier above 100{NBSP}h",
        "210",
        "h",
        "0.3",
        6300,
    )


@pytest.mark.django_db
def test_packages_are_counted_and_their_size_is_said() -> None:
    bill = billed(make_meter(unit="GB"), Package(size=Decimal(50), price=Decimal(2)), "101")
    text = f"Instance hours: packages of 50{NBSP}GB, each one begun"
    assert figures(bill.lines[0]) == (text, "3", "package", "2", 600)


@pytest.mark.django_db
def test_a_flat_price_names_its_month_and_is_owed_without_usage() -> None:
    make_plan((None, Flat(amount=Decimal("9.90"))))
    assert [figures(line) for line in bill_of(make_account()).lines] == [
        ("Subscription, September 2024", "1", "month", "9.9", 990)
    ]
    assert bill_of(make_account(language="fr")).lines[0].text == "Abonnement, septembre 2024"


@pytest.mark.django_db
def test_a_minimum_is_topped_up_with_and_without_usage() -> None:
    meter = make_meter()
    bill = billed(meter, PerUnit(unit_price=Decimal("0.8"), minimum=Decimal(5)), "2")
    assert [figures(line) for line in bill.lines] == [
        ("Instance hours", "2", "h", "0.8", 160),
        ("Instance hours: difference to the monthly minimum of €5.00", "1", "month", "3.4", 340),
    ]
    assert bill_of(make_account()).net_minor == 500


@pytest.mark.django_db
def test_hours_are_billed_from_seconds() -> None:
    meter = make_meter(aggregation="hours", subject="instance", scale=0)
    from bonafide.billing.lines import _amount
    from bonafide.pricing.prices_in_force import _priced

    assert _amount(5400, _priced(meter)) == Decimal("1.5")
    assert _amount(1, _priced(meter)) == Decimal("0.000278")


# --- cost plus, and currencies ---


@pytest.mark.django_db
def test_a_cost_line_says_the_providers_cost_and_the_markup() -> None:
    meter = make_meter(unit="EUR", scale=12, name_en="Cloud charges")
    bill = billed(meter, CostPlus(markup_percent=Decimal(70)), "12.345")
    assert figures(bill.lines[0]) == ("Cloud charges: provider's cost plus 70 %", "12.345", "EUR", "1.7", 2099)


@pytest.mark.django_db
def test_a_credit_of_the_provider_keeps_its_sign() -> None:
    meter = make_meter(unit="EUR", scale=12)
    bill = billed(meter, CostPlus(markup_percent=Decimal(70)), "-1.5")
    assert (bill.net_minor, bill.tax_minor, bill.total_minor) == (-255, -51, -306)


@pytest.mark.django_db
def test_a_cost_in_another_currency_needs_a_rate_and_names_it() -> None:
    meter = make_meter(unit="USD", scale=12, name_en="Cloud charges")
    make_plan((meter, CostPlus(markup_percent=Decimal(70))))
    account = make_account()
    use(account, meter, "100")

    assert stop_of(account) == (
        "no exchange rate from USD to EUR for 2024-09: enter it, for example "
        "'bonafide prices rate USD EUR 2024-09-30 0.89 --source ECB'"
    )

    make_rate("USD", "EUR", "0.89")
    assert figures(bill_of(account).lines[0]) == (
        "Cloud charges: provider's cost plus 70 %, at 1 USD = 0.89 EUR (ECB, 30 September 2024)",
        "100",
        "USD",
        "1.513",
        15130,
    )


@pytest.mark.django_db
def test_the_tax_of_a_bill_in_another_currency_is_also_given_in_the_operators_own() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))), currency="USD")
    account = make_account()
    use(account, meter, "100")

    bill = bill_of(account)
    assert (bill.currency, bill.tax_minor, bill.tax_home_minor) == ("USD", 2000, None)
    assert bill.home_currency_missing == "no exchange rate from USD to EUR for 2024-09"

    make_rate("USD", "EUR", "0.8931")
    bill = bill_of(account)
    assert (bill.tax_minor, bill.tax_home_minor, bill.home_currency_missing) == (2000, 1786, "")
    assert bill.exchange == {"base": "USD", "quote": "EUR", "rate": "0.8931", "dated_on": "2024-09-30", "source": "ECB"}


# --- late usage ---


@pytest.mark.django_db
def test_late_usage_is_a_labelled_line_of_the_next_bill() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    account = make_account()
    use(account, meter, "10")
    issue()
    use(account, meter, "2", day=20240920, bill=OCTOBER.key)
    use(account, meter, "1", day=20241003)

    assert [figures(line) for line in bill_of(account, OCTOBER).lines] == [
        ("Instance hours", "1", "h", "0.8", 80),
        (f"Late usage of September 2024: Instance hours (12{NBSP}h instead of 10{NBSP}h)", "2", "h", "0.8", 160),
    ]


@pytest.mark.django_db
def test_late_usage_under_tiers_is_the_difference_that_it_makes() -> None:
    meter = make_meter(group_by="instance")
    make_plan((meter, Graduated(tiers=(Tier(Decimal(10), Decimal(1)), Tier(None, Decimal("0.5"))))))
    account = make_account()
    use(account, meter, "8", group="a")
    use(account, meter, "1", group="b")
    issue()
    use(account, meter, "3", day=20240920, bill=OCTOBER.key, group="b")

    (line,) = bill_of(account, OCTOBER).lines

    text = f"Late usage of September 2024: Instance hours (12{NBSP}h instead of 9{NBSP}h)"
    assert figures(line) == (text, "1", "adjustment", "2", 200)
    assert line.details == ({"label": "a", "quantity": "8"}, {"label": "b", "quantity": "4"})


@pytest.mark.django_db
def test_late_usage_is_priced_as_its_month_was() -> None:
    meter = make_meter()
    old = make_plan((meter, PerUnit(unit_price=Decimal(2))), is_default=False)
    new = make_plan((meter, PerUnit(unit_price=Decimal(3))), is_default=False)
    account = make_account()
    before = subscribe(account, old)
    before.ends_on = date(2024, 10, 1)
    before.save()
    after = subscribe(make_account(), new)
    after.account, after.starts_on = account, date(2024, 10, 1)
    after.save()
    use(account, meter, "1", day=20240920, bill=OCTOBER.key)

    assert figures(bill_of(account, OCTOBER).lines[0])[1:] == ("1", "h", "2", 200)


@pytest.mark.django_db
def test_late_usage_when_the_account_had_no_plan_stops_it() -> None:
    meter = make_meter()
    account = make_account()
    subscription = subscribe(account, make_plan((meter, PerUnit(unit_price=Decimal(3))), is_default=False))
    subscription.starts_on = date(2024, 10, 1)
    subscription.save()
    use(account, meter, "1", day=20240920, bill=OCTOBER.key)
    assert stop_of(account, OCTOBER).startswith("has late usage of 2024-09, when it had no plan")


# --- tax ---


@pytest.mark.django_db
def test_a_company_elsewhere_in_the_union_is_billed_by_reverse_charge() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    account = make_account(country="DE", postcode="20457", vat_number="DE136695976")
    make_vat_check(account)
    use(account, meter, "100")
    bill = bill_of(account)
    (tax,) = bill.taxes
    assert (tax.category, tax.rate, tax.base_minor, tax.tax_minor) == ("AE", "0", 10_000, 0)
    assert (tax.reason_code, tax.reason) == ("VATEX-EU-AE", "Reverse charge")
    assert bill.total_minor == 10_000


@pytest.mark.django_db
def test_lines_are_rounded_each_and_the_tax_once_on_their_sum() -> None:
    meter = make_meter(group_by="instance")
    make_plan((meter, PerUnit(unit_price=Decimal("10.01"), split=True)))
    account = make_account()
    for group in "abc":
        use(account, meter, "1", group=group)
    bill = bill_of(account)
    assert (bill.net_minor, bill.tax_minor, bill.total_minor) == (3003, 601, 3604)


# --- who is billed, and what stops an account ---


@pytest.mark.django_db
def test_accounts_count_that_were_open_in_the_month_or_used_something_in_it() -> None:
    meter = make_meter()
    make_plan((None, Flat(amount=Decimal(1))), (meter, PerUnit(unit_price=Decimal(1))))
    open_all_along = make_account()
    make_account(created_at=OCTOBER_1)
    make_account(closed_at=datetime(2024, 8, 31, tzinfo=UTC))
    closed_within = make_account(closed_at=datetime(2024, 9, 2, tzinfo=UTC))
    imported_later = make_account(created_at=OCTOBER_1)
    use(imported_later, meter, "1")

    bills = compute_bills(month=SEPTEMBER, operator=operator())

    assert [outcome.reference for outcome in bills] == [
        account.reference for account in (open_all_along, closed_within, imported_later)
    ]


@pytest.mark.django_db
def test_the_month_begins_and_ends_where_the_operator_is() -> None:
    make_plan((None, Flat(amount=Decimal(1))))
    make_account(created_at=datetime(2024, 9, 30, 22, 0, tzinfo=UTC))  # midnight in Paris
    just_in = make_account(created_at=datetime(2024, 9, 30, 21, 59, tzinfo=UTC))
    assert [outcome.reference for outcome in compute_bills(month=SEPTEMBER, operator=operator())] == [just_in.reference]


@pytest.mark.django_db
def test_an_account_without_a_line_has_no_bill() -> None:
    make_plan((make_meter(), PerUnit(unit_price=Decimal(1))))
    assert running_bill(account=make_account(), month=SEPTEMBER, operator=operator()) is None


@pytest.mark.django_db
def test_usage_without_a_plan_stops_the_account() -> None:
    account = make_account()
    use(account, make_meter(), "1")
    assert stop_of(account).startswith("has usage in 2024-09 but no plan: give it a subscription")


@pytest.mark.django_db
def test_usage_that_the_plan_does_not_price_stops_the_account_by_its_meters_name() -> None:
    plan = make_plan((make_meter(), PerUnit(unit_price=Decimal(1))))
    account = make_account()
    use(account, make_meter(code="gpu-hours"), "1")
    assert f"meter gpu-hours in 2024-09, which plan {plan.code} does not price" in stop_of(account)


@pytest.mark.django_db
def test_less_than_nothing_under_tiers_stops_the_account() -> None:
    meter = make_meter()
    make_plan((meter, Graduated(tiers=(Tier(None, Decimal(1)),))))
    account = make_account()
    use(account, meter, "-1")
    assert "adds up to less than zero" in stop_of(account)


@pytest.mark.django_db
def test_one_account_that_stops_leaves_the_others_alone() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    unpriced = make_meter()
    accounts = [make_account() for _ in range(3)]
    for account in accounts:
        use(account, meter, "1")
    use(accounts[1], unpriced, "1")
    kinds = [type(outcome) for outcome in compute_bills(month=SEPTEMBER, operator=operator())]
    assert kinds == [ComputedBill, Stopped, ComputedBill]


# --- touching nothing, streaming ---


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_accounts_of_a_chunk() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            list(compute_bills(month=SEPTEMBER, operator=operator()))
        assert all(query["sql"].lstrip().upper().startswith(("SELECT", "DECLARE")) for query in captured.captured_queries)
        return len(captured)

    use(make_account(), meter, "1")
    one = queries()
    for _ in range(30):
        use(make_account(), meter, "1")
    assert queries() == one


@pytest.mark.django_db
def test_queries_grow_with_the_number_of_chunks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    for _ in range(12):
        use(make_account(), meter, "1")

    def queries(chunk: int) -> int:
        monkeypatch.setattr(compute, "CHUNK", chunk)
        with CaptureQueriesContext(connection) as captured:
            assert len(list(compute_bills(month=SEPTEMBER, operator=operator()))) == 12
        return len(captured)

    by_twelve, by_six, by_four = queries(12), queries(6), queries(4)
    assert by_six - by_twelve == by_four - by_six > 0


@pytest.mark.django_db
def test_computing_writes_nothing() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    use(make_account(), meter, "1")
    list(compute_bills(month=SEPTEMBER, operator=operator()))
    assert not Invoice.objects.exists()
    assert not ClosedMonth.objects.exists()


# --- whatever the quantities and prices, a bill adds up ---

prices = st.decimals("0.000000000001", "1000", places=12)
whole_prices = st.one_of(
    st.builds(lambda price, minimum, split: PerUnit(unit_price=price, minimum=minimum, split=split), prices,
              st.decimals(0, 50, places=2), st.booleans()),
    st.builds(lambda low, high: Graduated(tiers=(Tier(Decimal(10), low), Tier(None, high))), prices, prices),
    st.builds(lambda low, high: Volume(tiers=(Tier(Decimal(10), low), Tier(None, high))), prices, prices),
    st.builds(lambda price: Package(size=Decimal(7), price=price), prices),
)  # fmt: skip


class EveryBillAddsUp(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(
        terms=st.lists(whole_prices, min_size=1, max_size=4),
        quantities=st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from("abc")), min_size=1, max_size=6),
        rate=st.decimals(0, 30, places=1),
        currency=st.sampled_from(["EUR", "JPY", "TND"]),
    )
    def test_lines_are_products_and_add_up_and_tax_is_taken_once(
        self, terms: list[Terms], quantities: list[tuple[int, str]], rate: Decimal, currency: str
    ) -> None:
        meters = [make_meter(group_by="instance", scale=6) for _ in terms]
        make_plan(*zip(meters, terms, strict=True), currency=currency)
        account = make_account()
        for meter in meters:
            for day, (quantity, group) in enumerate(quantities, start=20240901):
                Total.objects.create(
                    account=account, meter=meter, bill_month=202409, day=day, group_key=group,
                    quantity=quantity, events=1, latest_us=0,
                )  # fmt: skip

        bill = bill_of(account, tax={"standard_rate": rate})

        for line in bill.lines:
            product = EXACT.multiply(Decimal(line.quantity), Decimal(line.unit_price))
            assert to_minor(product, currency) == line.net_minor
        assert sum(line.net_minor for line in bill.lines) == bill.net_minor
        assert [tax.base_minor for tax in bill.taxes] == [bill.net_minor]
        assert bill.tax_minor == tax_on(bill.net_minor, rate)
        assert bill.total_minor == bill.net_minor + bill.tax_minor
