"""Rating: what each model charges, laws that hold for any terms, and a second reckoning in fractions that must agree."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.money import exponent
from bonafide.pricing.rating import (
    MODELS,
    CostPlus,
    Flat,
    Graduated,
    NegativeQuantity,
    Package,
    PerUnit,
    Rated,
    Terms,
    TermsError,
    Tier,
    Volume,
    Withdrawn,
    rate,
    rate_change,
)

D = Decimal
untimed = settings(deadline=None)  # machines are slow at times; that is no fault of the law
CURRENCIES = ("EUR", "JPY", "TND")


def decimals(*, below: int = 10**6, places: int = 12, least: str = "0") -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=D(least), max_value=D(below), places=places, allow_nan=False, allow_infinity=False)


prices = st.one_of(decimals(places=2, below=1000), decimals(places=12, below=10), st.just(D(0)))
quantities = st.one_of(
    decimals(places=0),
    decimals(places=6),
    decimals(places=12),
    decimals(below=9_223_372_036_854_775_807, places=0),
    st.just(D(0)),
)
signed = st.builds(lambda value, sign: value * sign, quantities, st.sampled_from((1, -1)))
allowances = st.one_of(st.just(D(0)), decimals(places=3, below=2000))
minimums = st.one_of(st.just(D(0)), decimals(places=2, below=10_000), decimals(places=5, below=100))
currencies = st.sampled_from(CURRENCIES)
exchanges = decimals(places=8, below=20_000, least="0.00000001")


@st.composite
def tiers(draw: st.DrawFn) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(decimals(places=3, below=10**6, least="0.001"), max_size=5)))
    return tuple(
        Tier(up_to=bound, unit_price=draw(prices), flat=draw(st.one_of(st.just(D(0)), prices))) for bound in [*bounds, None]
    )


per_unit = st.builds(PerUnit, unit_price=prices, included=allowances, minimum=minimums)
graduated = st.builds(Graduated, tiers=tiers(), included=allowances, minimum=minimums)
volume = st.builds(Volume, tiers=tiers(), included=allowances, minimum=minimums)
package = st.builds(
    Package, size=decimals(places=3, below=10**5, least="0.001"), price=prices, included=allowances, minimum=minimums
)
cost_plus = st.builds(CostPlus, markup_percent=decimals(places=2, below=10_000, least="-100"), minimum=minimums)
flat = st.builds(Flat, amount=prices)
any_terms = st.one_of(per_unit, graduated, volume, package, cost_plus, flat)


def total(lines: tuple[Rated, ...]) -> int:
    return sum(line.net_minor for line in lines)


def half_up(value: Fraction) -> int:
    """Away from zero at one half, by integer arithmetic alone."""
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


# ------------------------------------------------------------------------------------------------- by hand


def nets(terms: Terms, quantity: str, currency: str = "EUR", exchange: str = "1") -> list[tuple[str, str, str, int]]:
    lines = rate(terms=terms, quantity=D(quantity), currency=currency, exchange=D(exchange))
    return [(line.kind, format(line.quantity, "f"), format(line.unit_price, "f"), line.net_minor) for line in lines]


LADDER = (Tier(D(10), D("0.50")), Tier(D(100), D("0.20"), flat=D(3)), Tier(None, D("0.05")))


@pytest.mark.parametrize(
    ("terms", "quantity", "lines"),
    [
        (Flat(amount=D("9.90")), "0", [("flat", "1", "9.9", 990)]),
        (Flat(amount=D("9.90")), "-4", [("flat", "1", "9.9", 990)]),
        (PerUnit(unit_price=D("0.042")), "744", [("unit", "744", "0.042", 3125)]),
        (PerUnit(unit_price=D("0.042")), "0", [("unit", "0", "0.042", 0)]),
        (PerUnit(unit_price=D("0.000000000001")), "5000000000", [("unit", "5000000000", "0.000000000001", 1)]),
        (PerUnit(unit_price=D(1), included=D(3)), "2.5", [("included", "2.5", "0", 0)]),
        (PerUnit(unit_price=D(1), included=D(3)), "3", [("included", "3", "0", 0)]),
        (PerUnit(unit_price=D(1), included=D(3)), "5", [("included", "3", "0", 0), ("unit", "2", "1", 200)]),
        (PerUnit(unit_price=D(1), included=D(3)), "-2", [("unit", "-2", "1", -200)]),
        (PerUnit(unit_price=D(1), minimum=D(9)), "2", [("unit", "2", "1", 200), ("minimum", "1", "7", 700)]),
        (PerUnit(unit_price=D(1), minimum=D(9)), "9", [("unit", "9", "1", 900)]),
        (Graduated(tiers=LADDER), "0", [("tier", "0", "0.5", 0)]),
        (Graduated(tiers=LADDER), "10", [("tier", "10", "0.5", 500)]),
        (Graduated(tiers=LADDER), "11", [("tier", "10", "0.5", 500), ("tier", "1", "0.2", 20), ("flat", "1", "3", 300)]),
        (
            Graduated(tiers=LADDER),
            "250",
            [("tier", "10", "0.5", 500), ("tier", "90", "0.2", 1800), ("flat", "1", "3", 300), ("tier", "150", "0.05", 750)],
        ),
        (Volume(tiers=LADDER), "10", [("tier", "10", "0.5", 500)]),
        (Volume(tiers=LADDER), "10.5", [("tier", "10.5", "0.2", 210), ("flat", "1", "3", 300)]),
        (Volume(tiers=LADDER), "101", [("tier", "101", "0.05", 505)]),
        (Volume(tiers=LADDER, included=D(100)), "110", [("included", "100", "0", 0), ("tier", "10", "0.5", 500)]),
        (Volume(tiers=(Tier(None, D(1), flat=D(5)),)), "0", [("tier", "0", "1", 0)]),
        (Package(size=D(10_000), price=D("0.04")), "0", [("package", "0", "0.04", 0)]),
        (Package(size=D(10_000), price=D("0.04")), "1", [("package", "1", "0.04", 4)]),
        (Package(size=D(10_000), price=D("0.04")), "20000", [("package", "2", "0.04", 8)]),
        (Package(size=D(10_000), price=D("0.04")), "20001", [("package", "3", "0.04", 12)]),
        (Package(size=D("0.1"), price=D(1)), "0.3", [("package", "3", "1", 300)]),
        (CostPlus(markup_percent=D(70)), "213.1765", [("cost", "213.1765", "1.7", 36240)]),
        (CostPlus(markup_percent=D(70)), "-0.3", [("cost", "-0.3", "1.7", -51)]),
        (CostPlus(markup_percent=D(-10)), "100", [("cost", "100", "0.9", 9000)]),
        (CostPlus(markup_percent=D(0), minimum=D(5)), "-1", [("cost", "-1", "1", -100), ("minimum", "1", "6", 600)]),
        (Withdrawn(), "5", []),
    ],
)
def test_each_model_charges_what_its_page_says(terms, quantity, lines):
    assert nets(terms, quantity) == lines


def test_a_half_cent_goes_up_and_a_half_cent_of_credit_goes_down():
    half = PerUnit(unit_price=D("0.005"))
    assert (nets(half, "1")[0][3], nets(half, "-1")[0][3]) == (1, -1)


def test_a_currency_without_minor_units_is_rounded_to_whole_ones_and_one_with_three_keeps_three():
    assert nets(PerUnit(unit_price=D("0.5")), "3", "JPY")[0][3] == 2
    assert nets(PerUnit(unit_price=D("0.0005")), "3", "TND")[0][3] == 2


def test_a_cost_is_converted_within_its_unit_price():
    assert nets(CostPlus(markup_percent=D(70)), "100", exchange="0.8932") == [("cost", "100", "1.51844", 15184)]


def test_the_exchange_rate_touches_cost_plus_alone():
    assert nets(PerUnit(unit_price=D(2)), "10", exchange="0.5") == [("unit", "10", "2", 2000)]


@pytest.mark.parametrize("terms", [Graduated(tiers=LADDER), Volume(tiers=LADDER), Package(size=D(1), price=D(1))])
def test_a_negative_quantity_is_refused_where_it_has_no_meaning(terms):
    with pytest.raises(NegativeQuantity, match="-1"):
        rate(terms=terms, quantity=D(-1), currency="EUR")


@pytest.mark.parametrize(("quantity", "exchange"), [("NaN", "1"), ("Infinity", "1"), ("1", "0"), ("1", "-1"), ("1", "NaN")])
def test_what_is_no_number_is_refused(quantity, exchange):
    with pytest.raises(ValueError, match="finite"):
        rate(terms=CostPlus(markup_percent=D(1)), quantity=D(quantity), currency="EUR", exchange=D(exchange))


def test_which_terms_come_to_something_without_usage():
    assert Flat(amount=D(1)).owed_without_usage
    assert PerUnit(unit_price=D(1), minimum=D(1)).owed_without_usage
    assert not PerUnit(unit_price=D(1), minimum=D(1), split=True).owed_without_usage
    assert not PerUnit(unit_price=D(1)).owed_without_usage


def test_late_usage_changes_a_month_by_the_difference_of_its_two_amounts():
    terms = Graduated(tiers=LADDER, minimum=D(2))
    assert rate_change(terms=terms, before=D(0), after=D(11), currency="EUR") == 820 - 200
    assert rate_change(terms=CostPlus(markup_percent=D(70)), before=D(10), after=D("9.5"), currency="EUR") == -85


# ------------------------------------------------------------------------------------------------- laws


@untimed
@given(any_terms, quantities, currencies, exchanges)
def test_every_line_is_its_quantity_times_its_price_rounded_once(terms, quantity, currency, exchange):
    unit = 10 ** exponent(currency)
    for line in rate(terms=terms, quantity=quantity, currency=currency, exchange=exchange):
        exact = Fraction(line.quantity) * Fraction(line.unit_price) * unit
        assert line.net_minor == half_up(exact)
        assert abs(line.net_minor - exact) <= Fraction(1, 2)


@untimed
@given(st.one_of(per_unit, graduated, volume), quantities, currencies)
def test_the_allowance_and_what_is_billed_are_the_whole_quantity(terms, quantity, currency):
    lines = rate(terms=terms, quantity=quantity, currency=currency)
    counted = sum(Fraction(line.quantity) for line in lines if line.kind in ("included", "unit", "tier"))
    free = sum(line.quantity for line in lines if line.kind == "included")
    assert counted == Fraction(quantity)
    assert free == min(quantity, terms.included)
    assert all(line.net_minor == 0 for line in lines if line.kind == "included")


@untimed
@given(tiers(), quantities)
def test_graduated_tiers_hand_over_to_each_other_without_gap_or_overlap(steps, quantity):
    lines = [line for line in rate(terms=Graduated(tiers=steps), quantity=quantity, currency="EUR") if line.kind == "tier"]
    assert lines[0].tier_from == 0
    assert all(one.tier_to == other.tier_from for one, other in pairwise(lines))
    assert all(line.quantity == line.tier_to - line.tier_from for line in lines[:-1])
    assert lines[-1].tier_to is None or quantity <= lines[-1].tier_to


@untimed
@given(prices, allowances, minimums, quantities, currencies)
def test_graduated_and_volume_with_one_open_tier_are_per_unit(price, included, minimum, quantity, currency):
    def amounts(terms: Terms) -> list[tuple[Decimal, Decimal, int]]:
        lines = rate(terms=terms, quantity=quantity, currency=currency)
        return [(line.quantity, line.unit_price, line.net_minor) for line in lines]

    expected = amounts(PerUnit(unit_price=price, included=included, minimum=minimum))
    for kind in (Graduated, Volume):
        assert amounts(kind(tiers=(Tier(None, price),), included=included, minimum=minimum)) == expected


@untimed
@given(volume, quantities)
def test_volume_uses_one_tier_and_the_one_that_the_quantity_is_in(terms, quantity):
    lines = rate(terms=terms, quantity=quantity, currency="EUR")
    used = [line for line in lines if line.kind == "tier"]
    if quantity <= terms.included and terms.included:
        assert not used
        return
    (line,) = used
    assert line.tier_from <= line.quantity
    assert line.tier_to is None or line.quantity <= line.tier_to
    assert line.quantity > line.tier_from or line.tier_from == 0


@untimed
@given(package, quantities)
def test_packages_are_enough_and_not_one_more(terms, quantity):
    lines = rate(terms=terms, quantity=quantity, currency="EUR")
    packages = sum(line.quantity for line in lines if line.kind == "package")
    beyond = max(Fraction(0), Fraction(quantity) - Fraction(terms.included))
    assert packages == int(packages)
    assert Fraction(packages) * Fraction(terms.size) >= beyond
    assert packages == 0 or (Fraction(packages) - 1) * Fraction(terms.size) < beyond


@untimed
@given(st.one_of(per_unit, graduated, package, flat), quantities, quantities, currencies)
def test_using_more_never_costs_less(terms, one, other, currency):
    less, more = sorted((one, other))
    assert total(rate(terms=terms, quantity=less, currency=currency)) <= total(
        rate(terms=terms, quantity=more, currency=currency)
    )


@untimed
@given(st.one_of(per_unit, graduated, volume, package, cost_plus), quantities, currencies, exchanges)
def test_a_minimum_tops_up_exactly_and_only_when_short(terms, quantity, currency, exchange):
    def reckon(minimum: Decimal) -> tuple[Rated, ...]:
        return rate(terms=replace(terms, minimum=minimum), quantity=quantity, currency=currency, exchange=exchange)

    bare, lines = reckon(D(0)), reckon(terms.minimum)
    floor_minor = half_up(Fraction(terms.minimum) * 10 ** exponent(currency))
    assert lines[: len(bare)] == bare
    assert total(lines) == (max(total(bare), floor_minor) if terms.minimum else total(bare))
    assert len(lines) == len(bare) + (total(lines) != total(bare))


@untimed
@given(st.one_of(per_unit, cost_plus), signed, currencies, exchanges)
def test_a_credit_is_the_charge_with_the_other_sign(terms, quantity, currency, exchange):
    bare = replace(terms, minimum=D(0), included=D(0))
    charge = total(rate(terms=bare, quantity=quantity, currency=currency, exchange=exchange))
    assert total(rate(terms=bare, quantity=-quantity, currency=currency, exchange=exchange)) == -charge


@untimed
@given(any_terms, quantities, quantities, quantities, currencies, exchanges)
def test_changes_telescope(terms, one, two, three, currency, exchange):
    def change(before: Decimal, after: Decimal) -> int:
        return rate_change(terms=terms, before=before, after=after, currency=currency, exchange=exchange)

    assert change(one, two) + change(two, three) == change(one, three)
    assert change(one, one) == 0
    assert change(one, two) == -change(two, one)


# ------------------------------------------------------------------------------------------------- a second reckoning


def oracle(terms: Terms, quantity: Decimal, exchange: Decimal) -> list[Fraction]:
    """What each line comes to before rounding, from the models' definitions, without the minimum."""
    if isinstance(terms, Flat):
        return [Fraction(terms.amount)]
    if isinstance(terms, CostPlus):
        return [Fraction(quantity) * (100 + Fraction(terms.markup_percent)) / 100 * Fraction(exchange)]
    used = Fraction(quantity)
    beyond = used - min(used, Fraction(terms.included)) if used > 0 else used
    if isinstance(terms, PerUnit):
        return [beyond * Fraction(terms.unit_price)]
    if isinstance(terms, Package):
        return [ceil(beyond / Fraction(terms.size)) * Fraction(terms.price)]
    amounts, start = [], Fraction(0)
    for tier in terms.tiers:
        end = None if tier.up_to is None else Fraction(tier.up_to)
        if isinstance(terms, Graduated):
            inside = max(Fraction(0), (beyond if end is None else min(beyond, end)) - start)
        else:
            inside = beyond if (beyond > start or start == 0) and (end is None or beyond <= end) else Fraction(0)
        if inside:
            amounts += [inside * Fraction(tier.unit_price), Fraction(tier.flat)]
        start = end if end is not None else start
    return amounts


