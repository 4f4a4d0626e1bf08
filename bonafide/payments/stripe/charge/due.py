"""Every bill that is due by itself is charged, several at a time: first what was left behind, then what is due now."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from queue import Queue
from typing import Protocol

from django.db import connection
from django.utils import translation

from bonafide.operator import Operator
from bonafide.payments.stripe.charge.letters import tell_of_declines
from bonafide.payments.stripe.charge.one import LEFT_BEHIND, WITH, Outcome, ask, take_up, write_attempts
from bonafide.payments.stripe.charge.which import Due, bills_due
from bonafide.payments.stripe.client import StripeUnanswered, is_on
from bonafide.payments.stripe.models import Attempt, AttemptState

logger = logging.getLogger(__name__)
Counts = Counter[Outcome]


class Step(Protocol):
    def __call__(self, *, attempt: Attempt, operator: Operator, now: datetime) -> Outcome: ...


Waiting = Queue[tuple[Attempt, Step] | None]


def charge_due(
    *,
    operator: Operator,
    now: datetime,
    on_begin: Callable[[int], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Counts:
    """Charge what is due, ``stripe.concurrency`` bills at a time, and write the letters about what was declined.

    This thread writes attempts down, a few ahead of those that ask Stripe; each of these has a connection to the database of its
    own, which it closes. What breaks for one bill is logged and leaves the others. Called twice at the same time, each bill is
    charged once. Call it outside of transactions.

    :param on_begin: is told how many there are; ``on_progress``: each time one is done, from any of the threads.
    """
    counts: Counts = Counter()
    if not is_on():
        return counts
    left = Attempt.objects.filter(way=Attempt.Way.AUTO, state=AttemptState.WRITTEN, begun_at__lte=now - LEFT_BEHIND)
    behind = list(left.select_related(*WITH).order_by("begun_at"))
    due = bills_due(operator=operator, now=now)
    if on_begin:
        on_begin(len(behind) + len(due))
    threads = min(operator.stripe.concurrency, len(behind) + len(due))
    if threads:
        waiting: Waiting = Queue(maxsize=threads)
        language = translation.get_language() or operator.service.language
        with ThreadPoolExecutor(threads, thread_name_prefix="charge") as pool:
            given = (waiting, operator, now, language, on_progress)
            working = [pool.submit(_work, *given) for _ in range(threads)]
            try:
                counts.update(_put(behind, due, threads, waiting, operator, now))
            finally:
                for _ in working:
                    waiting.put(None)
            for future in working:
                counts.update(future.result())
    tell_of_declines(operator=operator, now=now)
    return counts


def _put(behind: list[Attempt], due: list[Due], few: int, waiting: Waiting, operator: Operator, now: datetime) -> Counts:
    """Hand out what was left behind, then what is due, written down ``few`` at a time; what is due no more is counted."""
    done: Counts = Counter()
    for attempt in behind:
        waiting.put((attempt, take_up))
    for start in range(0, len(due), few):
        chunk = due[start : start + few]
        try:
            written = write_attempts(dues=chunk, operator=operator, now=now)
        except Exception:
            logger.exception(
                "%s bills from %s on could not be written down; the next run tries again", len(chunk), chunk[0].number
            )
            done[Outcome.BROKEN] += len(chunk)
            continue
        done[Outcome.LEFT] += len(chunk) - len(written)
        for attempt in written:
            waiting.put((attempt, ask))
    return +done


def _work(
    waiting: Waiting, operator: Operator, now: datetime, language: str, on_progress: Callable[[int], None] | None
) -> Counts:
    """What one thread does: take what comes until nothing will."""
    done: Counts = Counter()
    try:
        with translation.override(language):
            while (one := waiting.get()) is not None:
                done[_one(*one, operator, now)] += 1
                if on_progress:
                    on_progress(1)
    finally:
        connection.close()
    return done


def _one(attempt: Attempt, step: Step, operator: Operator, now: datetime) -> Outcome:
    try:
        return step(attempt=attempt, operator=operator, now=now)
    except StripeUnanswered as refusal:
        logger.warning("attempt %s waits: %s", attempt.key, refusal)
        return Outcome.UNANSWERED
    except Exception:
        logger.exception("attempt %s broke off; it is taken up again by the next run", attempt.key)
        return Outcome.BROKEN
