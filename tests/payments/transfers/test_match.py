"""A movement finds the bills that it pays, says why, and never pays more than is open."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.payments.transfers.match import Bills, Match, OpenBill, Why, same_name
from bonafide.payments.transfers.statement import BankLine


def bill(n: int, open_minor: int = 12_000, *, account: int = 1, name: str = "Atelier Vega SARL") -> OpenBill:
    number = f"F2026-{n:06d}"
    return OpenBill(
        n, number, f"RF{10 + n}F2026{n:06d}", account, f"C-7KQ2MNP{account}", (name,), "EUR", open_minor, date(2026, 11, n)
    )


def paid(amount: int, text: str = "", *, reference: str = "", name: str = "", currency: str = "EUR") -> BankLine:
    day = date(2026, 11, 5)
    return BankLine("FR76", day, day, amount, currency, reference=reference, text=text, name=name)


def shares(match: Match) -> list[tuple[int, int, Why]]:
    return [(share.bill.id, share.amount_minor, share.why) for share in match.shares]


@pytest.mark.parametrize(
    "text", ["RF11F2026000001", "Facture RF11 F202 6000 001, merci", "rf11-f2026000001.", "x/RF11F2026000001/y"]
)
def test_a_reference_is_found_however_it_is_written(text: str) -> None:
    match = Bills([bill(1), bill(2)]).match(paid(12_000, text))
    assert (shares(match), match.rest_minor, match.certain) == ([(1, 12_000, Why.REFERENCE)], 0, True)


@pytest.mark.parametrize("text", ["F2026-0000015", "XF2026-000001", "RF12F2026000001", "2026-000001", "1F2026000001"])
def test_what_only_looks_like_it_is_not_taken_for_it(text: str) -> None:
    assert not Bills([bill(1)]).match(paid(1, text)).shares


def test_a_part_is_taken_and_the_rest_is_the_customers() -> None:
    assert shares(Bills([bill(1)]).match(paid(5_000, reference="RF11F2026000001"))) == [(1, 5_000, Why.REFERENCE)]
    more = Bills([bill(1)]).match(paid(13_000, reference="RF11F2026000001"))
    assert (shares(more), more.rest_minor, more.account_id, more.certain) == ([(1, 12_000, Why.REFERENCE)], 1_000, 1, True)


def test_a_joint_payment_pays_the_bill_due_first_in_full() -> None:
    match = Bills([bill(2, 7_000), bill(1, 5_000)]).match(paid(8_000, "RF11F2026000001 and RF12F2026000002"))
    assert shares(match) == [(1, 5_000, Why.REFERENCE), (2, 3_000, Why.REFERENCE)]


def test_a_number_is_certain_only_with_exactly_what_is_open() -> None:
    assert Bills([bill(1)]).match(paid(12_000, "facture F2026-000001")).certain
    assert Bills([bill(1, 5_000), bill(2, 7_000)]).match(paid(12_000, "F2026-000001, F2026 000002")).certain
    less = Bills([bill(1)]).match(paid(11_999, "facture F2026-000001"))
    assert (shares(less), less.certain) == ([(1, 11_999, Why.NUMBER)], False)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (paid(12_000, "account C-7KQ2MNP1"), Why.ACCOUNT),
        (paid(12_000, "november", name="ATELIER VEGA"), Why.NAME),
        (paid(12_000, "november", name="Somebody Else"), Why.AMOUNT),
    ],
)
def test_without_either_it_is_a_guess_for_staff(line: BankLine, why: Why) -> None:
    match = Bills([bill(1), bill(2, 7_000)]).match(line)
    assert (shares(match), match.certain) == ([(1, 12_000, why)], False)


def test_two_bills_of_the_same_amount_are_no_guess_unless_the_name_tells() -> None:
    bills = [bill(1, account=1), bill(2, account=2, name="Κύμα Ναυτιλιακή Α.Ε.")]
    assert not Bills(bills).match(paid(12_000, "november")).shares
    assert shares(Bills(bills).match(paid(12_000, name="ΚΥΜΑ ΝΑΥΤΙΛΙΑΚΗ"))) == [(2, 12_000, Why.NAME)]


def test_another_currency_and_money_that_went_pay_nothing() -> None:
    bills = Bills([bill(1)])
    assert not bills.match(paid(12_000, reference="RF11F2026000001", currency="USD")).shares
    assert not bills.match(paid(-12_000, reference="RF11F2026000001")).shares


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Léa Martin", "MARTIN LEA", True),
        ("Hafen Software GmbH", "Hafen Software", True),
        ("Mme Martin", "Martin", True),
        ("GmbH", "Hafen GmbH", False),
        ("Martin", "Martinez", False),
        ("", "Martin", False),
    ],
)
def test_names(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same is same_name(other, one)


@given(
    opens=st.lists(st.integers(0, 500), min_size=1, max_size=5),
    payments=st.lists(st.tuples(st.integers(1, 900), st.sets(st.integers(1, 5))), max_size=6),
)
def test_no_bill_is_paid_more_than_it_has_open_and_no_cent_is_lost(
    opens: list[int], payments: list[tuple[int, set[int]]]
) -> None:
    bills = Bills([bill(n, minor) for n, minor in enumerate(opens, start=1)])
    taken: Counter[int] = Counter()
    for amount, named in payments:
        match = bills.match(paid(amount, " ".join(f"RF{10 + n}F2026{n:06d}" for n in sorted(named))))
        assert sum(share.amount_minor for share in match.shares) + match.rest_minor == amount
        assert match.rest_minor >= 0
        if match.certain:
            for share in match.shares:
                assert share.amount_minor > 0
                taken[share.bill.id] += share.amount_minor
    assert all(taken[n] <= minor for n, minor in enumerate(opens, start=1))