@untimed
@given(any_terms, quantities, currencies, exchanges)
def test_an_independent_reckoning_in_fractions_comes_to_the_same(terms, quantity, currency, exchange):
    unit = 10 ** exponent(currency)
    expected = sum(half_up(amount * unit) for amount in oracle(terms, quantity, exchange))
    if terms.minimum:
        expected = max(expected, half_up(Fraction(terms.minimum) * unit))
    assert total(rate(terms=terms, quantity=quantity, currency=currency, exchange=exchange)) == expected


def test_the_second_reckoning_would_notice_a_wrong_tier():
    wrong = Graduated(tiers=(Tier(D(10), D("0.50")), Tier(None, D("0.21"))))
    right = Graduated(tiers=(Tier(D(10), D("0.50")), Tier(None, D("0.20"))))
    amounts = oracle(right, D(20), D(1))
    assert sum(half_up(amount * 100) for amount in amounts) == 700 != total(rate(terms=wrong, quantity=D(20), currency="EUR"))


# ------------------------------------------------------------------------------------------------- as text


@untimed
@given(any_terms, st.booleans())
def test_terms_survive_their_text_and_equal_terms_have_one_text(terms, split):
    terms = terms if isinstance(terms, Flat) else replace(terms, split=split)
    text = terms.to_json()
    assert Terms.from_json(text) == terms
    assert Terms.from_json(text).to_json() == text


