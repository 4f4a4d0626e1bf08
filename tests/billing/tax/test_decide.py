"""Which VAT a bill bears: every rule, and that no combination is left without a treatment or a named stop."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.tax import EU, Buyer, DatedRate, Rates, Seller, Treatment, Undecided
from bonafide.billing.tax.places import known_place
from tests.billing.tax.parties import buyer, company, seller, treat

FRANCHISE = seller(franchise=True)
REGISTERED = seller(oss="registered")


def short(treatment: Treatment) -> tuple[str, str, str, str]:
    return (treatment.key, treatment.category, str(treatment.rate), treatment.reason_code)


@pytest.mark.parametrize(
    ("to", "by", "expected"),
    [
        (company("FR"), seller(), ("home", "S", "20", "")),
        (buyer("FR"), seller(), ("home", "S", "20", "")),
        (company("MC", "98000", "FR44732829320"), seller(), ("home", "S", "20", "")),
        (company("RE"), seller(), ("home", "S", "8.5", "")),
        (company("GF"), seller(), ("not_applied", "O", "0", "VATEX-EU-O")),
        (buyer("FR", "97600"), seller(), ("not_applied", "O", "0", "VATEX-EU-O")),
        (company("DE", "", "DE136695976"), seller(), ("reverse_charge", "AE", "0", "VATEX-EU-AE")),
        (company("GR", "", "el 094259216"), seller(), ("reverse_charge", "AE", "0", "VATEX-EU-AE")),
        (company("AT", "6691", "ATU12345675"), seller(), ("reverse_charge", "AE", "0", "VATEX-EU-AE")),
        (company("DE"), seller(), ("below_threshold", "S", "20", "")),
        (company("DE", "", "FR61954506077"), seller(), ("below_threshold", "S", "20", "")),
        (company("GR", "", "GR094259216"), seller(), ("below_threshold", "S", "20", "")),
        (buyer("DE", "", vat_number="DE136695976"), seller(), ("below_threshold", "S", "20", "")),
        (buyer("DE"), REGISTERED, ("destination", "S", "19", "")),
        (company("DE"), REGISTERED, ("destination", "S", "19", "")),
        (company("CH", "", "CHE123456788"), seller(), ("outside_company", "O", "0", "VATEX-EU-O")),
        (company("GB", "BT1 1AA", "XI123456789"), seller(), ("outside_company", "O", "0", "VATEX-EU-O")),
        (company("ES", "35001", "ESB00000000"), seller(), ("outside_company", "O", "0", "VATEX-EU-O")),
        (buyer("US"), seller(), ("outside_consumer", "O", "0", "VATEX-EU-O")),
        (buyer("FR"), FRANCHISE, ("franchise", "E", "0", "VATEX-FR-FRANCHISE")),
        (buyer("RE"), FRANCHISE, ("franchise", "E", "0", "VATEX-FR-FRANCHISE")),
        (buyer("DE"), FRANCHISE, ("franchise", "E", "0", "VATEX-FR-FRANCHISE")),
        (company("DE", "", "DE136695976"), FRANCHISE, ("reverse_charge", "AE", "0", "VATEX-EU-AE")),
        (company("BE"), seller("BE", "1000", "BE0411905847", franchise=True), ("small_enterprise", "E", "0", "")),
        (buyer("RE"), seller("BE", "1000", "BE0411905847"), ("outside_consumer", "O", "0", "VATEX-EU-O")),
        (company("FR", "75001"), seller("MC", "98000"), ("home", "S", "20", "")),
        (buyer("FR", "75001"), seller("FR", "97400"), ("home", "S", "20", "")),
        (company("DE", "", "DE136695976"), seller("FR", "97400"), ("reverse_charge", "AE", "0", "VATEX-EU-AE")),
        (buyer("DE"), seller("FR", "97400", oss="registered"), ("destination", "S", "19", "")),
    ],
    ids=lambda value: f"{value[0]}" if isinstance(value, tuple) else "",
)
def test_each_case_has_its_treatment(to: Buyer, by: Seller, expected: tuple[str, str, str, str]) -> None:
    assert short(treat(to, by)) == expected


def test_beyond_the_threshold_a_consumer_is_taxed_where_they_are_and_staff_are_told() -> None:
    at_home, there = treat(buyer("DE")), treat(buyer("DE"), beyond=True)
    assert (at_home.rate, at_home.taxed_in, at_home.counts, at_home.flags) == (Decimal(20), "FR", True, ())
    assert (there.rate, there.taxed_in, there.counts, there.flags) == (Decimal(19), "DE", True, ("oss_beyond_threshold",))
    assert treat(buyer("DE"), FRANCHISE, beyond=True).rate == Decimal(19)


def test_only_consumers_elsewhere_in_the_union_count_towards_the_threshold() -> None:
    others = [buyer("FR"), buyer("RE"), buyer("MC"), buyer("CH"), buyer("ES", "35001"), company("DE", "", "DE136695976")]
    assert not any(treat(other).counts for other in others)
    assert treat(company("DE")).counts
    assert treat(buyer("DE"), REGISTERED).counts


@pytest.mark.parametrize(
    ("to", "flag"),
    [
        (buyer("GB"), "register:GB"),
        (buyer("GB", "BT1 1AA"), "register:GB"),
        (buyer("IM"), "register:GB"),
        (buyer("CH"), "register:CH"),
        (buyer("LI"), "register:CH"),
        (buyer("DE", "78266"), "register:CH"),
        (buyer("US"), "look_up:US"),
        (buyer("ES", "35001"), "look_up:ES-CN"),
    ],
)
def test_a_consumer_outside_the_union_says_where_the_seller_may_have_to_register(to: Buyer, flag: str) -> None:
    assert treat(to).flags == (flag,)
    assert treat(company(to.place.code if len(to.place.code) == 2 else "US")).flags == ()


@pytest.mark.parametrize(
    ("to", "by", "said"),
    [
        (company("DE", "", "DE136695976"), seller(vat_number=""), "enter identity.vat_number"),
        (company("DE", "", "DE136695976"), seller("CH", "8001", ""), "outside the EU, only bills at home"),
        (buyer("US"), seller("CH", "8001", ""), "outside the EU, only bills at home"),
        (buyer("DE"), seller("FR", "97400"), 'set tax.oss = "registered"'),
        (buyer("CH"), seller("CH", "8001", ""), "no VAT rate is known for CH on 2026-11-30"),
    ],
)
def test_what_cannot_be_decided_says_why_and_what_to_do(to: Buyer, by: Seller, said: str) -> None:
    with pytest.raises(Undecided, match=said):
        treat(to, by)


def test_a_seller_outside_the_union_is_at_home_with_the_rate_of_their_file() -> None:
    swiss = Rates([DatedRate("CH", Decimal("8.1"), date(2024, 1, 1), "MWSTG art. 25")])
    for home in (buyer("CH"), company("LI"), buyer("DE", "78266")):
        assert treat(home, seller("CH", "8001", ""), rates=swiss).rate == Decimal("8.1")


def test_the_rate_is_that_of_the_day_of_supply() -> None:
    rates = [treat(buyer("RO"), REGISTERED, on=day).rate for day in (date(2025, 7, 31), date(2025, 8, 31))]
    assert rates == [Decimal(19), Decimal(21)]


ELSEWHERE = ["GP", "GF", "MC", "RE", "CH", "GB", "US", "NC", "AX", "LI", "ES-CN", "IT-LIVIGNO", "DE-HELGOLAND", "PT-20", "GB-NIR"]
places = st.sampled_from([*sorted(EU), *ELSEWHERE]).map(known_place)
numbers = st.sampled_from(["", "DE136695976", "FR44732829320", "EL094259216", "XI123456789", "nonsense"])
sellers = st.builds(
    Seller, place=places, vat_number=numbers, franchise=st.booleans(), oss=st.sampled_from(["below_threshold", "registered"])
)
buyers = st.builds(Buyer, kind=st.sampled_from(["person", "company"]), place=places, vat_number=numbers)


@given(by=sellers, to=buyers, beyond=st.booleans(), on=st.dates(date(2025, 1, 1), date(2030, 1, 1)))
def test_no_combination_is_without_a_treatment_or_a_named_stop(by: Seller, to: Buyer, beyond: bool, on: date) -> None:
    try:
        treatment = treat(to, by, on=on, beyond=beyond)
    except Undecided as named:
        stop = str(named)
    else:
        stop = ""
    if stop:
        assert any(remedy in stop for remedy in ("enter ", "only bills at home", "set tax.oss"))
        return
    assert treatment.category in {"S", "AE", "E", "O"}
    # EN 16931 BR-S-10, BR-AE-10, BR-E-10, BR-O-10: a reason where there is no tax, and none where there is.
    assert (treatment.category == "S") == (treatment.reason_key == "") == bool(treatment.taxed_in) == bool(treatment.dated)
    assert (treatment.rate > 0) == (treatment.category == "S")
    if treatment.category == "AE":
        assert by.vat_number
        assert to.kind == "company"
        assert to.vat_number.startswith(to.place.vat_prefix)
    if treatment.counts:
        assert to.place.eu
        assert to.place.system != by.place.system
