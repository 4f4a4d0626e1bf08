"""Whatever happens, in any order, however often, cut off anywhere: each bill is paid once and each euro is in the ledger once.

A state machine plays customers, Stripe, the bank and staff against the real code: pages paid and left, cards declined, debits
that settle or fail days later, refunds, disputes, credit notes, transfers, events that come twice, late, in any order or never.
Every step of ours may be cut off before any of its statements and before or after any of its requests, as by a kill. Afterwards
the hourly look sets everything right, and Stripe's balance, our receipts and the ledger come to the same.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import stripe
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client, override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bonafide.accounts.models import Account, User
from bonafide.billing.correct import CreditRefused, credit
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.outgoing import web_client
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.stripe.begin import begin
from bonafide.payments.stripe.charge.one import charge, take_up
from bonafide.payments.stripe.charge.which import bills_due
from bonafide.payments.stripe.client import client, reading
from bonafide.payments.stripe.customers import customer_of
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay, Difference, Method, Refund
from bonafide.payments.stripe.process import follow_hooks
from bonafide.payments.stripe.reconcile import reconcile
from bonafide.payments.stripe.refunds import refundable, resume_refunds, send_refund, write_refund
from bonafide.payments.transfers.import_statement import import_statement
from bonafide.periods import Month
from bonafide.pricing.models import Meter
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import issue, make_invoice, use
from tests.factories.billing import operator as operator_with
from tests.fakes.stripe import FakeStripe, serving
from tests.fakes.stripe.errors import StripeError
from tests.payments.transfers.test_read_statement import camt, detail, entry

# Who is killed leaves cursors open, of which psycopg complains once they are collected.
pytestmark = pytest.mark.filterwarnings("ignore:.*ServerSideCursor.*was deleted while still open:ResourceWarning")
SECRET = "whsec_of_the_machine"
CARDS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
MEANS = ("card", "sepa_debit")
BANK_ACCOUNT: Any = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "AT611904300234573201"},
    "billing_details": {"name": "Atelier Mira", "email": "mira@example.org"},
}


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_at(step: int | None) -> Iterator[None]:
    """Be killed at the ``step``-th thing that is done to the database or said over the network; None: live on.

    Of a request there are two moments: before it leaves, and after it was carried out, when its answer is lost.
    """
    left = [step]

    def count() -> None:
        if left[0] is not None:
            left[0] -= 1
            if left[0] < 0:
                left[0] = None
                raise Killed

    def statement(execute: Callable[..., Any], *given: Any) -> Any:
        if not given[0].startswith(("SAVEPOINT", "ROLLBACK", "RELEASE")):
            count()
        return execute(*given)

    send = web_client._Adapter.send

    def sending(adapter: Any, request: Any, **options: Any) -> Any:
        count()
        answer = send(adapter, request, **options)
        count()
        return answer

    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(statement):
        patch.setattr(web_client._Adapter, "send", sending)
        with suppress(Killed):
            yield


# A night's search: BONAFIDE_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("BONAFIDE_EXAMPLES", "10"))
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # shrinking what took minutes would take hours
steps = st.none() | st.integers(min_value=0, max_value=60)


class MoneyIn(RuleBasedStateMachine):
    """Two customers with two bills each; the second of them has chosen automatic payment."""

    @initialize()
    def begin_world(self) -> None:
        self.stack = ExitStack()
        self.fake: FakeStripe = self.stack.enter_context(serving())
        on = {"enabled": True, "account": self.fake.state.account, "methods": MEANS, "concurrency": 1}
        self.operator: Operator = operator_with(stripe=on, service={"trial": True})
        secrets = {"STRIPE_SECRET_KEY": self.fake.key, "STRIPE_API_URL": self.fake.url, "STRIPE_WEBHOOK_SECRET": SECRET}
        self.stack.enter_context(override_settings(OPERATOR=self.operator, **secrets))
        self.savepoint = transaction.savepoint()
        self.people: dict[int, User] = {}
        self.bills: list[Invoice] = []
        for _ in range(2):
            account = make_account()
            self.people[account.pk] = make_member(account=account)
            self.bills.append(make_invoice(account=account))
        self.bills += self._next_bills()
        self.refund_keys: list[Any] = []
        self.told: list[str] = []  # events that reached us, in their order
        self.statements: list[bytes] = []
        self.from_bank = 0
        self._save_a_card(self.bills[1].account)

    # --- Who does what ------------------------------------------------------------------------------------------------------
    @rule(which=st.integers(0, 3), cut=steps)
    def press_pay(self, which: int, cut: int | None) -> None:
        bill = self.bills[which]
        with killed_at(cut):
            self._may_be_refused(lambda: begin(invoice=bill, by=self.people[bill.account_id], **self._now()))

    @rule(which=st.integers(0, 9), card=st.sampled_from(CARDS), passed=st.booleans())
    def pay_on_the_page(self, which: int, card: str, passed: bool) -> None:
        pages = self._open_pages()
        if pages:
            with self._stripe_may_refuse():
                self.fake.controls.pay(pages[which % len(pages)], card, passed=passed)

    @rule(which=st.integers(0, 9))
    def pay_by_debit_on_the_page(self, which: int) -> None:
        pages = self._open_pages()
        if pages:
            iban, method = "AT611904300234573201", None
            with self._stripe_may_refuse(), reading():
                details: Any = {
                    "type": "sepa_debit",
                    "sepa_debit": {"iban": iban},
                    "billing_details": {"name": "A", "email": "a@b.example"},
                }
                method = client().v1.payment_methods.create(details).id
                self.fake.controls.pay(pages[which % len(pages)], method)

    @rule(cut=steps, lost=st.booleans())
    def charge_what_is_due(self, cut: int | None, lost: bool) -> None:
        if lost:
            self.fake.controls.lose_answer(path="/v1/payment_intents")
        with killed_at(cut):
            left = Attempt.objects.filter(way=Attempt.Way.AUTO, state=AttemptState.WRITTEN)
            for attempt in left.select_related("account", "invoice", "method"):
                take_up(attempt=attempt, **self._now())
            for one in bills_due(**self._now()):
                charge(due=one, **self._now())
        self.fake.controls.calm()

    @rule(reason=st.sampled_from(["insufficient_funds", "authentication"]))
    def the_next_card_is_declined(self, reason: str) -> None:
        self.fake.controls.decline_next(reason)

    @rule(which=st.integers(0, 9))
    def a_debit_fails(self, which: int) -> None:
        waiting = [one for one in self._things("payment_intent") if one["status"] == "processing"]
        if waiting:
            self.fake.controls.fail_debit(waiting[which % len(waiting)]["id"])

    @rule(days=st.sampled_from([1, 4, 8]))
    def days_go_by(self, days: int) -> None:
        self.fake.controls.advance(days=days)

    # --- What Stripe tells ----------------------------------------------------------------------------------------------------
    @rule(order=st.randoms(use_true_random=False), share=st.integers(1, 4), twice=st.booleans())
    def events_come(self, order: Any, share: int, twice: bool) -> None:
        events = self._things("event")
        chosen = [event for event in events if order.randrange(share) == 0]
        order.shuffle(chosen)
        for event in chosen * (2 if twice else 1):
            self._deliver(event)

    @rule(cut=steps)
    def events_are_followed(self, cut: int | None) -> None:
        with killed_at(cut):
            follow_hooks(**self._now())

    @rule(cut=steps)
    def look_at_stripe(self, cut: int | None) -> None:
        with killed_at(cut):
            self._may_be_refused(lambda: reconcile(**self._now()))

    # --- Staff and banks ------------------------------------------------------------------------------------------------------
    @rule(which=st.integers(0, 3), part=st.integers(1, 1000))
    def credit_a_bill(self, which: int, part: int) -> None:
        with suppress(CreditRefused):
            credit(invoice=self.bills[which], net_minor=part, reason="Agreed", key=str(uuid4()), **self._now())

    @rule(which=st.integers(0, 9), part=st.integers(1, 1500), cut=steps, lost=st.booleans())
    def refund(self, which: int, part: int, cut: int | None, lost: bool) -> None:
        notes = list(Invoice.objects.filter(correction__original__in=self.bills).order_by("pk"))
        if not notes:
            return
        note = notes[which % len(notes)]
        if lost:
            self.fake.controls.lose_answer(path="/v1/refunds")
        with killed_at(cut):
            for one in refundable(credit_note=note):
                amount = min(part, one.amount_minor)
                known = {"credit_note": note, "attempt": one.attempt, "amount_minor": amount, "by": None}
                written = write_refund(**known, key=uuid4(), now=self.now)
                send_refund(refund=written, **self._now())
        self.fake.controls.calm()

    @rule(which=st.integers(0, 9))
    def a_refund_comes_back(self, which: int) -> None:
        good = [one for one in self._things("refund") if one["status"] == "succeeded"]
        if good:
            with self._stripe_may_refuse():
                self.fake.controls.fail_refund(good[which % len(good)]["id"])

    @rule(which=st.integers(0, 9))
    def a_payment_is_disputed(self, which: int) -> None:
        paid = [
            one for one in self._things("charge") if one["status"] == "succeeded" and not one["disputed"] and not one["refunded"]
        ]
        if paid:
            with self._stripe_may_refuse():
                self.fake.controls.open_dispute(paid[which % len(paid)]["id"])

    @rule(which=st.integers(0, 9), won=st.booleans())
    def a_dispute_ends(self, which: int, won: bool) -> None:
        waiting = [one for one in self._things("dispute") if one["status"] not in ("won", "lost")]
        if waiting:
            with self._stripe_may_refuse():
                self.fake.controls.close_dispute(waiting[which % len(waiting)]["id"], won=won)

    @rule(which=st.integers(0, 3), minor=st.sampled_from([300, 1200, 1500]), cut=steps)
    def a_transfer_comes(self, which: int, minor: int, cut: int | None) -> None:
        number = len(self.statements)
        self.statements.append(self._statement(self.bills[which], minor, number))
        self.from_bank += minor
        self._import(number, cut)

    @rule(which=st.integers(0, 9), cut=steps)
    def a_statement_comes_again(self, which: int, cut: int | None) -> None:
        if self.statements:
            self._import(which % len(self.statements), cut)

    @rule(amount=st.booleans())
    def stripe_pays_out(self, amount: bool) -> None:
        with self._stripe_may_refuse():
            self.fake.controls.pay_out()

    # --- What holds at every moment -------------------------------------------------------------------------------------------
    @invariant()
    def no_bill_is_paid_twice(self) -> None:
        if not hasattr(self, "bills"):
            return
        for bill in self.bills:
            paid = bill.settlements.aggregate(sum=Sum("amount_minor"))["sum"] or 0
            assert paid <= bill.total_minor, f"bill {bill.number} of {bill.total_minor} is paid with {paid}"

    @invariant()
    def no_payment_is_booked_that_stripe_has_not(self) -> None:
        if not hasattr(self, "bills"):
            return
        taken = {one["id"]: one["amount_received"] for one in self._things("payment_intent") if one["status"] == "succeeded"}
        for receipt in Receipt.objects.filter(means__in=MEANS, reference__startswith="pi_"):
            assert receipt.amount_minor == taken.get(receipt.reference), f"{receipt.reference} is booked and is not at Stripe"

    @invariant()
    def the_ledger_has_each_receipt_once(self) -> None:
        if not hasattr(self, "bills"):
            return
        books = self.operator.books
        came = self._sum(Receipt.objects.filter(means__in=MEANS), "amount_minor")
        went = self._sum(Returned.objects.filter(receipt__means__in=MEANS), "amount_minor")
        assert self._on(books.clearing, settled_only=True) == came - went
        transfers = self._sum(Receipt.objects.filter(means="transfer"), "amount_minor")
        assert self._on(books.bank, settled_only=True) == transfers

    # --- At the end -------------------------------------------------------------------------------------------------------------
    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        try:
            self._set_right()
            self._all_is_equal()
        finally:
            transaction.savepoint_rollback(self.savepoint)
            self.stack.close()

    def _set_right(self) -> None:
        """Time goes by, nothing is cut off any more, and no further event comes."""
        self.fake.controls.calm()
        for _ in range(3):
            self.fake.controls.advance(days=10)
            resume_refunds(**self._now())
            for attempt in Attempt.objects.filter(way=Attempt.Way.AUTO, state=AttemptState.WRITTEN):
                take_up(attempt=attempt, **self._now())
            reconcile(**self._now())
        for number in range(len(self.statements)):
            self._import(number, None)

    def _all_is_equal(self) -> None:
        paid = {one["id"]: one["amount_received"] for one in self._things("payment_intent") if one["status"] == "succeeded"}
        booked = dict(
            Receipt.objects.filter(means__in=MEANS, reference__startswith="pi_").values_list("reference", "amount_minor")
        )
        assert booked == paid
        assert self._on(self.operator.books.clearing) == self._at_stripe()
        assert list(Difference.objects.filter(gone_at=None).values_list("said", flat=True)) == []
        assert not Attempt.objects.filter(state=AttemptState.PROCESSING).exists()
        assert not Refund.objects.filter(state=Refund.State.WRITTEN).exists()
        receipts = self._sum(Receipt.objects.filter(means="transfer"), "amount_minor")
        assert receipts <= self.from_bank
        self.no_bill_is_paid_twice()
        self.the_ledger_has_each_receipt_once()

    # --- Means ------------------------------------------------------------------------------------------------------------------
    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.fake.state.now(), UTC)

    def _now(self) -> dict[str, Any]:
        return {"operator": self.operator, "now": self.now}

    def _things(self, kind: str) -> list[dict[str, Any]]:
        with self.fake.state.lock:
            self.fake.state.run_due()
            return [dict(thing) for thing in self.fake.state.things[kind].values()]

    def _open_pages(self) -> list[str]:
        return [one["id"] for one in self._things("checkout.session") if one["status"] == "open"]

    def _at_stripe(self) -> int:
        """What Stripe holds for us: everything that moved there, less its fees."""
        return sum(one["net"] for one in self._things("balance_transaction"))

    def _on(self, account: str, *, settled_only: bool = False) -> int:
        rows = Posting.objects.filter(currency="EUR")
        if settled_only:
            rows = rows.filter(step__in=["settlement", "voucher", "refund"])
        debit = self._sum(rows.filter(debit=account), "amount_minor")
        return debit - self._sum(rows.filter(credit=account), "amount_minor")

    def _sum(self, rows: Any, column: str) -> int:
        return rows.aggregate(sum=Sum(column))["sum"] or 0

    def _deliver(self, event: dict[str, Any]) -> None:
        body = json.dumps(event)
        at = int(time.time())
        signed = stripe.WebhookSignature._compute_signature(f"{at}.{body}", SECRET)
        headers = {"Stripe-Signature": f"t={at},v1={signed}"}
        answer = Client().post("/stripe/events", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content

    def _may_be_refused(self, act: Callable[[], object]) -> None:
        with suppress(Refused):
            act()

    def _stripe_may_refuse(self) -> AbstractContextManager[None]:
        return suppress(stripe.StripeError, StripeError, LookupError)

    def _next_bills(self) -> list[Invoice]:
        for bill in self.bills:
            use(bill.account, Meter.objects.get(code=bill.lines.get().meter), "10", day=20241015)
        issue(month=Month(2024, 10), now=datetime(2024, 11, 1, 8, tzinfo=UTC))
        return list(Invoice.objects.filter(month=202410, account__in=self.people).order_by("account"))

    def _save_a_card(self, account: Account) -> None:
        """Saved at Stripe, and chosen for automatic payment."""
        customer = customer_of(account, self.now)
        with reading():
            card = client().v1.payment_methods.attach("pm_card_visa", {"customer": customer.stripe_id})
        known = {"kind": "card", "brand": "visa", "last4": "4242", "is_default": True, "saved_at": self.now}
        method = Method.objects.create(account=account, stripe_id=card.id, **known)
        AutoPay.objects.create(account=account, method=method, words="Each bill, on its due day.", agreed_at=self.now)

    def _statement(self, bill: Invoice, minor: int, number: int) -> bytes:
        wanted = detail(f"E-{number}", structured=bill.payment_reference)
        return camt(entry(f"{minor // 100}.{minor % 100:02}", wanted, ref=f"B{number + 1}"))

    def _import(self, number: int, cut: int | None) -> None:
        with killed_at(cut):
            import_statement(content=self.statements[number], name=f"{number}.xml", **self._now())


def play(examples: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    known = {"deadline": None, "suppress_health_check": quiet, "print_blob": True, "phases": PHASES, "database": None}
    run_state_machine_as_test(MoneyIn, settings=settings(max_examples=examples, stateful_step_count=30, **known))


@pytest.mark.django_db
def test_every_bill_is_paid_at_most_once_and_every_euro_is_booked_once() -> None:
    play(EXAMPLES)


def not_booked(*_given: Any, **_named: Any) -> list[Any]:
    """In the place of what books."""
    return []


BROKEN = {
    "money of a dispute is not booked": ("bonafide.payments.stripe.disputes._book", not_booked),
    "what Stripe keeps is not booked": ("bonafide.payments.stripe.note_movements._entries", not_booked),
    "a payment that was looked at is not booked": ("bonafide.payments.stripe.move._take", lambda *_given: None),
}


@pytest.mark.django_db
@pytest.mark.parametrize("broken", BROKEN)
def test_the_machine_sees_what_is_broken(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*BROKEN[broken])
    with pytest.raises(AssertionError):
        play(60)
