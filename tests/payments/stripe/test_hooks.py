"""What Stripe tells: believed only when it is signed for us now, stored once, acknowledged at once, followed afterwards."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from bonafide.payments.models import Receipt
from bonafide.payments.stripe.empty_hooks import empty_hooks
from bonafide.payments.stripe.hooks import KEPT_AN_HOUR, LARGEST
from bonafide.payments.stripe.models import Attempt, Hook
from bonafide.payments.stripe.process import LEASE, TRIES, follow_hooks, try_again
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.conftest import SECRET
from tests.payments.stripe.test_pay import owed, paid_on, press

pytestmark = pytest.mark.django_db(transaction=True)


def event(name: str = "evt_1", kind: str = "payment_intent.succeeded", thing: str = "pi_1", **values: Any) -> bytes:
    made = {"id": name, "object": "event", "type": kind, "livemode": False, **values}
    return json.dumps({**made, "data": {"object": {"id": thing, "object": kind.rpartition(".")[0]}}}).encode()


def send(body: bytes, *, age: float = 0, secret: str = SECRET, signature: str | None = None) -> Any:
    at = int(time.time() - age)
    signed = stripe.WebhookSignature.generate_signature_header(body.decode(errors="replace"), secret, at)
    headers = {"Stripe-Signature": signed if signature is None else signature}
    return Client(enforce_csrf_checks=True).post("/stripe/events", body, content_type="application/json", headers=headers)


def follow_all(after: timedelta = timedelta()) -> Any:
    return follow_hooks(operator=settings.OPERATOR, now=timezone.now() + after)


def test_an_event_is_stored_once_and_one_task_waits(fake: FakeStripe) -> None:
    assert [send(event()).status_code for _again in range(3)] == [200, 200, 200]
    assert send(event("evt_2")).status_code == 200
    assert sorted(Hook.objects.values_list("event_id", "state", "thing")) == [
        ("evt_1", "waiting", "pi_1"),
        ("evt_2", "waiting", "pi_1"),
    ]
    assert DBTaskResult.objects.ready().count() == 1


def test_it_costs_an_insert_and_a_look_and_no_session(fake: FakeStripe) -> None:
    send(event("evt_0"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = send(event())
    texts = [one["sql"] for one in asked if one["sql"].split()[0] in ("SELECT", "INSERT", "UPDATE")]
    assert [text.split()[0] for text in texts] == ["INSERT", "SELECT"]
    assert "payments_stripe_hook" in texts[0]
    assert not answer.cookies


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"secret": "whsec_other"}, 400, "signature"),
        ({"signature": ""}, 400, "signature"),
        ({"signature": "t=nonsense,v1=00"}, 400, "signature"),
        ({"age": 301}, 400, "signature"),
        ({"age": -302}, 400, "of the future"),
        ({"body": b"{}"}, 400, "no event"),
        ({"body": event(account="acct_other")}, 403, "another account"),
        ({"body": event(livemode=True)}, 403, "other mode"),
        ({"body": b" " * (LARGEST + 1)}, 413, "too large"),
    ],
)
def test_what_is_not_signed_for_us_now_is_refused_in_one_line(
    fake: FakeStripe, given: dict[str, Any], status: int, said: str
) -> None:
    answer = send(**{"body": event(), **given})
    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert answer.content.decode().count("\n") == 1
    [hook] = Hook.objects.all()
    assert (hook.state, hook.kind, hook.thing, bytes(hook.body)) == ("refused", "", "", b"")
    assert follow_all() == (0, 0, 0)
    assert try_again(hooks=[hook.pk], now=timezone.now()) == 0


def test_two_timestamps_in_one_signature_do_not_bring_the_future_in(fake: FakeStripe) -> None:
    body, now = event(), int(time.time())
    good = stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET, now)
    assert send(body, signature=f"{good},t={now + 999}").status_code == 400


def test_strangers_cannot_fill_the_database(fake: FakeStripe) -> None:
    for number in range(KEPT_AN_HOUR + 5):
        assert send(event(f"evt_{number}"), secret="whsec_other").status_code == 400
    assert Hook.objects.count() == KEPT_AN_HOUR


def test_what_is_said_is_looked_at_and_not_believed(fake: FakeStripe) -> None:
    """An event says "paid" of a payment that is not."""
    bill = owed()
    attempt = press(bill)
    send(event("evt_1", "checkout.session.completed", attempt.session_id or ""))
    follow_all()
    attempt.refresh_from_db()
    assert (attempt.state, paid_on(bill), Hook.objects.get().said) == ("open", 0, "attempt open")


def test_events_that_come_twice_in_any_order_or_not_at_all_book_the_money_once(fake: FakeStripe, live_server: Any) -> None:
    """Through a real server: one of the events is dropped, the others come twice, the last one first."""
    bill = owed()
    attempt = press(bill)
    fake.controls.hooks_to(f"{live_server.url}/stripe/events", secret=SECRET)
    fake.controls.hold()
    fake.controls.drop("checkout.session.completed")
    fake.controls.duplicate(times=20)
    fake.controls.pay(attempt.session_id or "")
    fake.controls.release("reversed")
    fake.controls.wait()
    assert {one["status"] for one in fake.controls.deliveries()} == {200}
    kinds = sorted(Hook.objects.values_list("kind", flat=True))
    assert "payment_intent.succeeded" in kinds
    assert len(kinds) == len(set(kinds))
    follow_all()
    assert set(Hook.objects.values_list("state", flat=True)) == {"done"}
    assert (paid_on(bill), Receipt.objects.count()) == (1200, 1)


def test_one_that_was_taken_up_and_left_behind_is_taken_up_again(fake: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker is killed between the store and the end: nothing of it is lost, and nothing is done twice."""
    bill = owed()
    attempt = press(bill)
    fake.controls.pay(attempt.session_id or "")
    send(event("evt_1", "checkout.session.completed", attempt.session_id or ""))

    def die(**_values: Any) -> str:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("bonafide.payments.stripe.process.follow", die)
        with pytest.raises(SystemExit):
            follow_all()
    assert follow_all() == (0, 0, 0)
    assert follow_all(LEASE + timedelta(seconds=1)).done == 1
    assert paid_on(bill) == 1200


