"""Whom the terms name as getting data, and whom they name in force: nobody else gets anything, however soon they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR, datetime
from typing import Any

from django.db import OperationalError, ProgrammingError
from django.utils import timezone, translation

from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.outgoing.checks import hosts_in_use
from bonafide.outgoing.processors import PROVIDER, declared, recipient_of
from bonafide.terms.models import Version

CLAUSE, RECIPIENTS = "D2", "processors"


def named_recipients(operator: Operator) -> dict[str, dict[str, str]]:
    """Everybody who gets data whether or not the customer chooses them: by id, what of them would have to be announced.

    Providers to sign in with are left out: they get something only from who chooses them, each time anew.
    """
    with translation.override("en"):
        return {
            one.id: {"name": str(one.name), "country": one.country, "purpose": str(one.purpose), "data": str(one.data)}
            for one in declared(operator)
            if not one.id.startswith(f"{PROVIDER}:")
        }


def promised_recipients(facts: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Those that a version's facts name; empty for a version from before there was such a clause."""
    named: dict[str, dict[str, str]] = facts.get(CLAUSE, {}).get("values", {}).get(RECIPIENTS, {})
    return named


class StillWaits(Refused):
    """The operator's file sends something to somebody of whom customers are only just being told."""


def refuse_who_waits(*, operator: Operator) -> None:
    """At the start, once the terms that announce them were made: better than letters that would not leave for a month.

    :raises StillWaits:
    """
    for key, host in hosts_in_use(operator):
        recipient = recipient_of(host=host, operator=operator)
        waits = waits_until(recipient.id) if recipient else None
        if recipient and waits:
            raise StillWaits(
                f"{key} = {host!r} is a host of {recipient.name}, whom the terms in force do not name yet: their notice ends on "
                f"{waits.astimezone(operator.zone):%Y-%m-%d}; leave them under [[processors]], and the host of before until then"
            )


def waits_until(recipient: str) -> datetime | None:
    """Until when somebody who was declared may not be given anything yet: they are announced, and the notice runs.

    None when they may; so is everybody before a first version names anybody. ``outgoing.client`` asks.
    """
    now = timezone.now()  # noqa: TID251 - asked from below, where something is about to leave
    try:
        holding = Version.objects.in_force(now)
    except (OperationalError, ProgrammingError):  # a database that was never set up has promised nothing
        return None
    named = promised_recipients(holding.facts) if holding else {}
    if not named or recipient in named or recipient.startswith(f"{PROVIDER}:"):
        return None
    pending = Version.objects.pending(now)
    if pending is not None and recipient in promised_recipients(pending.facts):
        return pending.effective_at
    return datetime(MAXYEAR, 1, 1, tzinfo=now.tzinfo)
