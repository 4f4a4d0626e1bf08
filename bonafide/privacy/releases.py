"""Handing data to an authority because the law requires it: written down, shown to whom it is about, counted for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, User
from bonafide.errors import Refused
from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.periods import months_before
from bonafide.privacy.holds import holds_shown_to
from bonafide.privacy.models import Hold, Look, Release, answered_for_by
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose
from bonafide.privacy.tell_of_law import tell_at_once

SHOWN = 20


class CannotRelease(Refused):
    """It is of nobody or of nothing, says not to whom, why or what, or is secret without a law that says so."""


@transaction.atomic
def record_release(
    *,
    staff: Any,
    authority: str,
    basis: str,
    kinds: Iterable[Kind],
    scope: str,
    released_at: datetime,
    reason: str,
    now: datetime,
    account: Account | None = None,
    person: User | None = None,
    reference: str = "",
    from_on: date | None = None,
    until_on: date | None = None,
    secret_until: date | None = None,
    secret_basis: str = "",
) -> Release:
    """Write down what was handed over. The customer is told at once, or after the last day on which the law forbids it.

    :raises CannotRelease:
    """
    if account is None and person is None:
        raise CannotRelease(_("Say whose data was handed over: an account’s, a person’s, or both."))
    named = [kind for kind in Kind if kind in set(kinds)]
    if not (authority.strip() and basis.strip() and scope.strip() and named):
        raise CannotRelease(_("Say to whom, by which law, and what exactly."))
    if released_at > now:
        raise CannotRelease(_("Write it down once it was handed over."))
    if from_on and until_on and until_on < from_on:
        raise CannotRelease(_("The last day is before the first."))
    if bool(secret_until) != bool(secret_basis.strip()):
        raise CannotRelease(_("Only a law or an order keeps it secret, and until a day: give both or neither."))
    release = Release.objects.create(
        authority=authority.strip(),
        basis=basis.strip(),
        reference=reference.strip(),
        approved_by=staff,
        account=account,
        person=person,
        kinds=[str(kind) for kind in named],
        scope=scope.strip(),
        from_on=from_on,
        until_on=until_on,
        released_at=released_at,
        secret_until=secret_until,
        secret_basis=secret_basis.strip(),
    )
    whose = Whose(account=release.account_id, person=release.person_id)
    record_looks(
        staff=staff, whose=[whose], kind="privacy.release", view=Look.View.CHANGE, now=now, thing=str(release), reason=reason
    )
    tell_at_once(thing=release, now=now)
    return release


def releases_shown_to(user: Any, *, today: date) -> QuerySet[Release]:
    """Those of a person and of the accounts for which they answer, of which they may be told, the latest first.

    :param today: on the operator's calendar.
    """
    found = Release.objects.told(today=today).filter(Q(person=user) | Q(account__in=answered_for_by(user)))
    return found.select_related("account").order_by("-released_at", "-pk")


@dataclass(frozen=True)
class PassedOn:
    """What a customer reads of releases and holds, and how many older ones are left out."""

    releases: list[Release]
    more_releases: int
    holds: list[tuple[Hold, datetime | None]]
    more_holds: int


def passed_on_by_law(user: Any, *, now: datetime, today: date) -> PassedOn:
    """What of this person and their accounts was handed over, and what a hold keeps; each hold with since when it is over."""
    releases, holds = releases_shown_to(user, today=today), holds_shown_to(user, today=today)
    return PassedOn(
        list(releases[:SHOWN]),
        max(releases.count() - SHOWN, 0),
        [(hold, hold.ended_at(now)) for hold in holds[:SHOWN]],
        max(holds.count() - SHOWN, 0),
    )


@dataclass(frozen=True)
class Counted:
    """For everybody to read: secret ones count too, which says nothing of anybody."""

    ever: int
    last_year: int
    holds: int


def released_counts(*, operator: Operator, now: datetime) -> Counted:
    """How many releases there were, ever and in the last twelve months, and how many orders to keep are in force."""
    year = months_before(now, 12, operator.zone)
    return Counted(
        ever=Release.objects.filter(released_at__lte=now).count(),
        last_year=Release.objects.filter(released_at__gt=year, released_at__lte=now).count(),
        holds=Hold.objects.in_force(now).filter(origin=Hold.Origin.ORDER).count(),
    )
