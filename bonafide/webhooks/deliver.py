"""Bring what is due to one endpoint: signed, in its turn, at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db.models import F

from bonafide.operator_webhooks import Webhook
from bonafide.outgoing.client import NotDeclared, passing
from bonafide.outgoing.web_client import Unanswered, post
from bonafide.outgoing.words import WEBHOOK
from bonafide.webhooks.kinds import declared
from bonafide.webhooks.models import Delivery, Endpoint, Event
from bonafide.webhooks.sign import BadSecret, body_of, headers_of, secrets_of
from bonafide.webhooks.tell_staff import tell_not_taken

logger = logging.getLogger(__name__)

SECONDS = 15.0  # for a whole exchange
LARGEST = 64 * 1024  # bytes of an answer, which nobody reads
LEASE = timedelta(minutes=2)  # after which a try counts as lost, and is made again
REST = timedelta(minutes=1)  # where nobody answers, nobody is asked for so long


@dataclass(frozen=True)
class Answer:
    """What an endpoint said. ``status`` is None where nobody did."""

    status: int | None
    said: str

    @property
    def taken(self) -> bool:
        return self.status is not None and self.status // 100 == 2


@dataclass
class Turn:
    """``found``: how many were looked at; as many as the limit means that more may wait. ``again_at``: a next try comes soon."""

    found: int = 0
    delivered: int = 0
    failed: int = 0
    ended: bool = False
    again_at: datetime | None = None
    last: str = ""


def take_turn(
    *, endpoint: Webhook, now: datetime, limit: int, only: int | None = None, stopping: Callable[[], bool] = lambda: False
) -> Turn:
    """Send at most ``limit`` of what is due to this endpoint, the oldest event first; ``only`` is the key of one delivery.

    Each is claimed by moving its next try on, so that two workers do not both send it, and one that is killed between the sending
    and the note leaves it to be sent again, under the same id. Nobody answering ends the turn, and the endpoint rests: a dead one
    costs one time-out a minute. An event that was not taken holds up the later ones of its account for this turn.
    """
    turn = Turn()
    row, _ = Endpoint.objects.get_or_create(code=endpoint.id)
    due = Delivery.objects.due(now).filter(endpoint=endpoint.id)
    if only is not None:
        due = due.filter(pk=only)
    elif row.off_at or (row.rests_until and row.rests_until > now):
        return turn
    behind: set[int | None] = set()
    for delivery in due.select_related("event")[:limit]:
        if turn.ended or stopping():
            break
        turn.found += 1
        account = delivery.event.account_id
        if account in behind or not _claim(delivery, now):
            continue
        if not _try(delivery, endpoint, turn, now) and account:
            behind.add(account)
    if turn.delivered:
        Endpoint.objects.filter(pk=row.pk).update(taken_at=now, rests_until=None)
    return turn


def send(*, event: Event, endpoint: Webhook, now: datetime) -> Answer:
    """Send one event, and write down what of an account it passes on to a host that is not our own. Outside of transactions."""
    try:
        secrets = secrets_of(settings.WEBHOOK_SECRETS.get(endpoint.id, ""))
    except BadSecret as reason:
        return Answer(None, f"not sent: {endpoint.secret_name} {reason}")
    body = body_of(event)
    headers = headers_of(event=event, body=body, secrets=secrets, now=now)
    fields = declared(event.kind).passes
    about = {"clause": "U1", "occasion": WEBHOOK, "now": now, "account": event.account_id}
    with ExitStack() as stack:
        try:
            passage = stack.enter_context(passing(to=endpoint.host, fields=fields, **about)) if fields else None  # type: ignore[arg-type]
        except NotDeclared as refusal:
            return Answer(None, f"not sent: {refusal}")
        try:
            status = post(url=endpoint.url, body=body, headers=headers, seconds=SECONDS, largest=LARGEST).status
        except Unanswered as reason:
            if passage:
                passage.left = reason.sent
            return Answer(None, str(reason))
    return Answer(status, _said(status))


def _said(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _claim(delivery: Delivery, now: datetime) -> bool:
    mine = Delivery.objects.waiting().filter(pk=delivery.pk, tries=delivery.tries, try_at=delivery.try_at)
    delivery.tries += 1
    return bool(mine.update(tries=F("tries") + 1, try_at=now + LEASE, tried_at=now))


def _try(delivery: Delivery, endpoint: Webhook, turn: Turn, now: datetime) -> bool:
    """Whether it was taken."""
    try:
        answer = send(event=delivery.event, endpoint=endpoint, now=now)
    except Exception as error:  # a mistake of ours: this event is tried again and at last given up, and holds up no other
        logger.exception("endpoint %s: %s could not be sent", endpoint.id, delivery.event.kind)
        _broke(delivery, turn, f"a mistake of ours: {type(error).__name__}", now)
        return False
    turn.last = answer.said
    if answer.taken:
        turn.delivered += 1
        _note(delivery, Delivery.State.DELIVERED, answer, try_at=now)
        return True
    turn.failed += 1
    logger.warning("endpoint %s did not take %s: %s", endpoint.id, delivery.event.kind, answer.said)
    if answer.status == HTTPStatus.GONE:
        turn.ended = True
        _note(delivery, Delivery.State.FAILED, answer, try_at=now)
        _switch_off(endpoint, "410 Gone", now)
    elif delivery.tries > len(Delivery.WAITS):
        _note(delivery, Delivery.State.FAILED, answer, try_at=now)
        turn.ended = _give_up(delivery, endpoint, now)
    else:
        wait = Delivery.WAITS[delivery.tries - 1]
        _note(delivery, Delivery.State.WAITING, answer, try_at=now + wait)
        if wait < REST:
            turn.again_at = now + wait
    if answer.status is None:
        turn.ended = True
        Endpoint.objects.filter(code=endpoint.id).update(rests_until=now + (REST if delivery.tries > 1 else Delivery.WAITS[0]))
    return False


def _broke(delivery: Delivery, turn: Turn, said: str, now: datetime) -> None:
    over = delivery.tries > len(Delivery.WAITS)
    turn.failed, turn.last = turn.failed + 1, said
    state, wait = (Delivery.State.FAILED, timedelta()) if over else (Delivery.State.WAITING, Delivery.WAITS[delivery.tries - 1])
    _note(delivery, state, Answer(None, said), try_at=now + wait)


def _note(delivery: Delivery, state: Delivery.State, answer: Answer, *, try_at: datetime) -> None:
    delivery.state, delivery.answer, delivery.try_at = state, answer.said[:200], try_at
    delivery.save(update_fields=["state", "answer", "try_at"])


def _give_up(delivery: Delivery, endpoint: Webhook, now: datetime) -> bool:
    """All tries of an event were in vain: whoever took no other since is switched off. Staff are told, once a day at most."""
    row = Endpoint.objects.get(code=endpoint.id)
    if row.taken_at is None or row.taken_at < delivery.event.at:
        _switch_off(endpoint, delivery.answer, now)
        return True
    tell_not_taken(endpoint=endpoint.id, said=delivery.answer, off=False, once=f"{now:%Y-%m-%d}", now=now)
    return False


def _switch_off(endpoint: Webhook, because: str, now: datetime) -> None:
    if Endpoint.objects.filter(code=endpoint.id, off_at=None).update(off_at=now, off_because=because[:200]):
        logger.error("endpoint %s is switched off: %s", endpoint.id, because)
        tell_not_taken(endpoint=endpoint.id, said=because, off=True, once=f"off {now:%Y-%m-%d %H:%M}", now=now)
