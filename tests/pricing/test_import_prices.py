"""Importing price files: what is written, what is refused and how that is said, and that closed months stay as they were."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bonafide.periods import Month
from bonafide.pricing.import_prices import import_prices
from bonafide.pricing.meters import MeterRefused, ensure_cost_meter
from bonafide.pricing.models import ClosedMonth, Meter, Plan, Price
from bonafide.pricing.price_file import PriceFileRefused
from bonafide.pricing.prices_in_force import price_book
from tests.factories.accounts import make_account
from tests.factories.pricing import close_month, make_meter, make_subscription
from tests.factories.usage import PARIS

pytestmark = pytest.mark.django_db

TODAY = date(2026, 9, 15)
EXAMPLES = Path(__file__).parents[2] / "examples"
METER = """
[[meters]]
code = "storage"
name = { en = "Storage", fr = "Stockage" }
unit = "GB-month"
aggregation = "sum"
group_by = "bucket"
"""
PLAN = """
[plan]
code = "cloud"
name = { en = "Cloud", fr = "Nuage" }
currency = "EUR"
default = true
"""
PRICE = """
[[plan.prices]]
code = "storage"
name = { en = "Storage", fr = "Stockage" }
meter = "storage"
valid_from = 2024-01-01
model = "per-unit"
unit_price = "0.05"
"""
FLAT = """
[[plan.prices]]
code = "fee"
name = { en = "Fee", fr = "Abonnement" }
valid_from = 2024-01-01
model = "flat"
amount = "9.90"
"""
WHOLE = METER + PLAN + PRICE


def load(text: str, **values):
    return import_prices(**{"text": text, "name": "prices.toml", "today": TODAY, **values})


def refusal(text: str) -> str:
    before = [list(kind.objects.order_by("pk").values()) for kind in (Meter, Plan, Price)]
    with pytest.raises(PriceFileRefused) as refused:
        load(text)
    assert [list(kind.objects.order_by("pk").values()) for kind in (Meter, Plan, Price)] == before
    assert "\n" not in str(refused.value)
    return str(refused.value)


def state() -> list[object]:
    return [list(kind.objects.order_by("pk").values()) for kind in (Meter, Plan, Price)]


# ------------------------------------------------------------------------------------------------- what is written


def test_a_file_brings_its_meters_its_plan_and_its_prices():
    done = load(WHOLE + FLAT)
    assert (done.meters_added, done.plans_added, done.prices_added, done.changed) == (1, 1, 2, True)
    meter = Meter.objects.get()
    assert (meter.code, meter.unit, meter.aggregation, meter.scale, meter.group_by) == (
        "storage",
        "GB-month",
        "sum",
        6,
        "bucket",
    )
    items = price_book(month=Month(2024, 1), zone=PARIS).plan_for(0).items
    assert [(item.code, item.terms.model) for item in items] == [("storage", "per-unit"), ("fee", "flat")]


def test_the_same_file_again_changes_nothing_and_says_so():
    load(WHOLE + FLAT)
    before = state()
    done = load(WHOLE + FLAT)
    assert not done.changed
    assert done.prices_unchanged == 2
    assert state() == before


def test_a_file_may_hold_several_plans():
    text = (WHOLE + FLAT).replace("[plan]", "[[plans]]").replace("[[plan.prices]]", "[[plans.prices]]")
    second = text.replace('code = "cloud"', 'code = "other"').replace("default = true", "").replace(METER, "")
    done = load(text + second)
    assert (done.plans_added, done.prices_added) == (2, 4)
    assert Plan.objects.get(is_default=True).code == "cloud"


def test_a_later_price_stands_beside_the_earlier_one():
    done = load(WHOLE + PRICE.replace("2024-01-01", "2026-10-01").replace("0.05", "0.04"))
    assert (done.prices_added, done.upcoming) == (2, 1)
    assert Price.objects.values_list("position", flat=True).distinct().count() == 1


def test_a_price_that_was_wrong_is_replaced_while_its_months_are_open():
    load(WHOLE)
    done = load(WHOLE.replace("0.05", "0.06"))
    assert (done.prices_changed, done.prices_added) == (1, 0)
    assert '"0.06"' in Price.objects.get().terms


def test_what_a_file_does_not_mention_stays():
    load(WHOLE + FLAT)
    done = load(PLAN + FLAT.replace("fee", "another"))
    assert (done.prices_added, Price.objects.count()) == (1, 3)
    assert list(Price.objects.order_by("position").values_list("code", flat=True)) == ["storage", "fee", "another"]


def test_a_second_file_of_the_default_plan_need_not_say_so_again():
    load(WHOLE)
    load(PLAN.replace("default = true\n", "") + FLAT)
    assert Plan.objects.get().is_default


def test_a_price_that_is_withdrawn_is_on_no_later_bill():
    load(WHOLE + FLAT)
    load(PLAN + FLAT.replace("2024-01-01", "2026-10-01").replace('model = "flat"\namount = "9.90"', 'model = "withdrawn"'))
    codes = {
        month: [item.code for item in price_book(month=month, zone=PARIS).plan_for(0).items]
        for month in (Month(2026, 9), Month(2026, 10))
    }
    assert codes == {Month(2026, 9): ["storage", "fee"], Month(2026, 10): ["storage"]}


def test_the_default_moves_to_another_plan_while_nothing_is_closed():
    load(WHOLE)
    done = load(PLAN.replace("cloud", "other") + FLAT)
    assert Plan.objects.get(is_default=True).code == "other"
    assert done.former_default == "cloud"


def test_a_file_saved_with_a_byte_order_mark_and_windows_line_ends_is_read():
    assert load("\ufeff" + WHOLE.replace("\n", "\r\n")).changed


# ------------------------------------------------------------------------------------------------- the examples


def test_the_reseller_example_prices_the_cost_meter_without_declaring_it():
    load((EXAMPLES / "reseller.toml").read_text(encoding="utf-8"))
    (item,) = price_book(month=Month(2024, 9), zone=PARIS).plan_for(0).items
    assert (item.meter.code, item.meter.unit, item.meter.scale, item.meter.group_by) == ("focus-usd", "USD", 12, "service")
    assert item.terms.to_json() == '{"markup_percent":"70","model":"cost-plus"}'
    assert Plan.objects.get().currency == "USD"


def test_the_cloud_example_uses_every_model():
    load((EXAMPLES / "cloud.toml").read_text(encoding="utf-8"))
    items = price_book(month=Month(2026, 9), zone=PARIS).plan_for(0).items
    assert {item.terms.model for item in items} == {"flat", "per-unit", "graduated", "volume", "package", "cost-plus"}
    later = {item.code: item.terms for item in price_book(month=Month(2026, 10), zone=PARIS).plan_for(0).items}
    assert {item.code for item in items if item.terms != later[item.code]} == {"dev1-l", "object-storage"}


@pytest.mark.parametrize("example", ["reseller.toml", "cloud.toml"])
def test_an_example_again_changes_nothing(example):
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    assert load(text).changed
    assert not load(text).changed


# ------------------------------------------------------------------------------------------------- wrong files


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"0.05"', "0.05", 'line 21: plan.cloud.prices.storage.unit_price = 0.05: expected a decimal number in quotes: "0.05"'),
        ('unit_price = "0.05"', "", "line 15: plan.cloud.prices.storage.unit_price is missing"),
        ('"0.05"', '"5 cents"', '.unit_price = "5 cents": expected a decimal number in quotes, such as "0.05"'),
        ('"0.05"', '"1e-3"', '.unit_price = "1e-3": expected a decimal number in quotes'),
        ('"0.05"', '"-0.05"', ".unit_price = -0.05: expected 0 or more"),
        ('"0.05"', '"0.0000000000001"', "expected at most 12 decimals"),
        ('"0.05"', "true", ".unit_price = true: expected a decimal number"),
        ('unit_price = "0.05"', "", "prices.storage.unit_price is missing: model per-unit needs it"),
        ('unit_price = "0.05"', 'unit_prize = "0.05"', ".unit_prize is not known for model per-unit: expected included"),
        ('"per-unit"', '"per-kilo"', '.model = "per-kilo": expected one of flat, per-unit, graduated'),
        ("default = true", 'default = true\nproration = "hour"', ".proration = \"hour\": expected 'none', 'day' or 'second'"),
        ("2024-01-01", "2024-01-01T00:00:00", "expected a date such as 2026-10-01"),
        ("2024-01-01", '"2024-02-31"', "expected a day that exists"),
        ("2024-01-01", "1", "expected a date such as 2026-10-01"),
        ('meter = "storage"', 'meter = "storrage"', '.meter = "storrage": no such meter; declare it under [[meters]]'),
        ('meter = "storage"', "", ".meter is missing: model per-unit prices the quantity of a meter"),
        ('meter = "storage"', 'meter = "focus-xyz"', '.meter = "focus-xyz": no such meter'),
        ('"EUR"', '"EUX"', '.currency = "EUX": expected an ISO 4217 currency code'),
        ("default = true", "default = 1", ".default = 1: expected true or false"),
        ("default = true", "defautl = true", ".defautl is not known: remove it or correct the name"),
        ('name = { en = "Cloud", fr = "Nuage" }', 'name = "Cloud"', '.name = "Cloud": expected a table such as { en'),
        ('name = { en = "Cloud", fr = "Nuage" }', 'name = { en = "Cloud" }', "plan.cloud.name.fr is missing"),
        ('fr = "Nuage"', 'fr = " "', '.name.fr = " ": expected text of one line'),
        ('fr = "Nuage"', 'fr = "a\\nb"', "expected text of one line"),
        ('code = "cloud"', 'code = "the cloud"', 'plan.the cloud.code = "the cloud": expected letters, digits'),
        ('aggregation = "sum"', 'aggregation = "total"', ".aggregation = \"total\": expected 'sum', 'count'"),
        ('aggregation = "sum"', 'aggregation = "unique"', ".subject is missing: aggregation unique needs the dimension"),
        ('aggregation = "sum"', 'aggregation = "sum"\nsubject = "x"', '.subject = "x": aggregation sum has no subject'),
        ('aggregation = "sum"', 'aggregation = "count"\nscale = 3', ".scale = 3: aggregation count counts whole things"),
        ('aggregation = "sum"', 'aggregation = "sum"\nscale = 13', ".scale = 13: expected"),
        ('group_by = "bucket"', "", "split = true: meter storage has no group_by"),
        ("[[meters]]", "[meters]", "meters: expected an array of tables, [[meters]]"),
        ("[[meters]]", "[[metres]]", "metres is not known here: expected [[meters]], [plan] or [[plans]]"),
        ("[plan]", "[plan", "line 9: not TOML at column 6: "),
        ("[[plan.prices]]", "[[plan.prises]]", "plan.cloud.prises is not known"),
    ],
)
def test_a_wrong_file_is_refused_with_place_value_and_what_was_expected(old, new, said):
    text = WHOLE.replace('unit_price = "0.05"', 'unit_price = "0.05"\nsplit = true') if "split" in said else WHOLE
    assert old in text
    message = refusal(text.replace(old, new, 1) if old in text else text)
    assert said in message
    assert message.startswith("prices.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "prices.toml: the file declares nothing: expected [[meters]], [plan] or [[plans]]"),
        (WHOLE + PRICE, "plan.cloud.prices.storage: a second price of this code and valid_from"),
        (METER + METER, "line 9: meters.storage: a second meter of this code"),
        (PLAN, "plan.cloud: no prices: expected at least one [[plan.prices]]"),
        (WHOLE + "\n[[plans]]\n", "both plan and plans"),
        (PLAN + FLAT + 'meter = "storage"', '.meter = "storage": model flat has no meter'),
        (PLAN + FLAT + "included = 5", ".included = 5: a flat amount has no allowance"),
        (
            WHOLE.replace("per-unit", "graduated").replace('unit_price = "0.05"', "tiers = 5"),
            ".tiers: expected an array of tables",
        ),
        (
            WHOLE.replace("per-unit", "volume").replace('unit_price = "0.05"', 'tiers = [{ up_to = "5" }]'),
            ".tiers.1.unit_price is missing",
        ),
        (
            WHOLE.replace("per-unit", "volume").replace('unit_price = "0.05"', 'tiers = [{ to = "5", unit_price = 1 }]'),
            ".tiers.1.to is not known",
        ),
        (
            WHOLE.replace("per-unit", "volume").replace('unit_price = "0.05"', "tiers = [{ up_to = 5, unit_price = 1 }]"),
            ".tiers.1.up_to = 5: the last tier has no end: remove up_to, or add a tier",
        ),
        (WHOLE.replace("per-unit", "volume").replace('unit_price = "0.05"', "tiers = [7]"), ".tiers.1 = 7: expected a table"),
        (
            WHOLE.replace("per-unit", "cost-plus").replace('unit_price = "0.05"', "markup_percent = 70"),
            "cost-plus needs a sum whose unit is a currency, but this is a sum of GB-month",
        ),
        (
            WHOLE.replace("per-unit", "package")
            .replace('unit_price = "0.05"', "size = 1\nprice = 1")
            .replace('meter = "storage"', 'meter = "focus-usd"'),
            "a cost can be below zero (a credit), which model package cannot price",
        ),
        ("plan = 3", "plan = 3: expected a table"),
        ("plans = [3]", "plans.1 = 3: expected a table"),
        ("x = " + "[" * 5000, "not TOML"),
        ("x = " + "9" * 5000, "not TOML"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(text, said):
    assert said in refusal(text)


def test_nothing_of_a_refused_file_is_kept_when_only_its_last_price_is_wrong():
    refusal(WHOLE + FLAT + PRICE.replace("storage", "other"))
    assert not Meter.objects.exists()
    load(WHOLE + FLAT)  # and the same without the fault goes in
    assert Price.objects.count() == 2


# ------------------------------------------------------------------------------------------------- meters


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('unit = "GB-month"', 'unit = "TB-month"', "unit"),
        ('aggregation = "sum"', 'aggregation = "max"', "aggregation"),
        ('aggregation = "sum"', 'aggregation = "sum"\nscale = 3', "scale"),
        ('group_by = "bucket"', 'group_by = "region"', "group_by"),
    ],
)
def test_a_meter_keeps_what_its_sums_depend_on(old, new, field):
    load(WHOLE)
    message = refusal(WHOLE.replace(old, new))
    assert f"meters.storage.{field} = " in message
    assert "declare a new code" in message


def test_a_meter_can_be_renamed():
    load(WHOLE)
    done = load(WHOLE.replace('{ en = "Storage", fr = "Stockage" }', '{ en = "Disk", fr = "Disque" }', 1))
    assert (done.meters_renamed, done.prices_changed) == (1, 0)
    assert Meter.objects.get().name_fr == "Disque"


COST_METER = """
[[meters]]
code = "focus-usd"
name = { en = "Cloud charges in USD", fr = "Charges cloud en USD" }
unit = "USD"
aggregation = "sum"
scale = 12
group_by = "service"
"""


@pytest.mark.parametrize("exists", [True, False])
def test_the_cost_meter_may_be_declared_when_identical(exists):
    if exists:
        ensure_cost_meter(currency="USD")
    load(COST_METER)
    assert ensure_cost_meter(currency="USD").pk == Meter.objects.get().pk


@pytest.mark.parametrize("exists", [True, False])
def test_the_cost_meter_cannot_be_declared_otherwise(exists):
    if exists:
        ensure_cost_meter(currency="USD")
    assert "meters.focus-usd.scale = 6" in refusal(COST_METER.replace("scale = 12", "scale = 6"))


def test_the_cost_meter_of_an_unknown_currency_is_refused():
    with pytest.raises(MeterRefused, match="'XYZ' is unknown"):
        ensure_cost_meter(currency="XYZ")


def test_a_meter_in_the_place_of_the_cost_meter_is_refused():
    make_meter(code="focus-usd", unit="hour")
    with pytest.raises(MeterRefused, match="unit is 'hour'"):
        ensure_cost_meter(currency="USD")


# ------------------------------------------------------------------------------------------------- closed months


def test_a_price_that_a_closed_month_was_billed_by_stands():
    load(WHOLE)
    close_month(Month(2026, 8))
    changed = WHOLE.replace("0.05", "0.06")
    message = refusal(changed)
    assert "plan.cloud.prices.storage.valid_from = 2024-01-01: month 2026-08 is closed" in message
    assert "give it a later valid_from, 2026-09-01 or after" in message
    ClosedMonth.objects.all().delete()
    assert load(changed).prices_changed == 1  # the guard, and nothing else, had refused it


def test_the_same_price_is_accepted_in_closed_months():
    load(WHOLE)
    close_month(Month(2026, 8))
    assert not load(WHOLE).changed


def test_a_new_price_cannot_reach_back_into_a_closed_month():
    load(WHOLE)
    close_month(Month(2026, 8))
    assert "give it a later valid_from" in refusal(PLAN + FLAT)
    assert "give it a later valid_from" in refusal(PLAN + PRICE.replace("2024-01-01", "2026-08-01"))
    assert load(PLAN + FLAT.replace("2024-01-01", "2026-09-01")).prices_added == 1


def test_a_plan_that_nobody_was_billed_by_may_reach_back_into_closed_months():
    close_month(Month(2026, 8))
    assert load(WHOLE + FLAT).prices_added == 2
    assert "give it a later valid_from" in refusal(WHOLE.replace("0.05", "0.06"))  # from now on it may have been billed by


def test_the_first_price_of_a_meter_may_reach_back_for_those_who_could_not_be_billed():
    second = METER.replace('"storage"', '"traffic"') + PLAN + PRICE.replace('"storage"', '"traffic"')
    load(WHOLE)
    close_month(Month(2026, 8))
    assert "2026-08 is closed" in refusal(second + 'minimum = "5"\n')  # owed by everybody, used or not
    again = PLAN + PRICE.replace('code = "storage"', 'code = "more"')
    assert "2026-08 is closed" in refusal(again)  # the meter was billed by its first price
    assert load(second).prices_added == 1
    assert "2026-08 is closed" in refusal(second.replace("0.05", "0.06"))


def test_a_price_that_was_superseded_before_the_closed_month_can_be_replaced():
    load(WHOLE + PRICE.replace("2024-01-01", "2026-08-01"))
    close_month(Month(2026, 8))
    assert load(WHOLE.replace("0.05", "0.06")).prices_changed == 1
    assert "2026-08" in refusal(PLAN + PRICE.replace("2024-01-01", "2026-08-01").replace("0.05", "0.06"))


def test_a_price_that_starts_after_the_closed_month_can_be_replaced():
    load(WHOLE + PRICE.replace("2024-01-01", "2026-09-01"))
    close_month(Month(2026, 8))
    assert load(PLAN + PRICE.replace("2024-01-01", "2026-09-01").replace("0.05", "0.06")).prices_changed == 1


def test_the_default_and_the_currency_of_a_plan_stand_once_a_month_was_billed_by_it():
    load(WHOLE)
    other = PLAN.replace("cloud", "other") + FLAT.replace("2024-01-01", "2026-09-01")
    close_month(Month(2026, 8))
    assert "closed months were billed by the default plan cloud" in refusal(other)
    assert "closed months were billed in EUR" in refusal(WHOLE.replace('"EUR"', '"USD"'))
    ClosedMonth.objects.all().delete()
    load(WHOLE.replace('"EUR"', '"USD"'))
    assert load(other).plans_added == 1


# ----------------------------------------------------------------------------------------------- parts of a month

WHOLE_MONTHS = WHOLE.replace("default = true", 'default = true\nproration = "none"')


def test_a_new_plan_is_prorated_by_the_day_and_one_that_is_there_keeps_what_it_has():
    load(WHOLE)
    assert Plan.objects.get().proration == "day"
    Plan.objects.update(proration="none")
    load(WHOLE)
    assert Plan.objects.get().proration == "none"


def test_a_price_may_begin_on_any_day_unless_its_plan_bills_whole_months():
    load(WHOLE + PRICE.replace("2024-01-01", "2026-10-15").replace("0.05", "0.06"))
    (versions,) = price_book(month=Month(2026, 10), zone=PARIS).plan_for(0).versions
    assert [(version.since.day, str(version.item.terms.unit_price)) for version in versions] == [(1, "0.05"), (15, "0.06")]
    Plan.objects.all().update(code="elsewhere", is_default=False)
    message = refusal(WHOLE_MONTHS + PRICE.replace("2024-01-01", "2026-10-15"))
    assert (
        'plan cloud bills whole months in 2026-10; expected the first day of a month, such as 2026-10-01, or proration = "day"'
        in message
    )


def test_a_price_cannot_begin_on_a_day_within_a_closed_month_of_a_prorated_plan():
    load(WHOLE)
    close_month(Month(2026, 8))
    for day in ("2026-08-02", "2026-08-31"):
        assert "month 2026-08 is closed" in refusal(WHOLE + PRICE.replace("2024-01-01", day).replace("0.05", "0.06"))
    assert load(WHOLE + PRICE.replace("2024-01-01", "2026-09-02").replace("0.05", "0.06")).prices_added == 1


def test_a_version_that_was_in_force_on_some_days_of_a_closed_month_stands():
    load(WHOLE + PRICE.replace("2024-01-01", "2026-08-31").replace("0.05", "0.06"))
    close_month(Month(2026, 8))
    assert "month 2026-08 is closed" in refusal(WHOLE.replace("0.05", "0.07"))
    assert "month 2026-08 is closed" in refusal(PLAN + PRICE.replace("2024-01-01", "2026-08-31").replace("0.05", "0.07"))


def test_a_plan_of_whole_months_goes_over_to_parts_with_the_first_open_month():
    load(WHOLE_MONTHS)
    close_month(Month(2026, 8))
    load(WHOLE_MONTHS.replace('"none"', '"second"'))
    plan = Plan.objects.get()
    assert [plan.proration_in(Month(2026, month)) for month in (8, 9)] == ["none", "second"]
    load(WHOLE_MONTHS.replace('"none"', '"day"'))  # nothing was billed by the second
    close_month(Month(2026, 9))
    message = refusal(WHOLE_MONTHS.replace('"none"', '"second"'))
    assert 'month 2026-09 is closed and was billed with "day"' in message
    assert "on 2026-10-01 or later" in message


def test_a_first_default_plan_fills_no_gap_of_a_closed_month():
    load(WHOLE.replace("default = true", ""))
    account = make_account(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    subscription = make_subscription(account, Plan.objects.get(), starts_on=date(2026, 8, 10))
    close_month(Month(2026, 8))
    other = PLAN.replace("cloud", "other") + FLAT
    assert "had days without a plan in it" in refusal(other)
    subscription.starts_on = date(2026, 8, 1)
    subscription.save()
    assert load(other).plans_added == 1


def test_the_default_plan_cannot_be_left_vacant():
    load(WHOLE)
    assert "make another plan the default instead" in refusal(WHOLE.replace("default = true", "default = false"))


@pytest.mark.parametrize("said", [True, False])
def test_a_plan_on_offer_owes_a_part_of_a_month_in_part(said):
    """Whoever orders it is told so, and who withdraws counts on it."""
    offer = 'offer = { en = "A server.", fr = "Un serveur." }\n'
    text = WHOLE.replace("default = true\n", "")
    plan = text.replace("[plan]\n", '[plan]\nproration = "none"\n')
    if not said:  # the plan is there, and has it
        load(plan)
        plan = text
    assert 'proration is "none": write "day" or "second"' in refusal(plan.replace("[plan]\n", f"[plan]\n{offer}"))
