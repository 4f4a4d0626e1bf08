"""Every bill that is due by itself is charged, several at a time: first what was left behind, then what is due now."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from queue import Empty, SimpleQueue

from django.db import connection
from django.utils import translation

from bonafide.operator import Operator
from bonafide.payments.stripe.charge.letters import tell_of_declines
from bonafide.payments.stripe.charge.one import LEFT_BEHIND, Outcome, charge, take_up
from bonafide.payments.stripe.charge.which import Due, bills_due
from bonafide.payments.stripe.client import StripeUnanswered, is_on
from bonafide.payments.stripe.models import Attempt, AttemptState

logger = logging.getLogger(__name__)
Counts = Counter[Outcome]
Waiting = SimpleQueue[Attempt | Due]


def charge_due(
    *,
    operator: Operator,
    now: datetime,
    on_begin: Callable[[int], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Counts:
    """Charge what is due, ``stripe.concurrency`` bills at a time, and write the letters about what was declined.

    Each of the threads has a connection to the database of its own, which it closes. What breaks for one bill is logged and
    leaves the others. Called twice at the same time, each bill is charged once. Call it outside of transactions.

    :param on_begin: is told how many there are; ``on_progress``: each time one is done, from any of the threads.
    """
    counts: Counts = Counter()
    if not is_on():
        return counts
    left = list(
        Attempt.objects.filter(way=Attempt.Way.AUTO, state=AttemptState.WRITTEN, begun_at__lte=now - LEFT_BEHIND)
        .select_related("account", "invoice", "method")
        .order_by("begun_at")
    )
    due = bills_due(operator=operator, now=now)
    if on_begin:
        on_begin(len(left) + len(due))
    waiting: Waiting = SimpleQueue()
    for attempt in left:
        waiting.put(attempt)
    for one in due:
        waiting.put(one)
    threads = min(operator.stripe.concurrency, waiting.qsize())
    language = translation.get_language() or operator.service.language
    if threads:
        with ThreadPoolExecutor(threads, thread_name_prefix="charge") as pool:
            given = (waiting, operator, now, language, on_progress)
            for future in [pool.submit(_work, *given) for _ in range(threads)]:
                counts.update(future.result())
    tell_of_declines(operator=operator, now=now)
    return counts


def _work(
    waiting: Waiting, operator: Operator, now: datetime, language: str, on_progress: Callable[[int], None] | None
) -> Counts:
    """What one thread does: take what waits until nothing does."""
    done: Counts = Counter()
    try:
        with translation.override(language):
            while True:
                try:
                    one = waiting.get_nowait()
                except Empty:
                    return done
                done[_one(one, operator, now)] += 1
                if on_progress:
                    on_progress(1)
    finally:
        connection.close()


def _one(one: Attempt | Due, operator: Operator, now: datetime) -> Outcome:
    try:
        if isinstance(one, Attempt):
            return take_up(attempt=one, operator=operator, now=now)
        return charge(due=one, operator=operator, now=now)
    except StripeUnanswered as refusal:
        logger.warning("a payment waits: %s", refusal)
        return Outcome.UNANSWERED
    except Exception:
        about = one.number if isinstance(one, Due) else one.key
        logger.exception("charging %s broke off; it is taken up again by the next run", about)
        return Outcome.BROKEN
