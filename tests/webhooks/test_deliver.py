"""Events reach the operator's service: signed, at least once, tried again and given up; a dead endpoint holds up nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from standardwebhooks import WebhookVerificationError

from bonafide.mail.models import Letter
from bonafide.outgoing.models import PassedOn
from bonafide.webhooks import deliver
from bonafide.webhooks.deliver import Turn, take_turn
from bonafide.webhooks.emit import Told, emit, emit_many
from bonafide.webhooks.endpoints import endpoint_named
from bonafide.webhooks.kinds import UndeclaredKind
from bonafide.webhooks.models import Delivery, Endpoint, Event
from bonafide.webhooks.replay import replay_since, send_test, switch_on
from tests.factories.accounts import make_account, make_user
from tests.factories.outgoing import operator_with, processor
from tests.fakes.receiver import NEW_SECRET, SECRET, Receiver
from tests.webhooks.conftest import NOW

pytestmark = pytest.mark.django_db

Listens = Callable[..., Receiver]


def tell(key: str = "1", account: Any = None, **values: Any) -> Event:
    account = account or make_account()
    known = {"kind": "account.closed", "key": f"account.closed {key}", "data": {"account": account.reference}, "now": NOW}
    emit(**{**known, "account_id": account.pk, **values})
    return Event.objects.get(key=f"account.closed {key}")


def turn(code: str = "service", *, now: datetime = NOW, limit: int = 20, **values: Any) -> Turn:
    return take_turn(endpoint=endpoint_named(code), now=now, limit=limit, **values)


def test_it_arrives_signed_over_what_was_sent(listens: Listens) -> None:
    receiver = listens()
    event = tell()
    assert turn().delivered == 1
    assert receiver.taken == [{"type": "account.closed", "timestamp": event.at.isoformat(), "data": event.data}]
    assert receiver.ids() == [event.message_id]
    assert (Delivery.objects.get().state, Delivery.objects.get().answer) == ("delivered", "204 No Content")
    assert (turn().found, len(receiver.got)) == (0, 1)


def test_what_somebody_changed_on_the_way_is_seen(listens: Listens) -> None:
    receiver = listens()
    tell()
    turn()
    assert receiver.verify(0)
    headers, body = receiver.got[0]
    receiver.got.append((headers, body.replace(b"account.closed", b"account.opened")))
    with pytest.raises(WebhookVerificationError, match="No matching"):
        receiver.verify(1)
    with pytest.raises(WebhookVerificationError, match="No matching"):
        receiver.verify(0, **{"webhook-id": "evt_other"})
    with pytest.raises(WebhookVerificationError, match="too old"):
        receiver.verify(0, **{"webhook-timestamp": str(int((NOW - timedelta(minutes=6)).timestamp()))})


def test_both_secrets_sign_while_one_is_changed(listens: Listens, settings: Any) -> None:
    receiver = listens()
    settings.WEBHOOK_SECRETS = {"service": f"{NEW_SECRET} {SECRET}"}
    tell()
    turn()
    assert len(receiver.taken) == 1
    receiver.secret = NEW_SECRET
    assert receiver.verify(0)
    settings.WEBHOOK_SECRETS = {"service": SECRET}
    tell("2")
    assert (turn().failed, receiver.forged) == (1, ["No matching signature found"])


def test_it_is_tried_again_later_and_later_and_then_given_up(listens: Listens) -> None:
    receiver = listens()
    make_user(is_staff=True)
    event, now, waits = tell(), NOW, []
    receiver.answers = [500] * 10
    for _ in range(10):
        assert turn(now=now - timedelta(seconds=1) if waits else now).found == (0 if waits else 1)
        turn(now=now)
        row = Delivery.objects.get()
        waits.append(row.try_at - now)
        now = row.try_at
    assert waits == [*Delivery.WAITS, timedelta(0)]
    assert (row.state, row.tries, row.answer) == ("failed", 10, "500 Internal Server Error")
    assert set(receiver.ids()) == {event.message_id}
    assert Endpoint.objects.get().off_at == now, "it took nothing in three days"
    assert Letter.objects.filter(purpose="webhook-not-taken").count() == 1


def test_one_bad_event_does_not_switch_off_who_takes_others(listens: Listens) -> None:
    receiver = listens()
    make_user(is_staff=True)
    Endpoint.objects.create(code="service", taken_at=NOW)
    for key in ("bad", "bad too"):
        tell(key)
    Delivery.objects.update(tries=9)
    tell("good")
    receiver.answers = [500, 500, 204]
    assert turn().delivered == 1
    assert Endpoint.objects.get().off_at is None
    assert Delivery.objects.filter(state="failed").count() == 2
    assert Letter.objects.filter(purpose="webhook-not-taken").count() == 1, "once for the day, whatever was given up"


@pytest.mark.parametrize(("answer", "said"), [(302, "302 Found"), (404, "404 Not Found"), (503, "503 Service Unavailable")])
def test_anything_but_success_is_a_failure_and_no_redirect_is_followed(listens: Listens, answer: int, said: str) -> None:
    receiver = listens()
    receiver.answers = [answer]
    tell()
    turn()
    row = Delivery.objects.get()
    assert (row.state, row.answer, len(receiver.got)) == ("waiting", said, 1)


def test_who_is_gone_is_switched_off_at_once_and_told_again_when_switched_on(listens: Listens) -> None:
    receiver = listens()
    make_user(is_staff=True)
    receiver.answers = [410]
    tell("1")
    assert turn().ended
    tell("2")
    assert turn().found == 0, "what comes now waits"
    assert Letter.objects.filter(purpose="webhook-not-taken").count() == 1
    assert switch_on(endpoint="service", now=NOW)
    assert not switch_on(endpoint="service", now=NOW)
    assert turn().delivered == 1


def test_a_dead_endpoint_costs_one_time_out_and_holds_up_nobody_else(listens: Listens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "SECONDS", 0.3)
    dead, live = listens("dead"), listens("live")
    dead.answers = ["hang"] * 50
    for number in range(5):
        tell(str(number))
    assert (turn("dead").ended, len(dead.got)) == (True, 1)
    assert turn("dead").found == 0, "it rests"
    assert turn("live").delivered == 5
    turn("dead", now=NOW + timedelta(seconds=5))
    assert turn("dead", now=NOW + timedelta(seconds=64)).found == 0
    assert Delivery.objects.get(endpoint="dead", tries=2).answer == "time-out"
    dead.answers, dead.server.timeout = [], 1
    assert turn("dead", now=NOW + timedelta(seconds=70)).delivered == 4
    assert len(live.taken) == 5


def test_who_dies_between_sending_and_noting_sends_it_again_under_the_same_id(
    listens: Listens, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = listens()
    event = tell()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(deliver, "_note", die)
        with pytest.raises(KeyboardInterrupt):
            turn()
    assert turn(now=NOW + timedelta(minutes=1)).found == 0, "somebody may still be at it"
    assert turn(now=NOW + deliver.LEASE).delivered == 1
    assert receiver.ids() == [event.message_id] * 2


def test_two_workers_do_not_both_send(listens: Listens, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = listens()
    tell()
    claim = deliver._claim

    def late(delivery: Delivery, now: datetime) -> bool:
        Delivery.objects.filter(pk=delivery.pk).update(tries=1, try_at=now + deliver.LEASE)  # another worker's claim
        return claim(delivery, now)

    monkeypatch.setattr(deliver, "_claim", late)
    assert (turn().delivered, receiver.got) == (0, [])


def test_the_same_key_is_one_event_however_often_it_is_told(listens: Listens) -> None:
    receiver = listens()
    account = make_account()
    for _ in range(3):
        tell(account=account)
    turn()
    assert len(receiver.got) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(event=Event.objects.get(), endpoint="service", try_at=NOW)


def test_events_of_an_account_are_tried_in_their_order(listens: Listens) -> None:
    receiver = listens()
    account = make_account()
    first = tell("1", account)
    second, others = tell("2", account), tell("3")
    receiver.answers = [500]
    turn()
    assert receiver.ids() == [first.message_id, others.message_id]
    turn(now=NOW + timedelta(seconds=5))
    assert receiver.ids()[2:] == [first.message_id, second.message_id]


def test_who_wants_some_kinds_is_told_those(listens: Listens) -> None:
    listens("all"), listens("payments", events=("payment.received",))
    tell()
    assert list(Delivery.objects.values_list("endpoint", flat=True)) == ["all"]


def test_nothing_is_written_where_nobody_listens() -> None:
    emit(kind="account.closed", key="x", data={}, now=NOW)
    assert not Event.objects.exists()
    with pytest.raises(UndeclaredKind):
        emit(kind="account.forgotten", key="x", data={}, now=NOW)


def test_nothing_is_told_of_a_test_account(listens: Listens) -> None:
    listens()
    account = make_account(is_test=True)
    emit(kind="account.closed", key="x", data={"account": account.reference}, now=NOW, account_id=account.pk)
    assert not Event.objects.exists()


def test_many_are_written_in_few_statements(listens: Listens, django_assert_max_num_queries: Any) -> None:
    listens()
    account = make_account()
    told = [Told("account.closed", f"k{number}", {"account": account.reference}, account.pk) for number in range(300)]
    with django_assert_max_num_queries(12):
        assert emit_many(told=told, now=NOW) == 300
    assert (emit_many(told=told, now=NOW), Delivery.objects.count()) == (0, 300)


def test_what_goes_to_somebody_else_is_written_down_and_what_did_not_leave_is_not(listens: Listens, settings: Any) -> None:
    listens()
    endpoint = endpoint_named("service").model_copy(update={"url": "https://hooks.partner.example/in"})
    their = processor(id="partner", hosts=("hooks.partner.example",))
    settings.OPERATOR = operator_with(their).model_copy(update={"webhooks": (endpoint,)})
    seen: list[PassedOn] = []
    event = tell()

    def post(**_: object) -> Any:
        seen.extend(PassedOn.objects.all())
        return type("Answer", (), {"status": 200})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliver, "post", post)  # that host is nowhere
        turn()
    [row] = seen
    assert (row.recipient, row.account_id, row.fields, row.occasion) == (
        "partner",
        event.account_id,
        ["account", "invoice"],
        "webhook",
    )
    Delivery.objects.update(state="waiting")
    turn()
    assert PassedOn.objects.count() == 1, "nobody was there to get the second one"
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"processors": ()})
    Endpoint.objects.update(rests_until=None)
    turn(now=NOW + timedelta(minutes=5))
    assert Delivery.objects.get().answer.startswith("not sent: hooks.partner.example was not declared")


def test_everything_since_a_day_is_sent_again_and_to_who_came_later(listens: Listens) -> None:
    receiver = listens()
    events = [tell(str(number)) for number in range(3)]
    turn()
    Event.objects.filter(pk=events[0].pk).update(at=NOW - timedelta(days=2))
    assert replay_since(endpoint=endpoint_named("service"), since=NOW - timedelta(days=1), now=NOW) == 2
    turn()
    assert receiver.ids()[3:] == [event.message_id for event in events[1:]]
    late = listens("late", events=("account.closed",))
    assert replay_since(endpoint=endpoint_named("late"), since=NOW - timedelta(days=9), now=NOW) == 3
    turn("late")
    assert late.ids() == [event.message_id for event in events]


def test_a_test_event_goes_to_one_endpoint_whatever_it_wants(listens: Listens) -> None:
    receiver, other = listens(events=("invoice.paid",)), listens("other")
    sent = send_test(endpoint=endpoint_named("service"), now=NOW)
    assert turn(only=sent.pk).delivered == 1
    assert (receiver.types(), other.got) == (["webhook.test"], [])


def test_an_endpoint_asks_for_as_many_queries_with_few_events_as_with_many(
    listens: Listens, django_assert_num_queries: Any
) -> None:
    listens()
    Endpoint.objects.create(code="service")
    for number in range(6):
        tell(str(number))
    with django_assert_num_queries(1 + 1 + 2 * 2 + 1):  # the endpoint, what is due, a claim and a note each, the endpoint's time
        turn(limit=2)
    with django_assert_num_queries(1 + 1 + 4 * 2 + 1):
        turn(limit=4)
    assert settings.OPERATOR.webhooks


def test_an_event_that_nobody_can_send_is_given_up_and_the_others_arrive(listens: Listens) -> None:
    receiver = listens()
    tell("1")
    Event.objects.update(kind="of.an.older.version")
    tell("2")
    later = NOW
    for wait in (*Delivery.WAITS, timedelta()):
        turn(now=later)
        later += wait
    assert len(receiver.taken) == 1
    assert Delivery.objects.get(event__kind="of.an.older.version").state == "failed"
    assert not Endpoint.objects.filter(off_at__isnull=False).exists()
