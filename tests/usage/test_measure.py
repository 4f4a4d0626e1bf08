"""What goes on a bill, on time and late, for every kind of meter."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bonafide.periods import Month
from bonafide.usage.closing import close_month
from bonafide.usage.measure import SECONDS_AN_HOUR, Measured, measure, measure_as_known
from bonafide.usage.models import LARGEST_TOTAL, Event, Total
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, PARIS, make_draft, make_meter, take_in, use

AUGUST, SEPTEMBER, OCTOBER = Month(2024, 8), Month(2024, 9), Month(2024, 10)
KINDS = ["sum", "count", "max", "latest", "unique", "hours"]


def on_bill(month: Month, **values: Any) -> list[Measured]:
    return list(measure(bill_month=month, zone=PARIS, **values))


def quantities(month: Month) -> list[tuple[str, int]]:
    return [(row.group_key, row.quantity) for row in on_bill(month)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "expected"), [("sum", 6500), ("count", 3000), ("max", 4000), ("latest", 2000), ("unique", 2000)]
)
def test_a_month_of_each_kind(kind: str, expected: int) -> None:
    account, meter = make_account(), make_meter(aggregation=kind, subject="user")
    use(account, meter, "4", "2024-09-03T10:00:00Z", user="a")
    use(account, meter, "2", "2024-09-20T10:00:00Z", user="b")
    use(account, meter, "0.5", "2024-09-10T10:00:00Z", user="a")
    use(account, meter, "99", "2024-08-31T21:59:59Z", user="c")  # still August in Paris
    use(account, meter, "99", "2024-09-30T22:00:00Z", user="c")  # October there already
    assert on_bill(SEPTEMBER) == [Measured(account.pk, meter.pk, 202409, "", expected, None, 3)]


@pytest.mark.django_db
def test_rows_come_by_account_then_meter_then_month_then_group_and_for_the_accounts_asked() -> None:
    one, two, three = (make_account() for _ in range(3))
    first, second = make_meter(group_by="region"), make_meter()
    for account in (three, one, two):
        use(account, second)
        use(account, first, region="south")
        use(account, first, region="north")
    keys = [(row.account_id, row.meter_id, row.group_key) for row in on_bill(SEPTEMBER)]
    assert keys == sorted(keys)
    assert len(keys) == 9
    assert {row.account_id for row in on_bill(SEPTEMBER, account_ids=[one.pk, three.pk])} == {one.pk, three.pk}
    assert on_bill(SEPTEMBER, account_ids=[]) == []


@pytest.mark.django_db
def test_a_month_may_add_up_to_more_than_64_bits() -> None:
    account, meter = make_account(), make_meter(scale=0)
    for day in range(1, 6):
        for _ in range(4):
            use(account, meter, 10**18, f"2024-09-{day:02d}T12:00:00Z")
    assert quantities(SEPTEMBER) == [("", 5 * LARGEST_TOTAL)]


@pytest.mark.django_db
def test_hours_count_how_long_each_resource_existed_from_one_month_into_the_next() -> None:
    account = make_account()
    meter = make_meter(aggregation="hours", subject="server", group_by="size", scale=0)
    use(account, meter, "1", "2024-08-10T00:00:00Z", server="a", size="small")  # runs all September
    use(account, meter, "2", "2024-09-30T20:00:00Z", server="b", size="large")  # two of them, for two hours of it
    use(account, meter, "1", "2024-09-10T00:00:00Z", server="c", size="small")
    use(account, meter, "0", "2024-09-10T00:30:00Z", server="c", size="small")
    hour = SECONDS_AN_HOUR
    assert quantities(SEPTEMBER) == [("large", 2 * 2 * hour), ("small", 720 * hour + hour // 2)]
    # 745 hours: the clocks go back in October
    assert quantities(OCTOBER) == [("large", 2 * 745 * hour), ("small", 745 * hour)]
    assert Month(2024, 10).hours(PARIS) == 745


@pytest.mark.django_db
def test_late_usage_is_measured_with_and_without_it_for_every_group() -> None:
    account = make_account()
    meter = make_meter(group_by="region", scale=0)
    untouched = make_meter(scale=0)
    use(account, untouched, "1")
    use(account, meter, "10", region="north")
    use(account, meter, "20", region="south")
    close_month(month=SEPTEMBER, now=NOW)
    use(account, meter, "5", region="south")
    use(account, meter, "7", "2024-10-02T12:00:00Z", region="south")
    assert [row[2:6] for row in on_bill(SEPTEMBER)] == [
        (202409, "north", 10, None),
        (202409, "south", 20, None),
        (202409, "", 1, None),
    ]
    assert [row[2:6] for row in on_bill(OCTOBER)] == [
        (202409, "north", 10, 10),
        (202409, "south", 25, 20),
        (202410, "south", 7, None),
    ]


@pytest.mark.django_db
def test_news_of_a_resource_that_ended_long_ago_changes_every_month_since() -> None:
    account = make_account()
    meter = make_meter(aggregation="hours", subject="server", scale=0)
    use(account, meter, "1", "2024-07-31T22:00:00Z", server="a")
    for month in (AUGUST, SEPTEMBER):
        close_month(month=month, now=NOW)
    use(account, meter, "0", "2024-08-15T22:00:00Z", server="a")
    day = 24 * SECONDS_AN_HOUR
    assert [row[2:6] for row in on_bill(SEPTEMBER)] == [(202409, "", 30 * day, None)]
    assert [row[2:6] for row in on_bill(OCTOBER)] == [(202408, "", 15 * day, 31 * day), (202409, "", 0, 30 * day)]


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_accounts(django_assert_num_queries: Any) -> None:
    meters = [make_meter(aggregation=kind, subject="thing") for kind in KINDS]
    for count in (1, 20):
        for account in [make_account() for _ in range(count)]:
            take_in([make_draft(account=account, meter=meter, thing="x") for meter in meters])
        with django_assert_num_queries(5):
            on_bill(SEPTEMBER)


class Bills(TestCase):
    """Whatever arrives when, what all bills together say of a month is what is known of it in the end."""

    @given(
        st.lists(
            st.fixed_dictionaries(
                {
                    "arrives": st.integers(0, 3),
                    "kind": st.sampled_from(KINDS),
                    "month": st.integers(7, 10),
                    "day": st.integers(1, 30),
                    "hour": st.integers(3, 18),
                    "quantity": st.integers(0, 5),
                    "group": st.sampled_from(["", "north"]),
                    "thing": st.sampled_from(["x", "y"]),
                }
            ),
            max_size=30,
        )
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_they_add_up_to_what_is_known_in_the_end(self, planned: list[dict[str, Any]]) -> None:
        account = make_account()
        meters = {kind: make_meter(aggregation=kind, subject="thing", group_by="group", scale=0) for kind in KINDS}
        for phase in range(4):
            take_in(
                make_draft(
                    account=account,
                    meter=meters[e["kind"]],
                    time=f"2024-{e['month']:02d}-{e['day']:02d}T{e['hour']:02d}:00:00Z",
                    quantity=str(e["quantity"]),
                    thing=e["thing"],
                    **({"group": e["group"]} if e["group"] else {}),
                )
                for e in planned
                if e["arrives"] == phase
            )
            if phase < 3:
                close_month(month=Month(2024, 7 + phase), now=NOW)
        billed: dict[tuple[str, int, str], int] = defaultdict(int)
        codes = {meter.pk: kind for kind, meter in meters.items()}
        for month in range(7, 11):
            for row in measure(bill_month=Month(2024, month), zone=PARIS):
                billed[(codes[row.meter_id], row.usage_month, row.group_key)] += row.quantity - (row.before or 0)
        expected = {
            (kind, month, group): value for month in range(202407, 202411) for (kind, group), value in known(codes, month).items()
        }
        assert {key: value for key, value in billed.items() if value} == {k: v for k, v in expected.items() if v}
        for month in range(202407, 202411):
            rows = measure_as_known(account_id=account.pk, month=Month.from_key(month), zone=PARIS, until=NOW)
            found = {(codes[row.meter_id], row.group_key): row.quantity for row in rows if row.quantity}
            assert found == {key: value for key, value in known(codes, month).items() if value}


def known(codes: dict[int, str], month: int) -> dict[tuple[str, str], int]:
    """One month recomputed from the stored events alone, without totals, seen values or states."""
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    states: dict[str, list[Event]] = defaultdict(list)
    for event in Event.objects.order_by("occurred_us", "quantity", "group_key"):
        if codes[event.meter_id] == "hours":
            states[event.subject].append(event)
        elif event.day // 100 == month:
            groups[(codes[event.meter_id], event.group_key)].append(event)
    found = {}
    for (kind, group), events in groups.items():
        found[(kind, group)] = {
            "sum": lambda es: sum(e.quantity for e in es),
            "count": len,
            "max": lambda es: max(e.quantity for e in es),
            "latest": lambda es: es[-1].quantity,
            "unique": lambda es: len({e.subject for e in es}),
        }[kind](events)
    start, end = (round(m.timestamp()) for m in (Month.from_key(month).start(PARIS), Month.from_key(month).end(PARIS)))
    lasted: dict[str, int] = defaultdict(int)
    for changes in states.values():
        untils = [e.occurred_us // 10**6 for e in changes[1:]] + [end]
        for event, until in zip(changes, untils, strict=True):
            lasted[event.group_key] += event.quantity * max(0, min(until, end) - max(event.occurred_us // 10**6, start))
    return found | {("hours", group): value for group, value in lasted.items()}


@pytest.mark.django_db
def test_a_running_month_counts_what_still_exists_up_to_the_moment_of_asking() -> None:
    account = make_account()
    meter = make_meter(aggregation="hours", subject="server", scale=0)
    use(account, meter, "1", "2024-09-01T00:00:00Z", server="a")
    until = datetime(2024, 9, 1, tzinfo=UTC) + timedelta(hours=5)
    assert [row.quantity for row in on_bill(SEPTEMBER, until=until)] == [5 * SECONDS_AN_HOUR]
    known_by_then = measure_as_known(account_id=account.pk, month=SEPTEMBER, zone=PARIS, until=until)
    assert [row.quantity for row in known_by_then] == [5 * SECONDS_AN_HOUR]
    assert Total.objects.get().quantity == 0
