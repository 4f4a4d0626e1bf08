"""Passing on: nothing leaves but through the one door, and what the law made us hand over or keep is written down for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, models, transaction

from bonafide.accounts.models import Account
from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.outgoing.client import NotDeclared, reaching
from bonafide.outgoing.guard import guard_holds
from bonafide.outgoing.models import PassedOn
from bonafide.outgoing.processors import declared
from bonafide.privacy.begin_hold import begin_hold
from bonafide.privacy.releases import record_release, released_counts
from bonafide.privacy.sweep_rows import due_rows, held_rows
from bonafide.terms.checks.logs import GRACE
from bonafide.terms.checks.pages import pages_load_only_from_here
from bonafide.terms.checks.trying import canary, nothing_stays
from bonafide.terms.finding import Finding
from bonafide.terms.models import Version
from bonafide.terms.recipients import promised_recipients

NOBODY = "canary.invalid"  # RFC 2606: nobody's


def nothing_leaves_unseen(operator: Operator, now: datetime) -> Finding:
    """Pages load only from here; the console connects to declared hosts alone; whoever was given something was declared."""
    pages = pages_load_only_from_here(operator, now)
    known = {one.id for one in declared(operator)} | _ever_promised()
    given = set(PassedOn.objects.order_by().values_list("recipient", flat=True).distinct())
    counts = {**pages.counts, "passed_on": PassedOn.objects.count(), "recipients": len(declared(operator))}
    if not pages.kept:
        return Finding(counts, pages.fault)
    if not guard_holds():
        return Finding(counts, "a connection to a host that nobody declared is not refused")
    if _door_opens_to_nobody(operator):
        return Finding(counts, "the one door opens to a host that nobody declared")
    if strange := sorted(given - known):
        return Finding(counts, f"something was passed on to {strange[0]!r}, who was never declared")
    return Finding(counts)


def _ever_promised() -> set[str]:
    """Ids of those whom any version of the terms named."""
    return {recipient for facts in Version.objects.values_list("facts", flat=True) for recipient in promised_recipients(facts)}


def _door_opens_to_nobody(operator: Operator) -> bool:
    try:
        with reaching(host=NOBODY, operator=operator):
            return True
    except NotDeclared:
        return False


def the_law_is_accounted_for(operator: Operator, now: datetime) -> Finding:
    """What is kept beyond its time is named by a hold in force; holds and releases that were written stay as they are."""
    told = released_counts(operator=operator, now=now)
    held = held_rows(operator=operator, now=now)
    counts = {"releases": told.ever, "last_year": told.last_year, "holds": told.holds, "held": sum(held.values())}
    late = due_rows(operator=operator, now=now, grace=GRACE, kinds=[kind for kind in Kind if kind != Kind.USAGE])
    if late:
        return Finding(counts, f"{sum(late.values())} rows of {min(late)} are kept longer than promised, and no hold names them")
    with nothing_stays():
        for row, change in _canaries(operator, now):
            itself = type(row)._base_manager.filter(pk=row.pk)
            if not _is_refused(partial(itself.update, **change)):
                return Finding(counts, f"a row of {row._meta.db_table} can be rewritten")
            if not _is_refused(partial(itself._raw_delete, itself.db)):
                return Finding(counts, f"a row of {row._meta.db_table} can be taken away")
    return Finding(counts)


def _canaries(operator: Operator, now: datetime) -> list[tuple[models.Model, dict[str, Any]]]:
    """A hold and a release of nobody, each with what somebody might want to change about it."""
    staff = canary()
    account = Account.objects.create(kind=Account.Kind.PERSON, name=staff.username, country="FR", language="en", created_at=now)
    about: dict[str, Any] = {
        "staff": staff,
        "basis": "canary",
        "kinds": [Kind.LOGS],
        "reason": "canary",
        "account": account,
        "now": now,
    }
    hold = begin_hold(until=now + timedelta(days=1), operator=operator, **about)
    release = record_release(authority="canary", scope="canary", released_at=now, **about)
    return [(hold, {"until": now}), (release, {"authority": "nobody"})]


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            attempt()
    except DatabaseError:
        return True
    return False
