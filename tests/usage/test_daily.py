"""Days of a month."""

from datetime import UTC, datetime

import pytest

from bonafide.periods import Month
from bonafide.usage.closing import close_month
from bonafide.usage.daily import by_day, daily_quantities
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, PARIS, make_meter, use

pytestmark = pytest.mark.django_db
SEPTEMBER, OCTOBER = Month(2024, 9), Month(2024, 10)
US = 1_000_000


def days(account, month=SEPTEMBER, now=NOW, *, billed=False):
    return daily_quantities(account_id=account.pk, month=month, now=now, zone=PARIS, billed=billed)


def test_a_day_is_the_sum_of_its_groups_and_other_accounts_do_not_count():
    account, meter = make_account(), make_meter("m", group_by="region", scale=0)
    use(account, meter, "2", "2024-09-18T12:00:00Z", region="north")
    use(account, meter, "3", "2024-09-18T13:00:00Z", region="south")
    use(account, meter, "4", "2024-09-18T22:30:00Z", region="south")  # the 19th in Paris
    use(make_account(), meter, "100")
    assert days(account)["m"].quantity == {20240918: 5, 20240919: 4}


def test_late_usage_is_on_its_own_month_or_on_the_bill_it_went_on():
    account, meter = make_account(), make_meter("m", scale=0)
    close_month(month=SEPTEMBER, now=NOW)
    use(account, meter, "7", "2024-09-18T12:00:00Z")
    assert days(account)["m"].quantity == {20240918: 7}
    assert days(account, billed=True) == {}
    assert days(account, OCTOBER) == {}
    assert days(account, OCTOBER, billed=True)["m"].quantity == {20240918: 7}


def test_hours_lie_on_the_days_they_passed_in_and_stop_now():
    account, meter = make_account(), make_meter("h", aggregation="hours", subject="server", scale=0)
    use(account, meter, "2", "2024-09-28T22:00:00Z", server="a")  # midnight in Paris
    now = datetime(2024, 9, 29, 4, tzinfo=UTC)
    assert days(account, now=now)["h"].quantity == {20240929: 2 * 6 * 3600}


def test_different_values_have_no_quantity_of_a_day_but_events():
    account, meter = make_account(), make_meter("u", aggregation="unique", subject="user", scale=0)
    use(account, meter, "1", user="a")
    use(account, meter, "1", user="b")
    found = days(account)["u"]
    assert found.quantity == {}
    assert found.weights == {20240918: 2}


@pytest.mark.parametrize(("first", "hours"), [("2024-10-27", 25), ("2024-03-31", 23), ("2024-06-01", 24)])
def test_a_day_is_as_long_as_its_clock_makes_it(first, hours):
    start = int(datetime.fromisoformat(first).replace(tzinfo=PARIS).timestamp()) * US
    assert list(by_day(start, start + hours * 3600 * US, PARIS)) == [(int(first.replace("-", "")), hours * 3600 * US)]


def test_the_parts_of_a_stretch_are_the_whole_of_it():
    start = int(datetime(2024, 9, 1, 7, 13, tzinfo=UTC).timestamp()) * US + 5
    parts = list(by_day(start, start + 5 * 86_400 * US + 3, PARIS))
    assert sum(length for _day, length in parts) == 5 * 86_400 * US + 3
    assert len(parts) == 6


def test_it_takes_the_same_queries_however_much_was_used(django_assert_num_queries):
    account = make_account()
    for n in range(1, 8):
        use(account, make_meter(f"h{n}", aggregation="hours", subject="server"), "1", f"2024-09-0{n}T12:00:00Z", server="a")
        use(account, make_meter(f"m{n}"), "1", f"2024-09-0{n}T12:00:00Z")
        with django_assert_num_queries(3):
            days(account)
