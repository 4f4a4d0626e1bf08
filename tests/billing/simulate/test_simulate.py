"""Test accounts: simulated months by the real engine, nothing of them real, and all of them deleted."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bonafide.accounts.models import Account, ApiKey, Clock, Membership
from bonafide.billing.compute import accounts_to_bill, running_bill
from bonafide.billing.models import Invoice, SimulatedBill
from bonafide.billing.simulate.delete import delete_test_account
from bonafide.billing.simulate.generate import generate_usage
from bonafide.billing.simulate.make import SimulationRefused
from bonafide.billing.simulate.show import as_csv, simulated_months
from bonafide.periods import Month
from bonafide.pricing.models import Subscription
from bonafide.pricing.rating import CostPlus, Flat, PerUnit
from bonafide.privacy.inventory import TABLES
from bonafide.usage.import_file import FileRefused, import_file
from bonafide.usage.models import Batch, Event, Seen, Source, State, Total
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import issue, make_evidence, make_plan, make_rate, subscribe
from tests.factories.pricing import close_month, make_price
from tests.factories.simulated import NOW, PARIS, advance_to, make_simulated
from tests.factories.usage import make_draft, make_meter, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter():
    return make_meter("gpu", name_en="GPU time", unit="h", scale=3)


@pytest.fixture
def plan(meter):
    return make_plan((meter, PerUnit(unit_price=Decimal("0.5"))), (None, Flat(amount=Decimal(10))))


def generate(account, meter, per_day, first, last):
    return generate_usage(
        account=account, meter=meter, per_day=per_day, first=first, last=last, operator=settings.OPERATOR, now=NOW
    )


# --- months ---


def test_each_month_that_ends_is_worked_out_at_the_prices_of_its_month(plan, meter):
    account = make_simulated()
    make_price(
        plan, meter, PerUnit(unit_price=Decimal("0.75")), valid_from=date(2027, 3, 1), code="price-1", position=1
    )  # a list dated ahead
    generate(account, meter, "2", date(2027, 1, 1), date(2027, 4, 30))
    bills = advance_to(account, 2027, 4, 15)
    assert [(bill.month, bill.net_minor) for bill in bills] == [(202701, 4100), (202702, 3800), (202703, 5650)]
    assert bills[0].tax_minor == 820
    assert [month.change_minor for month in simulated_months(account=account)] == [None, -300, 1850]
    account.clock.refresh_from_db()
    assert account.clock.open_month == 202704


def test_a_month_comes_to_what_a_real_account_would_be_billed(plan, meter):
    account, real = make_simulated(start=Month(2024, 9)), make_account(created_at=datetime(2024, 8, 31, 22, tzinfo=UTC))
    take_in([make_draft(account=real, meter=meter, quantity="12.5")])
    generate(account, meter, "12.5", date(2024, 9, 18), date(2024, 9, 18))
    simulated = advance_to(account, 2024, 10)[0]
    issue()
    bill = Invoice.objects.get(account=real)
    assert (simulated.net_minor, simulated.tax_minor) == (bill.net_minor, bill.tax_minor)
    kept = [(line["text"], line["quantity"], line["unit_price"], line["net_minor"]) for line in simulated.lines]
    assert kept == list(bill.lines.values_list("text", "quantity", "unit_price", "net_minor"))


def test_a_clock_goes_forward_only_and_a_month_is_worked_out_once(plan):
    account = make_simulated()
    assert advance_to(account, 2027, 1, 20) == []
    assert len(advance_to(account, 2027, 2)) == 1
    with pytest.raises(SimulationRefused, match="goes forward only"):
        advance_to(account, 2027, 2)
    assert len(advance_to(account, 2027, 3)) == 1
    with pytest.raises(SimulationRefused, match="several steps"):
        advance_to(account, 2047, 3)
    assert SimulatedBill.objects.count() == 2


def test_a_month_that_cannot_be_priced_says_why(meter):
    account = make_simulated()
    generate(account, meter, "1", date(2027, 1, 1), date(2027, 1, 1))
    bills = advance_to(account, 2027, 3)
    assert "no plan" in bills[0].problem
    assert bills[1].problem == "nothing to bill: no plan, and no usage"
    assert "problem" in as_csv(account=account)


def test_an_exchange_rate_that_nobody_can_know_yet_is_the_latest_one():
    cost = make_meter("cost", unit="USD", scale=2)
    make_plan((cost, CostPlus(markup_percent=Decimal(0))))
    make_rate("USD", "EUR", "0.9", dated_on=date(2026, 10, 30))
    account = make_simulated()
    generate(account, cost, "10", date(2027, 1, 1), date(2027, 1, 1))
    assert advance_to(account, 2027, 2)[0].net_minor == 900
    assert "no exchange rate" in running_bill(account=account, month=Month(2027, 1), operator=settings.OPERATOR).reason


def test_a_plan_of_its_own_is_what_it_is_priced_by(plan, meter):
    other = make_plan((None, Flat(amount=Decimal(99))), is_default=False)
    assert advance_to(make_simulated(plan=other), 2027, 2)[0].net_minor == 9900


def test_a_plan_may_change_in_a_month_whose_real_bills_are_closed(plan):
    from bonafide.pricing.subscribe import SubscriptionRefused, subscribe

    close_month(Month(2024, 9))
    account, real = make_simulated(start=Month(2024, 9)), make_account()
    other = make_plan((None, Flat(amount=Decimal(99))), is_default=False)
    subscribe(account=account, plan=other, starts_on=date(2024, 9, 1), zone=settings.OPERATOR.zone)
    with pytest.raises(SubscriptionRefused):
        subscribe(account=real, plan=other, starts_on=date(2024, 9, 1), zone=settings.OPERATOR.zone)


# --- usage by its own clock ---


def test_its_own_clock_says_what_is_in_the_future_and_what_is_too_old(plan, meter):
    account, real = make_simulated(), make_account()
    advance_to(account, 2027, 2, 10)
    times = ["2027-02-09T12:00:00Z", "2027-02-11T12:00:00Z", "2026-11-01T12:00:00Z"]
    done = take_in([make_draft(account=account, meter=meter, time=time) for time in times], now=NOW)
    assert done.accepted == 1
    assert "is in the future: expected 2027-02-09T23:00:00Z or earlier" in done.rejected[0].reason
    assert "is too old: expected 2026-12-31T23:00:00Z or later" in done.rejected[1].reason
    # and for everybody else it stays the real one, in the same batch and at the same times
    done = take_in([make_draft(account=one, meter=meter, time=times[0]) for one in (account, real)], now=NOW)
    assert done.accepted == 1
    assert f"{times[0]!r} is in the future" in done.rejected[0].reason


def test_usage_of_a_month_that_was_worked_out_is_late_on_the_next(plan, meter):
    account = make_simulated()
    advance_to(account, 2027, 2, 10)
    take_in([make_draft(account=account, meter=meter, quantity="4", time="2027-01-20T12:00:00Z")], now=NOW)
    late = advance_to(account, 2027, 3)[0]
    assert late.net_minor == 1000 + 200
    assert "January 2027" in late.lines[-1]["text"]


def test_months_that_are_closed_for_everybody_are_not_for_it(plan, meter):
    close_month(Month(2024, 9))
    account = make_simulated(start=Month(2024, 9))
    advance_to(account, 2024, 9, 20)
    take_in([make_draft(account=account, meter=meter), make_draft(account=make_account(), meter=meter)])
    months = dict(Total.objects.values_list("account_id", "bill_month"))
    assert months.pop(account.pk) == 202409
    assert list(months.values()) == [202410]


def test_a_file_is_taken_in_by_its_clock_too(plan, meter, tmp_path):
    account = make_simulated(reference="trial")
    advance_to(account, 2027, 2, 10)
    file = tmp_path / "usage.csv"
    rows = ("1,trial,gpu,2027-01-20T12:00:00Z,4", "2,trial,gpu,2027-02-09T12:00:00Z,6")
    file.write_text("\n".join(("id,account,meter,time,quantity", *rows)) + "\n")
    assert import_file(path=file, format="csv", zone=PARIS, now=NOW).accepted == 2
    assert set(Event.objects.values_list("bill_month", flat=True)) == {202702}
    file.write_text("id,account,meter,time,quantity\n3,trial,gpu,2027-02-11T12:00:00Z,4\n")
    with pytest.raises(FileRefused, match="is in the future"):
        import_file(path=file, format="csv", zone=PARIS, now=NOW)


def test_a_batch_asks_for_clocks_only_when_it_names_a_test_account(plan, meter):
    account, real = make_simulated(), make_account()
    advance_to(account, 2027, 2)

    def asked(one, time):
        with CaptureQueriesContext(connection) as queries:
            take_in([make_draft(account=one, meter=meter, time=time)], now=NOW)
        return sum("accounts_clock" in query["sql"] for query in queries.captured_queries)

    assert asked(real, "2026-11-01T13:00:00Z") == 0
    assert asked(account, "2027-01-31T13:00:00Z") == 3  # one to look it up, two to hold it and to put the usage on its bill


# --- made up usage ---


@pytest.mark.parametrize(
    ("aggregation", "subject", "per_day", "measured"),
    [
        ("sum", "", "2.5", "25"),
        ("count", "", "3", "30"),
        ("max", "", "7", "7"),
        ("latest", "", "4", "4"),
        ("unique", "user", "5", "5"),
        ("hours", "server", "36", "360"),
    ],
)
def test_so_much_a_day_is_made_for_every_kind_of_meter(aggregation, subject, per_day, measured):
    meter = make_meter("m", aggregation=aggregation, subject=subject)
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    account = make_simulated()
    first = generate(account, meter, per_day, date(2027, 3, 22), date(2027, 3, 31))  # the clocks change on the 28th
    again = generate(account, meter, per_day, date(2027, 3, 22), date(2027, 3, 31))
    assert (again.accepted, again.duplicates) == (0, first.accepted)
    assert Decimal(advance_to(account, 2027, 4)[2].lines[0]["quantity"]) == Decimal(measured)


def test_a_quantity_or_a_period_that_makes_no_sense_is_refused(meter):
    account = make_simulated()
    for per_day, first, last, why in (
        ("0", date(2027, 1, 1), date(2027, 1, 2), "more than nothing"),
        ("-1", date(2027, 1, 1), date(2027, 1, 2), "zero or more"),
        ("x", date(2027, 1, 1), date(2027, 1, 2), "a decimal number"),
        ("1", date(2027, 1, 2), date(2027, 1, 1), "days in order"),
        ("1", date(2026, 12, 31), date(2027, 1, 1), "not before 2027-01-01"),
        ("1", date(2027, 1, 1), date(2127, 1, 1), "more than 50000 events"),
    ):
        with pytest.raises(SimulationRefused, match=why):
            generate(account, meter, per_day, first, last)
    assert not Event.objects.exists()


# --- nothing of it is real ---


def test_it_is_never_billed_nor_counted_as_if(plan, meter):
    account = make_simulated(start=Month(2024, 9))
    take_in([make_draft(account=account, meter=meter, time="2024-08-31T22:00:00Z")])
    assert accounts_to_bill(month=Month(2024, 9)) == 0
    result = issue()
    assert (result.issued, result.stopped) == (0, [])
    assert not Invoice.objects.exists()
    real = make_account()
    assert issue().issued == 1
    assert Invoice.objects.get().account_id == real.pk


def test_the_database_itself_keeps_it_apart(plan):
    account, real, person = make_simulated(), make_account(), make_user()
    values = {"currency": "EUR", "month": 202701, "until": NOW}
    for attempt in (
        lambda: Account.objects.filter(pk=account.pk).update(is_test=False),
        lambda: Account.objects.filter(pk=real.pk).update(is_test=True),
        lambda: Clock.objects.create(account=real, now_at=NOW, open_month=202701),
        lambda: Membership.objects.create(user=person, account=account, role="owner", created_at=NOW),
        lambda: SimulatedBill.objects.create(account=real, **values),
        lambda: Invoice.objects.create(
            account=account, month=202701, currency="EUR", language="en", seller={}, buyer={}, net_minor=0, tax_minor=0,
            total_minor=0, period_start_on=date(2027, 1, 1), period_end_on=date(2027, 1, 31),
        ),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    SimulatedBill.objects.create(account=account, **values)  # which shows that the values are not what is refused
    Membership.objects.create(user=person, account=real, role="owner", created_at=NOW)


def test_nobody_asks_vies_about_it_and_the_law_keeps_nothing_of_it():
    from bonafide.accounts.check_vat_numbers import _with_last_try
    from bonafide.privacy.statutory import begin_statutory_holds

    account = make_simulated()
    Account.objects.filter(pk=account.pk).update(vat_number="FR44732829320")
    assert not _with_last_try().exists()
    Account.objects.filter(pk=account.pk).update(closed_at=NOW)
    assert begin_statutory_holds(operator=settings.OPERATOR, now=NOW) == 0
    real = make_account(vat_number="FR44732829320")
    assert _with_last_try().exists()
    Account.objects.filter(pk=real.pk).update(closed_at=NOW)
    assert begin_statutory_holds(operator=settings.OPERATOR, now=NOW) > 0


# --- deleting ---


def test_deleting_it_deletes_everything_of_it_and_nothing_else(plan):
    kinds = {kind: make_meter(f"m-{kind}", aggregation=kind, subject="x") for kind in ("sum", "unique", "hours")}
    priced = make_plan(*((one, PerUnit(unit_price=Decimal(1))) for one in kinds.values()), is_default=False)
    real = make_account()
    subscribe(real, priced)
    for meter in kinds.values():
        take_in([make_draft(account=real, meter=meter, x="1")])
    tables = [Event, Total, Seen, State, Subscription, Batch, Source, Account]
    before = {model: model.objects.count() for model in tables}
    account = make_simulated(plan=priced)
    for meter in kinds.values():
        generate(account, meter, "2", date(2027, 1, 1), date(2027, 1, 10))
    ApiKey.objects.create(account=account, name="n", start="bf_", digest="d", created_at=NOW)
    advance_to(account, 2027, 3)
    assert Event.objects.filter(account=account).exists()
    delete_test_account(account=account)
    assert {model: model.objects.count() for model in tables} == before
    for table in TABLES:
        model = None if table.name else apps.get_model(table.model)
        for path in {holding.account for holding in table.holdings if holding.account}:
            assert not model._base_manager.filter(**{path: account.pk}).exists(), table.model
    assert not SimulatedBill.objects.exists()
    assert not Clock.objects.exists()


def test_a_real_account_is_never_deleted_by_this():
    real = make_account()
    with pytest.raises(SimulationRefused, match="is no test account"):
        delete_test_account(account=real)
    real.is_test = True  # in memory alone
    with pytest.raises(SimulationRefused):
        delete_test_account(account=real)
    assert Account.objects.filter(pk=real.pk).exists()


def test_what_the_database_keeps_for_ever_keeps_it_whole(plan):
    account = make_simulated()
    advance_to(account, 2027, 2)
    make_evidence(account, "phone", "FR")
    with pytest.raises(SimulationRefused, match="rows of billing_locationevidence name it"):
        delete_test_account(account=account)
    assert SimulatedBill.objects.filter(account=account).exists()