def test_the_text_is_canonical_and_holds_no_float():
    terms = PerUnit(unit_price=D("0.0500"), included=D("1E+3"))
    assert terms.to_json() == '{"included":"1000","model":"per-unit","unit_price":"0.05"}'
    assert PerUnit(unit_price=D("1E-12")).to_json() == '{"model":"per-unit","unit_price":"0.000000000001"}'


@pytest.mark.parametrize(
    "text",
    [
        '{"model":"free"}',
        "{}",
        '{"model":"flat"}',
        '{"model":"flat","amount":"1","unit_price":"1"}',
        '{"model":"volume","tiers":[]}',
    ],
)
def test_a_text_that_is_no_terms_is_refused(text):
    with pytest.raises(TermsError):
        Terms.from_json(text)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: PerUnit(unit_price=D(-1)), "unit_price"),
        (lambda: PerUnit(unit_price=D("0.0000000000001")), "unit_price"),
        (lambda: PerUnit(unit_price=D("NaN")), "unit_price"),
        (lambda: PerUnit(unit_price=0.5), "unit_price"),
        (lambda: PerUnit(unit_price=D(10) ** 12), "unit_price"),
        (lambda: PerUnit(unit_price=D(1), included=D(-1)), "included"),
        (lambda: PerUnit(unit_price=D(1), minimum=D(-1)), "minimum"),
        (lambda: Flat(amount=D(1), included=D(1)), "included"),
        (lambda: Flat(amount=D(1), minimum=D(1)), "minimum"),
        (lambda: Flat(amount=D(1), split=True), "split"),
        (lambda: CostPlus(markup_percent=D(1), included=D(1)), "included"),
        (lambda: CostPlus(markup_percent=D("0.001")), "markup_percent"),
        (lambda: CostPlus(markup_percent=D(-101)), "markup_percent"),
        (lambda: Package(size=D(0), price=D(1)), "size"),
        (lambda: Graduated(tiers=()), "tiers"),
        (lambda: Graduated(tiers=(Tier(D(5), D(1)),)), "tiers.1.up_to"),
        (lambda: Graduated(tiers=(Tier(None, D(1)), Tier(None, D(1)))), "tiers.1.up_to"),
        (lambda: Volume(tiers=(Tier(D(5), D(1)), Tier(D(5), D(1)), Tier(None, D(1)))), "tiers.2.up_to"),
        (lambda: Volume(tiers=(Tier(D(0), D(1)), Tier(None, D(1)))), "tiers.1.up_to"),
        (lambda: Volume(tiers=(Tier(None, D(1), flat=D(-1)),)), "tiers.1.flat"),
        (lambda: Withdrawn(minimum=D(1)), "minimum"),
    ],
)
def test_terms_that_mean_nothing_are_refused_by_field(make, field):
    with pytest.raises(TermsError) as refusal:
        make()
    assert refusal.value.field == field


def test_every_model_has_its_place_in_the_table():
    assert list(MODELS) == ["flat", "per-unit", "graduated", "volume", "package", "cost-plus", "withdrawn"]
