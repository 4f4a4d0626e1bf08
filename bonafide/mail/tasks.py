"""What the background workers do about letters. The rows say what is to be done; arguments are keys alone."""

from __future__ import annotations

import time

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from bonafide.mail.announce import fill_announcements, finish_announcements
from bonafide.mail.outbox import Round, give_up, send_due

_BATCH = 100
_SECONDS = 30  # of each minute: an announcement to many leaves the worker time for everything else


@task()
def send_letters() -> str:
    """Every minute: write the letters of approved announcements, send what is due, give up what is too old."""
    give_up(now=timezone.now())
    fill_announcements(now=timezone.now())
    all_of_it = Round()
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        done = send_due(now=timezone.now(), limit=_BATCH, stopping=lambda: time.monotonic() >= until)
        for name, count in vars(done).items():
            setattr(all_of_it, name, getattr(all_of_it, name) + count)
        if done.found < _BATCH:
            break
    finish_announcements(now=timezone.now())
    return f"{all_of_it.sent} sent, {all_of_it.refused} not wanted, {all_of_it.failed} failed"


@task()
def send_one(letter_id: int) -> str:
    """Send one letter now."""
    done = send_due(now=timezone.now(), limit=1, only=letter_id)
    return f"{done.sent} sent, {done.failed} failed"


def send_soon() -> None:
    """Ask the workers to go round once the transaction has committed; were that lost, the minute's round comes anyway."""
    transaction.on_commit(send_letters.enqueue, robust=True)
