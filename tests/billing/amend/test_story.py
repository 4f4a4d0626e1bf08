"""Bills live through anything in any order; what the database and the books say is what a slow, plain model says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bonafide.billing.amend.changes import LineChange
from bonafide.billing.amend.give_up import give_up, lost_of
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.amend.taken_back import LineAsked
from bonafide.billing.correct import credit
from bonafide.billing.ledger.fec import COLUMNS, lines_of_year
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice, State
from bonafide.billing.settle import settle
from bonafide.billing.verify import Verified, verify_books
from bonafide.errors import Refused
from tests.billing.amend.bills import balances, make_mixed, with_sorts

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 11, 5, 8, tzinfo=UTC)
TODAY = date(2024, 11, 5)


def part(whole: int, of: int, total: int) -> int:
    """``whole * of / total``, half away from zero."""
    if not total:
        return 0
    exact = Fraction(whole * of, total)
    rounded = int(abs(exact) + Fraction(1, 2))
    return rounded if exact >= 0 else -rounded


@dataclass
class Plain:
    """One bill as anybody would keep it on paper."""

    invoice: Invoice
    paid: int = 0
    lost: int = 0
    notes: list[Invoice] = field(default_factory=list)
    replaced: bool = False

    @property
    def total(self) -> int:
        return self.invoice.total_minor - sum(note.total_minor for note in self.notes)

    @property
    def net(self) -> int:
        return self.invoice.net_minor - sum(note.net_minor for note in self.notes)

    @property
    def open(self) -> int:
        return 0 if self.replaced else self.total - self.paid

    def no_more_lost_than_unpaid(self) -> None:
        self.lost = min(self.lost, max(self.open, 0))

    def books(self) -> Counter[str]:
        """What it has in the books by now."""
        if self.replaced:
            return Counter()
        tax = self.total - self.net
        due = part(tax, min(max(self.paid, 0), self.total), self.total)
        gone = tax - part(tax, self.total - self.lost, self.total)
        return Counter(
            {
                "411000": self.open - self.lost,
                "706000": -self.net,
                "445710": -due,
                "445800": -(tax - due - gone),
                "654000": self.lost - gone,
            }
        )


class Story:
    """The steps, done for real and on paper."""

    def __init__(self, *, gross: bool) -> None:
        self.bills = [Plain(make_mixed(gross=gross))]
        self.money = 0
        self.count = 0

    def key(self) -> str:
        self.count += 1
        return f"k-{self.count}"

    def pay(self, bill: Plain, amount: int) -> None:
        settle(invoice=bill.invoice, amount_minor=amount, received_on=TODAY, means="transfer", reference=self.key(), now=NOW)
        bill.paid += amount
        self.money += amount
        bill.no_more_lost_than_unpaid()

    def take_back(self, bill: Plain, amount: int | None, lines: tuple[LineAsked, ...] = ()) -> None:
        note = credit(
            invoice=bill.invoice, net_minor=amount, lines=lines, reason="r", key=self.key(), operator=with_sorts(), now=NOW
        )
        bill.notes.append(note)
        bill.no_more_lost_than_unpaid()

    def lose(self, bill: Plain, amount: int | None) -> None:
        give_up(invoice=bill.invoice, amount_minor=amount, reason="r", key=self.key(), operator=with_sorts(), now=NOW)
        bill.lost += max(bill.open, 0) - bill.lost if amount is None else amount

    def replace(self, bill: Plain, price: str) -> None:
        made = rectify(
            invoice=bill.invoice,
            reason="r",
            key=self.key(),
            operator=with_sorts(),
            now=NOW,
            changes={2: LineChange(unit_price=price, text=f"Step {self.count}")},
        )
        bill.replaced, bill.lost = True, 0
        self.bills.append(Plain(made, paid=bill.paid))

    def do(self, step: tuple[str, int, Any]) -> None:
        what, which, with_what = step
        bill = self.bills[-1 - which % len(self.bills)]
        before = Posting.objects.count()
        try:
            with transaction.atomic():
                getattr(self, what)(bill, *with_what)
            done = True
        except Refused:
            done = False
            assert Posting.objects.count() == before
        if what == "pay":
            assert done != bill.replaced
        elif what != "replace":
            assert not (done and bill.replaced)

    def agree(self) -> None:
        expected = Counter({"512000": self.money})
        for bill in self.bills:
            found = Invoice.objects.with_state(TODAY, losses=True).get(pk=bill.invoice.pk)
            assert (found.open_minor, lost_of(found)) == (bill.open, bill.lost)  # type: ignore[attr-defined]
            assert (found.state == State.REPLACED) == bill.replaced  # type: ignore[attr-defined]
            uncollectible = bill.lost > 0 and bill.open == bill.lost
            assert (found.state == State.UNCOLLECTIBLE) == uncollectible  # type: ignore[attr-defined]
            of_it = balances(invoice__in=[bill.invoice, *bill.notes])
            assert of_it.get("411000", 0) == bill.books()["411000"]
            expected.update(bill.books())
        assert balances() == {account: minor for account, minor in expected.items() if minor}
        assert isinstance(verify_books(), Verified), verify_books()
        assert fec() == balances()


def fec() -> dict[str, int]:
    """What each account of the exported file stands at; each of its entries balances."""
    header, *lines = lines_of_year(year=2024, operator=with_sorts())
    assert header.split("|")[0] == COLUMNS[0]
    stands, entries = Counter[str](), Counter[str]()
    for line in lines:
        row = dict(zip(COLUMNS, line.rstrip("\r\n").split("|"), strict=True))
        minor = int(row["Debit"].replace(",", "")) - int(row["Credit"].replace(",", ""))
        stands[row["CompteNum"]] += minor
        entries[row["EcritureNum"]] += minor
    assert not any(entries.values())
    return {account: minor for account, minor in stands.items() if minor}


AMOUNT = st.integers(1, 3000)
LINE = st.tuples(st.integers(1, 4), st.one_of(st.none(), st.integers(1, 900))).map(lambda drawn: LineAsked(*drawn))
WITH_WHAT: dict[str, st.SearchStrategy[tuple[Any, ...]]] = {
    "pay": st.tuples(st.one_of(AMOUNT, st.integers(-1500, -1))),
    "take_back": st.one_of(st.tuples(st.one_of(AMOUNT, st.none())), st.tuples(st.none(), st.lists(LINE, max_size=3).map(tuple))),
    "lose": st.tuples(st.one_of(AMOUNT, st.none())),
    "replace": st.tuples(st.sampled_from(["1.07", "0.50", "3", "20"])),
}
WHICH = st.sampled_from([0, 0, 0, 1])
STEP = st.sampled_from(sorted(WITH_WHAT)).flatmap(lambda what: st.tuples(st.just(what), WHICH, WITH_WHAT[what]))


@given(gross=st.booleans(), steps=st.lists(STEP, min_size=1, max_size=9))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_whatever_becomes_of_a_bill_everything_agrees(gross: bool, steps: list[tuple[str, int, Any]]) -> None:
    with transaction.atomic():
        story = Story(gross=gross)
        for step in steps:
            story.do(step)
            story.agree()
        transaction.set_rollback(True)
