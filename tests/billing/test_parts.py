"""Bills of months with more than one plan or price in them: lines, words, queries, and what stops them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.billing.compute import compute_bills
from bonafide.documents.einvoice.product import as_product
from bonafide.money import from_minor
from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan, Price
from bonafide.pricing.rating import CostPlus, Flat, Graduated, PerUnit, Terms, Tier
from tests.billing.test_compute import bill_of, figures, stop_of
from tests.factories.accounts import make_account
from tests.factories.billing import SEPTEMBER, issue, make_meter, make_plan, operator, use
from tests.factories.pricing import make_subscription

pytestmark = pytest.mark.django_db
NBSP, DASH = "\N{NO-BREAK SPACE}", "\N{EN DASH}"


def plan_by(kind: str, *items: tuple[Meter | None, Terms], **values: Any) -> Plan:
    plan = make_plan(*items, **{"is_default": False, **values})
    plan.proration = kind
    plan.save()
    return plan


def new_price(plan: Plan, terms: Terms, valid_from: date, code: str = "price-1") -> None:
    price = plan.prices.get(code=code, valid_from=date(2020, 1, 1))
    price.pk, price.terms, price.valid_from = None, terms.to_json(), valid_from
    price.save()


def test_a_change_of_plan_bills_both_each_for_its_days() -> None:
    meter = make_meter()
    small = plan_by(
        "day", (None, Flat(amount=Decimal("9.90"))), (meter, PerUnit(unit_price=Decimal("0.8"), included=Decimal(10)))
    )
    large = plan_by("day", (None, Flat(amount=Decimal(31))), (meter, PerUnit(unit_price=Decimal("0.5"))))
    account = make_account()
    make_subscription(account, small, ends_on=date(2024, 9, 15))
    make_subscription(account, large, starts_on=date(2024, 9, 15))
    use(account, meter, "12", day=20240914)
    use(account, meter, "4", day=20240915)
    name = f"Instance hours, 1{DASH}14 September 2024"
    assert [figures(line) for line in bill_of(account).lines] == [
        (f"Subscription, 1{DASH}14 September 2024: 14 of 30{NBSP}days of €9.90 a month", "1", "period", "4.62", 462),
        (f"{name}: included in the price of the plan", "4.667", "h", "0", 0),
        (f"{name}: beyond what is included", "7.333", "h", "0.8", 587),
        (f"Subscription, 15{DASH}30 September 2024: 16 of 30{NBSP}days of €31.00 a month", "1", "period", "16.53", 1653),
        (f"Instance hours, 15{DASH}30 September 2024", "4", "h", "0.5", 200),
    ]
    account.language = "fr"
    account.save()
    assert bill_of(account).lines[0].text.startswith(f"Abonnement, 1er{DASH}14 septembre 2024")


def test_a_new_version_of_one_price_leaves_the_others_as_they_are() -> None:
    meter = make_meter()
    plan = plan_by("day", (meter, PerUnit(unit_price=Decimal("0.8"))), (None, Flat(amount=Decimal("9.90"))), is_default=True)
    new_price(plan, PerUnit(unit_price=Decimal(1)), date(2024, 9, 16))
    account = make_account()
    use(account, meter, "1", day=20240915)
    use(account, meter, "1", day=20240916)
    assert [figures(line) for line in bill_of(account).lines] == [
        (f"Instance hours, 1{DASH}15 September 2024", "1", "h", "0.8", 80),
        (f"Instance hours, 16{DASH}30 September 2024", "1", "h", "1", 100),
        ("Subscription, September 2024", "1", "month", "9.9", 990),
    ]


def test_an_account_opened_on_the_last_day_owes_that_day_unless_its_plan_bills_whole_months() -> None:
    plan = plan_by("day", (None, Flat(amount=Decimal("9.90"))), is_default=True)
    account = make_account(created_at=datetime(2024, 9, 30, 12, tzinfo=UTC))
    (line,) = bill_of(account).lines
    assert (line.text, line.net_minor) == (f"Subscription, 30 September 2024: 1 of 30{NBSP}days of €9.90 a month", 33)
    plan.proration = "second"
    plan.save()
    assert bill_of(account).lines[0].text.endswith(f"10 of 720{NBSP}hours of €9.90 a month")
    plan.proration = "none"
    plan.save()
    assert bill_of(account).net_minor == 990


def test_the_peak_of_two_halves_costs_one_month() -> None:
    meter = make_meter(aggregation="max", scale=0)
    plan = plan_by("day", (meter, PerUnit(unit_price=Decimal(3))), is_default=True)
    new_price(plan, PerUnit(unit_price=Decimal(3)), date(2024, 9, 16))
    account = make_account()
    use(account, meter, "10", day=20240910)
    use(account, meter, "10", day=20240920)
    lines = bill_of(account).lines
    assert sum(line.net_minor for line in lines) == 3000
    apostrophe = "\N{RIGHT SINGLE QUOTATION MARK}"
    assert lines[0].text == f"Instance hours, 1{DASH}15 September 2024 (15 of 30{NBSP}days of a month{apostrophe}s price)"


def test_every_line_of_a_part_can_be_told_exactly_in_an_e_invoice() -> None:
    """Quantities of at most four decimals, prices of at most six."""
    meter = make_meter(scale=4)
    terms = PerUnit(unit_price=Decimal("0.0123"), included=Decimal("7.77"), minimum=Decimal("4.99"))
    plan = plan_by("second", (None, Flat(amount=Decimal("1234.567"))), (meter, terms), is_default=True)
    new_price(plan, terms, date(2024, 9, 8), "price-2")
    account = make_account(created_at=datetime(2024, 9, 5, 9, 31, 7, tzinfo=UTC))
    use(account, meter, "12.3456", day=20240906)
    use(account, meter, "0.0001", day=20240916)
    lines = bill_of(account).lines
    assert len(lines) == 6
    for line in lines:
        told = as_product(
            quantity=line.quantity, unit=line.unit, unit_price=line.unit_price, net=from_minor(line.net_minor, "EUR")
        )
        assert told.exact, line


def test_usage_on_a_day_without_a_plan_or_without_a_price_stops_the_account_and_names_the_day() -> None:
    meter = make_meter(code="disk")
    plan = plan_by("day", (meter, PerUnit(unit_price=Decimal(1))), code="silver")
    account = make_account()
    subscription = make_subscription(account, plan, starts_on=date(2024, 9, 10))
    use(account, meter, "1", day=20240909)
    assert stop_of(account) == (
        "has usage of meter disk on 2024-09-09, when it had no plan: give it a subscription from that day on"
    )
    subscription.starts_on = date(2024, 9, 1)
    subscription.save()
    Price.objects.update(valid_from=date(2024, 9, 10))
    assert "has usage of meter disk on 2024-09-09, which plan silver does not price that day" in stop_of(account)


def test_two_currencies_in_a_month_stop_the_account() -> None:
    plan_by("day", (None, Flat(amount=Decimal(1))), code="euros", is_default=True)
    account = make_account()
    dollars = plan_by("day", (None, Flat(amount=Decimal(1))), code="dollars", currency="USD")
    make_subscription(account, dollars, starts_on=date(2024, 9, 10))
    assert stop_of(account) == (
        "its plans euros (EUR) and dollars (USD) are in two currencies within 2024-09: let the change begin on 2024-10-01"
    )


def test_a_credit_keeps_its_sign_on_its_side_of_a_change() -> None:
    meter = make_meter(unit="EUR", scale=12)
    plan = plan_by("day", (meter, CostPlus(markup_percent=Decimal(70))), is_default=True)
    new_price(plan, CostPlus(markup_percent=Decimal(50)), date(2024, 9, 16))
    account = make_account()
    use(account, meter, "10", day=20240915)
    use(account, meter, "-2", day=20240916)
    assert [line.net_minor for line in bill_of(account).lines] == [1700, -300]


def test_late_usage_of_a_part_is_billed_by_what_it_changes_there() -> None:
    meter = make_meter()
    tiers = (Tier(Decimal(10), Decimal(1)), Tier(None, Decimal("0.5")))
    plan = plan_by("day", (meter, Graduated(tiers=tiers)), is_default=True)
    new_price(plan, PerUnit(unit_price=Decimal(2)), date(2024, 9, 16))
    account = make_account()
    use(account, meter, "4", day=20240910)
    use(account, meter, "1", day=20240920)
    issue()
    use(account, meter, "3", day=20240911, bill=202410)
    use(account, meter, "1", day=20240921, bill=202410)
    late = "Late usage of {} September 2024: Instance hours ({}{nbsp}h instead of {}{nbsp}h)"
    # the first part has half of the tier: 4 of 5 were in it
    assert [figures(line) for line in bill_of(account, Month(2024, 10)).lines] == [
        (late.format(f"1{DASH}15", 7, 4, nbsp=NBSP), "1", "adjustment", "2", 200),
        (late.format(f"16{DASH}30", 2, 1, nbsp=NBSP), "1", "h", "2", 200),
    ]


def test_queries_do_not_grow_with_the_accounts_whose_month_is_split() -> None:
    meter, hours = make_meter(), make_meter(aggregation="hours", subject="vm")
    users = make_meter(aggregation="unique", subject="who")
    plan = plan_by("day", *((one, PerUnit(unit_price=Decimal(1))) for one in (meter, hours, users)), is_default=True)
    new_price(plan, PerUnit(unit_price=Decimal(2)), date(2024, 9, 16))
    other = plan_by("second", (meter, PerUnit(unit_price=Decimal(1))))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            list(compute_bills(month=SEPTEMBER, operator=operator()))
        return len(captured)

    def some() -> None:
        account = make_account()
        use(account, meter, "1")
        moving = make_account()
        make_subscription(moving, other, starts_on=date(2024, 9, 3), ends_on=date(2024, 9, 17))
        use(moving, meter, "1", day=20240904)

    some()
    one = queries()
    for _ in range(10):
        some()
    assert queries() == one
