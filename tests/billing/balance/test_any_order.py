"""Whatever is granted, billed, paid, taken back and over, in whatever order: every unit is in exactly one place."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Q, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bonafide.accounts.models import Account
from bonafide.billing.balance.expire import expire_grants
from bonafide.billing.balance.grant import GrantRefused, withdraw
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, Taken
from bonafide.billing.correct import CreditRefused, credit
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.billing.verify import Verified, verify_books
from bonafide.periods import Month
from tests.billing.balance.grants import make_charge, make_grant, make_payer
from tests.factories.billing import issue, operator

FIRST = Month(2024, 9)
kinds = st.sampled_from(["voucher", "credit", "prepaid"])
amounts = st.integers(1, 30_000)
STEPS = st.one_of(
    st.tuples(st.just("grant"), st.integers(0, 1), kinds, amounts, st.one_of(st.none(), st.integers(0, 70))),
    st.tuples(st.just("charge"), st.integers(0, 1), st.integers(1, 5_000)),
    st.tuples(st.just("bill")),
    st.tuples(st.just("pay"), st.integers(0, 9)),
    st.tuples(st.just("credit"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 9_000))),
    st.tuples(st.just("withdraw"), st.integers(0, 9)),
    st.tuples(st.just("expire")),
)


class _World:
    """Two accounts and a clock that goes on ten days a step."""

    def __init__(self) -> None:
        self.accounts: list[Account] = [make_payer("100", "7.77"), make_payer("33.33")]
        self.now, self.month, self.serial = datetime(2024, 9, 2, 12, tzinfo=UTC), FIRST, 0
        self.came, self.paid_back = Counter[str](), Counter[str]()

    def go(self, step: tuple[Any, ...]) -> None:
        self.serial += 1
        self.now += timedelta(days=10)
        getattr(self, f"do_{step[0]}")(*step[1:])

    def do_grant(self, account: int, kind: str, minor: int, days: int | None) -> None:
        until: date | None = None if days is None else self.now.date() + timedelta(days=days)
        try:
            made = make_grant(self.accounts[account], kind, minor, now=self.now, expires_on=until)
        except GrantRefused:  # no month ends within those days
            return
        self.came[made.kind] += minor

    def do_charge(self, account: int, minor: int) -> None:
        make_charge(self.accounts[account], f"{minor / 100:.2f}", charged_on=self.now.date(), now=self.now)

    def do_bill(self) -> None:
        while self.month.end(operator().zone) <= self.now:
            issue(month=self.month, now=self.now)
            self.month = self.month.next()

    def do_pay(self, at: int) -> None:
        for bill in self._bill(at):
            if bill.open_minor > 0:
                values = {"received_on": self.now.date(), "means": "transfer", "reference": f"P-{self.serial}"}
                settle(invoice=bill, amount_minor=bill.open_minor, **values)

    def do_credit(self, at: int, minor: int | None) -> None:
        for bill in self._bill(at):
            try:
                credit(invoice=bill, net_minor=minor, reason="x", key=f"C-{self.serial}", operator=operator(), now=self.now)
            except CreditRefused:
                return

    def do_withdraw(self, at: int) -> None:
        for grant in Grant.objects.order_by("pk")[at : at + 1]:
            money = {"means": "transfer", "reference": f"W-{self.serial}"} if grant.kind == "prepaid" else {}
            try:
                withdraw(grant=grant, reason="x", operator=operator(), now=self.now, **money)
            except GrantRefused:
                return

    def do_expire(self) -> None:
        expire_grants(operator=operator(), now=self.now)

    def _bill(self, at: int) -> list[Any]:
        return list(Invoice.objects.with_state(self.now.date()).filter(kind="380").order_by("pk")[at : at + 1])


class TestAnyOrder(TestCase):  # type: ignore[misc]
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, min_size=4, max_size=14))
    def test_every_unit_is_in_one_place_and_the_books_hold(self, steps: list[tuple[Any, ...]]) -> None:
        world = _World()
        for step in steps:
            world.go(step)
        world.now += timedelta(days=40)
        world.do_bill()

        for grant in with_left(Grant.objects.all()):
            assert 0 <= grant.left_minor <= grant.amount_minor
        for bill in Invoice.objects.filter(kind="380"):
            assert bill.total_minor >= 0
            assert 0 <= (bill.prepaid_minor or 0) <= bill.total_minor
        prepaid = Grant.objects.filter(kind="prepaid")
        taken = Taken.objects.filter(grant__kind="prepaid")
        by_kind = {kind: taken.filter(kind=kind).aggregate(sum=Sum("amount_minor", default=0))["sum"] for kind in Taken.Kind}
        returned = prepaid.filter(document__isnull=False).aggregate(sum=Sum("amount_minor", default=0))["sum"]
        left = sum(grant.left_minor for grant in with_left(prepaid))
        used = by_kind[Taken.Kind.USE] - returned
        assert world.came["prepaid"] == left + used + by_kind[Taken.Kind.EXPIRY] + by_kind[Taken.Kind.WITHDRAWAL]
        books = operator().books
        balance = Posting.objects.aggregate(
            debit=Sum("amount_minor", filter=Q(debit=books.prepaid), default=0),
            credit=Sum("amount_minor", filter=Q(credit=books.prepaid), default=0),
        )
        assert balance["credit"] - balance["debit"] == left
        assert used == sum(
            bill.settlements.filter(means="balance").aggregate(sum=Sum("amount_minor", default=0))["sum"]
            for bill in Invoice.objects.filter(kind="380")
        )
        found = verify_books()
        assert isinstance(found, Verified), found
