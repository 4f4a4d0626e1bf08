"""A month of one account as programs read it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from bonafide.periods import Month
from bonafide.usage.closing import close_month
from bonafide.usage.of_account import DayOfMeter, usage_of_account
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, PARIS, make_draft, make_meter, take_in, use

pytestmark = pytest.mark.django_db
SEPTEMBER = Month(2024, 9)


def test_each_meter_has_its_quantity_groups_and_days_on_whichever_bill_they_are() -> None:
    account = make_account()
    meter = make_meter("b", group_by="region", scale=3)
    use(make_account(), meter, "100")
    use(account, meter, "1.5", region="north")
    close_month(month=SEPTEMBER, now=NOW)
    use(account, meter, "2", "2024-09-20T12:00:00Z", region="south")
    hours = make_meter("a", aggregation="hours", subject="server", scale=0)
    use(account, hours, "1", "2024-09-29T21:20:00Z", server="x")
    [lasted, stored] = usage_of_account(account=account, month=SEPTEMBER, zone=PARIS, now=datetime(2024, 9, 30, 10, tzinfo=UTC))
    assert (stored.meter.code, stored.quantity, stored.events) == ("b", Decimal("3.5"), 2)
    assert stored.groups == {"north": Decimal("1.5"), "south": Decimal(2)}
    assert stored.days == [
        DayOfMeter(date(2024, 9, 18), Decimal("1.5"), 1),
        DayOfMeter(date(2024, 9, 20), Decimal(2), 1),
    ]
    assert lasted.quantity == Decimal("12.666666666667")
    assert sum((day.quantity or 0) for day in lasted.days) == pytest.approx(lasted.quantity)


def test_the_number_of_queries_stays_the_same(django_assert_num_queries: Any) -> None:
    account = make_account()
    for count in (1, 10):
        for kind in ("sum", "max", "latest", "count", "unique", "hours"):
            meter = make_meter(aggregation=kind, subject="thing")
            for n in range(count):
                take_in([make_draft(account=account, meter=meter, thing=str(n), time=f"2024-09-{n + 1:02d}T12:00:00Z")])
        with django_assert_num_queries(8):
            usage_of_account(account=account, month=SEPTEMBER, zone=PARIS, now=NOW)
