"""Meters without groups are summed a shorter way; whatever does not fit it must not go missing there."""

from __future__ import annotations

from typing import Any

import pytest

from bonafide.periods import Month
from bonafide.usage.closing import close_month
from bonafide.usage.measure import Measured, measure
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, PARIS, make_meter, use

pytestmark = pytest.mark.django_db

SEPTEMBER, OCTOBER = Month(2024, 9), Month(2024, 10)


def on_bill(month: Month) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in measure(bill_month=month, zone=PARIS)]


def test_late_usage_stands_apart_and_nobody_elses_usage_is_touched() -> None:
    late, on_time = make_account(), make_account()
    meter, largest = make_meter(scale=0), make_meter(aggregation="max", scale=0)
    use(late, meter, "10")
    close_month(month=SEPTEMBER, now=NOW)
    use(late, meter, "5", "2024-09-20T12:00:00Z")
    for account in (late, on_time):
        use(account, meter, "7", "2024-10-02T12:00:00Z")
        use(account, largest, "3", "2024-10-02T12:00:00Z")
        use(account, largest, "2", "2024-10-03T12:00:00Z")
    assert on_bill(OCTOBER) == [
        Measured(late.pk, meter.pk, 202409, "", 15, 10, 2),
        Measured(late.pk, meter.pk, 202410, "", 7, None, 1),
        Measured(late.pk, largest.pk, 202410, "", 3, None, 2),
        Measured(on_time.pk, meter.pk, 202410, "", 7, None, 1),
        Measured(on_time.pk, largest.pk, 202410, "", 3, None, 2),
    ]


def test_late_usage_alone_is_not_taken_for_usage_on_time() -> None:
    account, meter = make_account(), make_meter(scale=0)
    close_month(month=SEPTEMBER, now=NOW)
    use(account, meter, "5")
    assert on_bill(OCTOBER) == [Measured(account.pk, meter.pk, 202409, "", 5, None, 1)]


def test_a_meter_that_has_no_groups_any_more_keeps_those_it_measured() -> None:
    account, meter = make_account(), make_meter(group_by="region", scale=0)
    use(account, meter, "10", region="north")
    use(account, meter, "20", region="south")
    meter.group_by = ""
    meter.save()
    use(account, meter, "1")
    assert on_bill(SEPTEMBER) == [
        Measured(account.pk, meter.pk, 202409, group, quantity, None, 1)
        for group, quantity in (("", 1), ("north", 10), ("south", 20))
    ]
