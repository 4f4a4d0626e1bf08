"""Stripe's money against our books, to the cent: what nobody told is followed, fees and payouts are posted, the rest is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.db import Error, transaction
from django.utils import timezone

from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.verify import first_wrong
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.mail.models import Letter
from bonafide.payments.commands import payments
from bonafide.payments.models import Receipt
from bonafide.payments.stripe import follow, note_movements
from bonafide.payments.stripe.amounts import NotThere
from bonafide.payments.stripe.models import Attempt, Difference, Movement
from bonafide.payments.stripe.move import moved
from bonafide.payments.stripe.reconcile import Reconciled, reconcile
from bonafide.payments.take_back import take_back
from bonafide.payments.take_in import take_in
from tests.factories.accounts import make_user
from tests.factories.billing import make_rate
from tests.fakes.stripe import FakeStripe
from tests.fakes.stripe.balance import card_fee
from tests.payments.stripe.test_pay import at, owed, paid_on, press

pytestmark = pytest.mark.django_db(transaction=True)


def run(after: timedelta = timedelta()) -> Reconciled:
    return reconcile(operator=settings.OPERATOR, now=timezone.now() + after)


def paid_bill(fake: FakeStripe, *, method: str = "pm_card_visa") -> tuple[Invoice, Attempt]:
    bill = owed()
    attempt = press(bill, timezone.now())
    fake.controls.pay(attempt.session_id or "", method=method)
    return bill, attempt


def balance_of(account: str) -> int:
    rows = Posting.objects.values_list("debit", "credit", "amount_minor")
    return sum((debit == account) * minor - (credit == account) * minor for debit, credit, minor in rows)


def at_stripe(fake: FakeStripe) -> int:
    return sum(one.net for one in at(fake).v1.balance_transactions.list({"limit": 100}).auto_paging_iter())


def said() -> list[str]:
    return list(Difference.objects.filter(gone_at=None).values_list("said", flat=True))


def test_what_nobody_told_us_is_found_and_the_books_agree(fake: FakeStripe) -> None:
    bill, attempt = paid_bill(fake)
    assert run().differences == 0
    attempt.refresh_from_db()
    assert (attempt.state, paid_on(bill)) == ("succeeded", 1200)
    fake.controls.advance(hours=1)
    run()
    books = settings.OPERATOR.books
    assert (balance_of(books.clearing), balance_of(books.fees)) == (1200 - card_fee(1200), card_fee(1200))
    assert balance_of(books.clearing) == at_stripe(fake)
    before = Posting.objects.count(), Receipt.objects.count(), Movement.objects.count()
    run()
    assert (Posting.objects.count(), Receipt.objects.count(), Movement.objects.count()) == before
    assert first_wrong() is None


def test_a_payout_moves_money_to_the_bank_and_back_when_it_fails(fake: FakeStripe) -> None:
    paid_bill(fake)
    run()
    fake.controls.advance(days=7)
    payout = fake.controls.pay_out()
    assert run().differences == 0
    books = settings.OPERATOR.books
    assert (balance_of(books.bank), balance_of(books.clearing)) == (payout["amount"], 0)
    fake.controls.fail_payout(payout["id"])
    assert run().differences == 0
    assert (balance_of(books.bank), balance_of(books.clearing)) == (0, at_stripe(fake))
    assert first_wrong() is None


def test_a_payment_without_an_attempt_is_shown_once_and_gone_when_it_agrees(fake: FakeStripe) -> None:
    make_user(is_staff=True)
    owed()
    there = at(fake).v1.payment_intents.create(
        {"amount": 700, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "payment_method_types": ["card"]}
    )
    fake.controls.advance(hours=1)
    for _again in range(2):
        assert run().differences == 1
    assert said() == [f"{there.latest_charge}, of which we know nothing: Stripe has 7.00 EUR more than our books"]
    assert Letter.objects.filter(purpose="payment-difference").count() == 1
    answer = CliRunner().invoke(payments, ["reconcile"])
    assert (answer.exit_code, "7.00 EUR more" in answer.output) == (1, True)


def test_each_euro_that_differs_is_shown_and_goes_when_it_is_mended(fake: FakeStripe) -> None:
    """Booked twice by hand, under the means of the provider: the sum has less at Stripe."""
    bill, _attempt = paid_bill(fake)
    fake.controls.advance(hours=1)
    run()
    known: dict[str, Any] = {"operator": settings.OPERATOR, "now": timezone.now()}
    twice = take_in(
        account=bill.account,
        currency="EUR",
        amount_minor=500,
        received_on=timezone.now().date(),
        means="card",
        reference="by hand",
        bills=[],
        **known,
    )
    assert run().differences == 1
    assert said() == ["the sum of all movements: Stripe has 5.00 EUR less than our books"]
    take_back(receipt=twice, amount_minor=500, returned_on=timezone.now().date(), reference="mended", **known)
    assert run().differences == 0
    assert Difference.objects.get().gone_at is not None


def test_a_debit_on_its_way_is_no_difference_and_neither_is_one_that_failed(fake: FakeStripe) -> None:
    _bill, attempt = paid_bill(fake, method="DE89370400440532013000")
    fake.controls.advance(hours=1)
    assert run().differences == 0
    attempt.refresh_from_db()
    assert (attempt.state, Movement.objects.count()) == ("processing", 1)
    fake.controls.fail_debit(attempt.intent_id or "")
    assert run().differences == 0
    attempt.refresh_from_db()
    assert (attempt.state, balance_of(settings.OPERATOR.books.clearing)) == ("failed", at_stripe(fake))


def test_money_that_is_booked_and_never_moved_is_shown_after_a_day(fake: FakeStripe) -> None:
    _bill, attempt = paid_bill(fake)
    run()
    attempt.refresh_from_db()
    Attempt.objects.update(charge_id="ch_lost")
    assert _said_of("ch_lost") == []
    run(timedelta(hours=25))
    assert any(one.startswith("ch_lost: Stripe has 12.00 EUR less") for one in said())


def _said_of(name: str) -> list[str]:
    run()
    return [one for one in said() if one.startswith(f"{name}: ")]


def test_a_lost_attempt_is_given_up_and_an_open_page_is_looked_at(fake: FakeStripe) -> None:
    bill = owed()
    fake.controls.lose_request(path="/v1/checkout")
    with pytest.raises(Exception, match="no answer"):
        press(bill, timezone.now())
    run()
    assert Attempt.objects.get().state == "written"
    run(timedelta(minutes=11))
    assert Attempt.objects.get().state == "cancelled"


def test_a_lost_answer_is_found_among_the_customers_pages(fake: FakeStripe) -> None:
    bill = owed()
    fake.controls.lose_answer(path="/v1/checkout")
    with pytest.raises(Exception, match="no answer"):
        press(bill, timezone.now())
    run(timedelta(minutes=11))
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.url[:4]) == ("open", "http")


def test_movements_are_never_rewritten(fake: FakeStripe) -> None:
    paid_bill(fake)
    fake.controls.advance(hours=1)
    run()
    with pytest.raises(Error, match="stays as it was noted"), transaction.atomic():
        Movement.objects.update(amount_minor=1)


def test_yen_are_counted_as_stripe_counts_them(fake: FakeStripe) -> None:
    """A payment in a currency without decimals, taken in by what Stripe says was received."""
    bill = owed()
    intent = at(fake).v1.payment_intents.create(
        {"amount": 1500, "currency": "jpy", "payment_method": "pm_card_visa", "confirm": True, "payment_method_types": ["card"]}
    )
    now = timezone.now()
    values = {"account": bill.account, "currency": "JPY", "amount_minor": 1500, "begun_at": now, "moved_at": now}
    Attempt.objects.create(way="auto", intent_id=intent.id, state="open", **values)
    make_rate("JPY", "EUR", "0.0061", dated_on=now.date())
    fake.controls.advance(hours=1)
    assert run().differences == 0
    [receipt] = Receipt.objects.all()
    assert (receipt.currency, receipt.amount_minor, receipt.kept_minor) == ("JPY", 1500, 1500)


def test_one_thing_that_cannot_be_followed_or_counted_stops_no_other(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*, attempt_id: int, **known: Any) -> Attempt:
        if attempt_id == first.pk:
            raise KeyError("nobody thought of this")
        return moved(attempt_id=attempt_id, **known)

    _bill, first = paid_bill(fake)
    bill, second = paid_bill(fake)
    odd = at(fake).v1.balance_transactions.list().data[0]
    noted = note_movements._movement

    def counted(one: Any, now: datetime) -> Movement:
        if one.id == odd.id:
            raise NotThere("1 XTS is in no currency that we know")
        return noted(one, now)

    monkeypatch.setattr(note_movements, "_movement", counted)
    monkeypatch.setattr(follow, "moved", broken)
    fake.controls.advance(hours=1)
    found = run()
    assert Receipt.objects.get() == Attempt.objects.get(pk=second.pk).receipt
    assert paid_on(bill) == 1200
    assert any("a mistake of ours: KeyError" in fault for fault in found.faults)
    assert any(odd.id in fault and "XTS" in fault for fault in found.faults)
    assert found.movements == 1


@pytest.mark.parametrize(
    ("url", "key", "said"), [("http://127.0.0.1:1", "", "no answer"), ("", "sk_test_wrong", "does not take our key")]
)
def test_a_stripe_that_cannot_be_asked_is_said_in_one_line(
    fake: FakeStripe, settings: Any, url: str, key: str, said: str
) -> None:
    settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY = url or fake.url, key or fake.key
    with pytest.raises(Refused, match=said):
        run()
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(Refused, match="payment by Stripe is off"):
        run()
