"""What moves between which accounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bonafide.billing.ledger import moves
from bonafide.billing.ledger.moves import Move, Standing
from bonafide.operator_books import Books

BOOKS = Books()
CENTS = st.integers(-10_000_000, 10_000_000)


def balances(moved: list[Move]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in moved:
        found[one.debit] = found.get(one.debit, 0) + one.amount_minor
        found[one.credit] = found.get(one.credit, 0) - one.amount_minor
    return {account: amount for account, amount in found.items() if amount}


@given(net=st.integers(-1_000_000, 1_000_000), parts=st.lists(st.integers(-500_000, 500_000), max_size=6))
def test_a_bill_that_is_settled_in_whatever_parts_leaves_no_cent_behind(net: int, parts: list[int]) -> None:
    tax = moves.share(net, 20, 100)
    total = net + tax
    done = moves.issued(books=BOOKS, vat=BOOKS.vat_pending, net_minor=net, tax_minor=tax, home_net=net, home_tax=tax)
    paid = 0
    for part in [*parts, total - sum(parts)]:
        standing = Standing(total, total, total, tax, tax, paid)
        done += moves.settled(books=BOOKS, money=BOOKS.bank, standing=standing, amount_minor=part)
        paid += part
    wanted = {BOOKS.bank: total, BOOKS.revenue: -net, BOOKS.vat_due: -tax}
    assert balances(done) == {account: amount for account, amount in wanted.items() if amount}
    assert all(one.amount_minor > 0 and one.home_minor == one.amount_minor for one in done)


def test_half_of_the_money_makes_half_of_the_vat_due_and_more_than_all_makes_no_more() -> None:
    standing = Standing(12000, 12000, 12000, 2000, 2000, 0)
    half = moves.settled(books=BOOKS, money=BOOKS.bank, standing=standing, amount_minor=6000)
    assert balances(half)[BOOKS.vat_due] == -1000
    over = moves.settled(books=BOOKS, money=BOOKS.bank, standing=standing, amount_minor=99000)
    assert balances(over) == {
        BOOKS.bank: 99000, BOOKS.receivable: -99000, BOOKS.vat_pending: 2000, BOOKS.vat_due: -2000
    }  # fmt: skip


def test_money_that_goes_back_makes_its_vat_wait_again() -> None:
    back = moves.settled(
        books=BOOKS, money=BOOKS.bank, standing=Standing(12000, 12000, 12000, 2000, 2000, 12000), amount_minor=-12000
    )
    assert balances(back)[BOOKS.vat_pending] == -2000


def test_vat_of_another_member_state_goes_to_its_own_account() -> None:
    def account(treatment: str, taxed_in: str, *, on_debits: bool) -> str:
        return moves.vat_account(books=BOOKS, treatment=treatment, taxed_in=taxed_in, on_debits=on_debits)

    assert account("destination", "DE", on_debits=False) == "445780DE"
    assert account("destination", "PT-20", on_debits=True) == "445780PT20"
    assert account("home", "FR", on_debits=False) == "445800"
    assert account("home", "RE", on_debits=True) == "445710"