def test_a_stripe_that_does_not_answer_is_asked_later_and_at_last_shown_to_the_staff(fake: FakeStripe) -> None:
    send(event())
    fake.controls.fail_before(503, method="GET", times=99)
    waited = passed = timedelta()
    for number in range(1, TRIES + 1):
        follow_all(passed)
        hook = Hook.objects.get()
        assert (hook.tries, hook.state) == (number, "waiting" if number < TRIES else "refused")
        assert follow_all(passed) == (0, 0, 0)
        waited, passed = passed, hook.try_at - timezone.now() + timedelta(seconds=1)
    assert timedelta(hours=1) < waited < timedelta(hours=3)
    fake.controls.calm()
    assert try_again(hooks=[hook.pk], now=timezone.now()) == 1
    follow_all()
    hook.refresh_from_db()
    assert (hook.state, "resource_missing" in hook.said) == ("waiting", True)


def test_bodies_are_emptied_soon_and_rows_go(fake: FakeStripe) -> None:
    now = timezone.now()
    for days, state in ((2, "done"), (4, "done"), (4, "waiting"), (61, "done")):
        values = {"kind": "x", "body": b"{}", "state": state, "try_at": now}
        Hook.objects.create(event_id=f"{days} {state}", received_at=now - timedelta(days=days), **values)
    assert empty_hooks(now=now) == 2
    assert dict(Hook.objects.values_list("event_id", "body")) == {"2 done": b"{}", "4 done": b"", "4 waiting": b"{}"}


def test_nobody_is_heard_while_stripe_is_off() -> None:
    assert send(event()).status_code == 404
    assert not Hook.objects.exists()
    assert not Attempt.objects.exists()
