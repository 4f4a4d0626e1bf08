"""Bills are charged by themselves: when they are due, once, and what is declined is told."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.core import mail as outbox
from django.db import connection

from bonafide.accounts.models import Account
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.models import Invoice, Settlement
from bonafide.mail.models import Letter
from bonafide.mail.outbox import send_due
from bonafide.payments.models import Receipt
from bonafide.payments.stripe.amounts import NotThere
from bonafide.payments.stripe.auto import end_auto_pay
from bonafide.payments.stripe.charge import due
from bonafide.payments.stripe.charge import one as charge_one
from bonafide.payments.stripe.charge.commands import charge as charge_command
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.charge.one import Outcome
from bonafide.payments.stripe.charge.when import charged_on
from bonafide.payments.stripe.charge.which import bills_due
from bonafide.payments.stripe.methods.change import remove_method
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay
from tests.factories.billing import make_invoice
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.charging import DUE, IBAN, SAVED, agree, at_stripe, automatic, make_payer, save

pytestmark = pytest.mark.django_db(transaction=True)


def run(settings: Any, now: datetime = DUE) -> Counter[Outcome]:
    return charge_due(operator=settings.OPERATOR, now=now)


def letters(purpose: str = "payment-declined") -> int:
    return Letter.objects.filter(purpose=purpose).count()


def test_a_bill_is_charged_on_the_day_when_it_is_due_and_not_before(fake: FakeStripe, settings: Any) -> None:
    bill, method = automatic(fake)
    due_on = datetime(*bill.due_on.timetuple()[:3], 9, tzinfo=UTC)
    assert run(settings, due_on - timedelta(days=1)) == {}
    assert run(settings, due_on) == {Outcome.PAID: 1}
    [attempt] = Attempt.objects.filter(invoice=bill)
    assert (attempt.state, attempt.method, attempt.amount_minor) == (AttemptState.SUCCEEDED, method, bill.total_minor)
    [settled] = Settlement.objects.filter(invoice=bill)
    assert (settled.amount_minor, settled.means, settled.reference) == (bill.total_minor, "card", attempt.intent_id)
    assert run(settings, due_on) == {}
    assert len(at_stripe(fake).v1.charges.list().data) == 1


def test_a_bill_says_on_which_day_it_is_charged(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)

    def told(now: datetime = DUE) -> object:
        return charged_on(invoice=bill, operator=settings.OPERATOR, now=now)

    assert told(SAVED) == bill.due_on
    assert told() == DUE.date()
    fake.controls.decline_next("insufficient_funds")
    run(settings)
    again = DUE + timedelta(days=3)
    assert told() == again.date()
    assert told(again + timedelta(days=5)) == (again + timedelta(days=5)).date()
    fake.controls.decline_next("stolen_card")
    run(settings, again)
    assert told(again) is None
    other, method = automatic(fake)
    end_auto_pay(account=method.account, by=None, operator=settings.OPERATOR, now=DUE)
    assert charged_on(invoice=other, operator=settings.OPERATOR, now=DUE) is None


def test_nothing_is_charged_without_consent(fake: FakeStripe, settings: Any) -> None:
    account, by = make_payer()
    method = save(fake, account, by)
    make_invoice(account=account)
    assert run(settings) == {}
    agree(method, by, DUE)
    assert len(bills_due(operator=settings.OPERATOR, now=DUE)) == 1
    end_auto_pay(account=account, by=by, operator=settings.OPERATOR, now=DUE)
    assert run(settings) == {}
    assert not Attempt.objects.filter(way="auto").exists()


def test_a_debit_keeps_its_notice_and_is_paid_when_the_bank_paid(fake: FakeStripe, settings: Any) -> None:
    settings.OPERATOR = settings.OPERATOR.model_copy(
        update={"stripe": settings.OPERATOR.stripe.model_copy(update={"debit_notice_days": 14})}
    )
    account, by = make_payer()
    method = save(fake, account, by, IBAN)
    bill = make_invoice(account=account)
    agree(method, by, DUE)  # late: the notice begins with the consent
    assert run(settings, DUE + timedelta(days=13)) == {}
    assert run(settings, DUE + timedelta(days=14)) == {Outcome.ON_ITS_WAY: 1}
    attempt = Attempt.objects.get(invoice=bill)
    assert attempt.state == AttemptState.PROCESSING
    assert not Receipt.objects.exists()
    assert run(settings, DUE + timedelta(days=15)) == {}


def test_the_bank_asks_for_the_person_who_gets_a_letter_and_is_not_tried_again(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    fake.controls.authenticate_next()
    assert run(settings) == {Outcome.DECLINED: 1}
    attempt = Attempt.objects.get(invoice=bill)
    assert (attempt.state, attempt.code) == (AttemptState.FAILED, "authentication_required")
    [intent] = at_stripe(fake).v1.payment_intents.list().data
    assert intent.status == "canceled"
    assert letters() == 1
    assert run(settings, DUE + timedelta(days=30)) == {}


def test_a_decline_is_tried_again_on_its_days_with_a_letter_each_time(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    fake.controls.decline_next("insufficient_funds", times=3)
    came = []
    for day in range(12):
        now = DUE + timedelta(days=day)
        if run(settings, now)[Outcome.DECLINED]:
            came.append((day, letters()))
        run(settings, now + timedelta(minutes=10))
    assert came == [(0, 1), (3, 2), (7, 3)]
    assert letters() == 3
    assert set(Attempt.objects.filter(invoice=bill).values_list("code", flat=True)) == {"insufficient_funds"}


def test_a_letter_says_what_happened_and_what_is_next_but_nothing_of_the_banks(fake: FakeStripe, settings: Any) -> None:
    bill, method = automatic(fake)
    fake.controls.decline_next("insufficient_funds")
    run(settings)
    text = sent(Letter.objects.get(purpose="payment-declined"))
    assert "There was not enough money" in text
    assert "3 November" in text
    assert f"/bills/{bill.number}/pay" in text
    assert "/payment-methods" in text
    assert "Your card" not in text
    assert "insufficient" not in text
    assert method.last4 in text


def sent(letter: Letter) -> str:
    """The text of a letter in the outbox."""
    outbox.outbox = []
    send_due(now=letter.at + timedelta(minutes=1), limit=10)
    return "\n".join(str(message.body) for message in outbox.outbox)


def test_a_lost_card_is_not_tried_again_until_another_is_agreed_to(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    fake.controls.decline_next("lost_card")
    run(settings)
    assert run(settings, DUE + timedelta(days=3)) == {}
    other = save(fake, bill.account, None, "pm_card_mastercard")
    agree(other, now=DUE + timedelta(days=4))
    assert run(settings, DUE + timedelta(days=4)) == {Outcome.PAID: 1}


def test_what_ended_between_looking_and_charging_is_not_charged(fake: FakeStripe, settings: Any) -> None:
    from bonafide.payments.stripe.charge.one import charge

    bill, method = automatic(fake)
    [seen] = bills_due(operator=settings.OPERATOR, now=DUE)
    remove_method(method=method, by=None, operator=settings.OPERATOR, now=DUE)
    assert charge(due=seen, operator=settings.OPERATOR, now=DUE) == Outcome.LEFT
    assert not Attempt.objects.filter(invoice=bill).exists()
    assert AutoPay.objects.get().ended_at == DUE


@pytest.mark.parametrize("fault", ["lose_answer", "fail_after", "lose_request", "fail_before"])
def test_a_lost_answer_is_asked_for_again_and_charged_once(fake: FakeStripe, settings: Any, fault: str) -> None:
    bill, _method = automatic(fake)
    getattr(fake.controls, fault)(path="/v1/payment_intents")
    assert run(settings) == {Outcome.UNANSWERED: 1}
    attempt = Attempt.objects.get(invoice=bill)
    assert attempt.state == AttemptState.WRITTEN
    assert run(settings, DUE + timedelta(minutes=10)) == {Outcome.PAID: 1}
    assert Attempt.objects.get(invoice=bill) == attempt
    assert len(at_stripe(fake).v1.charges.list().data) == 1
    assert sum(Settlement.objects.filter(invoice=bill).values_list("amount_minor", flat=True)) == bill.total_minor


def test_what_stripe_never_got_is_given_up_when_it_is_not_wanted_any_more(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    fake.controls.lose_request(path="/v1/payment_intents")
    run(settings)
    end_auto_pay(account=bill.account, by=None, operator=settings.OPERATOR, now=DUE)
    assert run(settings, DUE + timedelta(minutes=5)) == {Outcome.UNANSWERED: 1}
    assert run(settings, DUE + timedelta(minutes=11)) == {Outcome.LEFT: 1}
    assert Attempt.objects.get(invoice=bill).state == AttemptState.CANCELLED
    assert at_stripe(fake).v1.payment_intents.list().data == []


def test_two_schedules_at_once_charge_each_bill_once(fake: FakeStripe, settings: Any) -> None:
    bills = [automatic(fake)[0] for _ in range(6)]
    fake.controls.slow(0.05)
    counts: Counter[Outcome] = Counter()

    def schedule() -> None:
        try:
            counts.update(run(settings))
        finally:
            connection.close()

    threads = [threading.Thread(target=schedule) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts[Outcome.PAID] == 6
    assert counts[Outcome.BROKEN] == 0
    assert len(at_stripe(fake).v1.charges.list().data) == 6
    assert Receipt.objects.count() == len(bills)


def test_a_page_of_stripes_that_is_open_is_waited_for(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    known = {"account": bill.account, "currency": "EUR", "amount_minor": bill.total_minor, "begun_at": SAVED, "moved_at": SAVED}
    page = Attempt.objects.create(way="checkout", invoice=bill, state=AttemptState.OPEN, **known)
    assert run(settings) == {}
    Attempt.objects.filter(pk=page.pk).update(state=AttemptState.CANCELLED)
    assert run(settings) == {Outcome.PAID: 1}


def test_what_breaks_for_one_bill_leaves_the_others(fake: FakeStripe, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, good = automatic(fake)[0], automatic(fake)[0]
    real = due.ask

    def break_off(**given: Any) -> Any:
        if given["attempt"].invoice == broken:
            raise RuntimeError("broken")
        return real(**given)

    monkeypatch.setattr(due, "ask", break_off)
    assert run(settings) == {Outcome.BROKEN: 1, Outcome.PAID: 1}
    assert Settlement.objects.filter(invoice=good).exists()
    monkeypatch.undo()
    assert run(settings, DUE + timedelta(minutes=10)) == {Outcome.PAID: 1}


def test_the_command_says_what_it_would_charge_and_then_charges_it(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    asked = CliRunner().invoke(charge_command, ["--dry-run"])
    assert (bill.number or "") in asked.output
    assert "1 would be charged, 12.00 EUR" in asked.output
    assert not Attempt.objects.filter(way="auto").exists()
    done = CliRunner().invoke(charge_command)
    assert (done.output.strip(), done.exit_code) == ("1 paid", 0)
    automatic(fake)
    fake.controls.decline_next()
    assert CliRunner().invoke(charge_command).output.strip() == "1 declined"
    assert CliRunner().invoke(charge_command).output.strip() == "nothing is due"
    automatic(fake)
    fake.controls.fail_before(status=503, path="/v1/payment_intents")
    assert CliRunner().invoke(charge_command).exit_code == 1


def replaced(bill: Invoice, name: str, settings: Any, now: datetime) -> Invoice:
    Account.objects.filter(pk=bill.account_id).update(name=name)
    return rectify(invoice=bill, reason="Wrong name", key=name, operator=settings.OPERATOR, now=now)


def test_a_debit_of_a_bill_that_was_replaced_meanwhile_is_not_asked_for_again(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake, IBAN)
    later = DUE + timedelta(days=30)
    assert run(settings, later) == {Outcome.ON_ITS_WAY: 1}
    instead = replaced(bill, "Atelier Vega", settings, later)
    assert run(settings, later + timedelta(days=60)) == {}
    again = replaced(instead, "Atelier Altair", settings, later)
    assert run(settings, later + timedelta(days=60)) == {}
    assert not Attempt.objects.filter(invoice=again).exists()


def test_what_stripe_never_got_is_not_asked_for_once_its_bill_was_replaced(fake: FakeStripe, settings: Any) -> None:
    bill, _method = automatic(fake)
    fake.controls.lose_request(path="/v1/payment_intents")
    assert run(settings) == {Outcome.UNANSWERED: 1}
    replaced(bill, "Atelier Vega", settings, DUE)
    assert run(settings, DUE + timedelta(minutes=11)) == {Outcome.LEFT: 1}
    assert Attempt.objects.get(way="auto", invoice=bill).state == AttemptState.CANCELLED


def test_an_amount_that_is_too_fine_for_stripe_is_given_up_and_can_be_paid_otherwise(
    fake: FakeStripe, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_fine(*, minor: int, currency: str) -> int:
        raise NotThere(f"{minor} {currency}")

    bill, _method = automatic(fake)
    monkeypatch.setattr(charge_one, "at_stripe", too_fine)
    assert run(settings) == {Outcome.DECLINED: 1}
    assert Attempt.objects.get(invoice=bill).state == AttemptState.FAILED
    assert run(settings, DUE + timedelta(days=8)) == {}
    assert letters() == 1
