"""What Stripe told is followed: each event's thing is looked at anew. What cannot be done now is tried again, later each time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from django.db import DatabaseError

from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.stripe.follow import follow
from bonafide.payments.stripe.hooks import read_event
from bonafide.payments.stripe.models import Hook

logger = logging.getLogger(__name__)

TRIES = 8  # over two hours; the hourly look finds what is missed
FIRST_WAIT = timedelta(minutes=1)  # doubled with each try
LEASE = timedelta(minutes=2)  # how long one that was taken up is left to who took it


class Followed(NamedTuple):
    done: int
    waiting: int
    refused: int


def follow_hooks(*, operator: Operator, now: datetime, limit: int = 100) -> Followed:
    """Follow the events that wait, the first received first; what is killed on the way is taken up again after the lease."""
    counts = dict.fromkeys(Hook.State, 0)
    waiting = Hook.objects.filter(state=Hook.State.WAITING, try_at__lte=now).order_by("try_at", "pk")
    for pk in list(waiting.values_list("pk", flat=True)[:limit]):
        hook = _taken(pk, now)
        if hook is not None:
            counts[_follow(hook, operator, now)] += 1
    return Followed(counts[Hook.State.DONE], counts[Hook.State.WAITING], counts[Hook.State.REFUSED])


def try_again(*, hooks: list[int], now: datetime) -> int:
    """Have events that were refused followed once more; those that were never believed, or are emptied, stay."""
    found = Hook.objects.filter(pk__in=hooks, state=Hook.State.REFUSED).exclude(body=b"")
    return found.update(state=Hook.State.WAITING, tries=0, try_at=now, said="", done_at=None)


def _taken(pk: int, now: datetime) -> Hook | None:
    """None when another worker was faster. The row is not locked while Stripe is asked."""
    mine = Hook.objects.filter(pk=pk, state=Hook.State.WAITING, try_at__lte=now)
    return Hook.objects.get(pk=pk) if mine.update(try_at=now + LEASE) else None


def _follow(hook: Hook, operator: Operator, now: datetime) -> Hook.State:
    state, wait = Hook.State.DONE, now
    try:
        thing = read_event(bytes(hook.body)).data.object
        said = follow(kind=thing.object, stripe_id=thing.id, operator=operator, now=now) if thing.id else "nothing to look at"
    except msgspec.MsgspecError:
        state, said = Hook.State.REFUSED, "the event cannot be read any more"
    except (Refused, DatabaseError) as refusal:
        said = str(refusal)
        over = hook.tries + 1 >= TRIES
        state = Hook.State.REFUSED if over else Hook.State.WAITING
        wait = now + FIRST_WAIT * 2**hook.tries
        logger.log(logging.ERROR if over else logging.WARNING, "event %s was not followed: %s", hook.event_id, refusal)
    except Exception as error:  # what nobody thought of keeps no other event waiting, and is shown to the staff
        logger.exception("event %s was not followed", hook.event_id)
        state, said = Hook.State.REFUSED, f"a mistake of ours: {type(error).__name__}"
    done = {"done_at": now} if state != Hook.State.WAITING else {}
    Hook.objects.filter(pk=hook.pk).update(state=state, said=said[:300], tries=hook.tries + 1, try_at=wait, **done)
    return state
