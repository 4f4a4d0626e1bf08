"""Holds that the law itself asks for once a contract has ended: made from the operator's floors, by nobody's hand.

A floor ``after = "end"`` of the operator's file is a hold on the account that was closed, and one on each of its people who is a
member of no open account any more, until so many calendar months after the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from bonafide.accounts.models import Account, Membership
from bonafide.operator import Operator
from bonafide.operator_privacy import Floor
from bonafide.periods import months_after, months_before
from bonafide.privacy.erase_login import GONE
from bonafide.privacy.models import Hold

_CHUNK = 500


def begin_statutory_holds(*, operator: Operator, now: datetime) -> int:
    """Begin what is missing, and lift what has lost its ground; how many began. A second time changes nothing.

    The hourly sweep begins with this. Whoever is about to erase somebody does it first, so that what was closed a moment ago is
    held already.
    """
    floors = [floor for floor in operator.retention.floors if floor.after == "end"]
    with transaction.atomic():
        _lift(floors, now)
        return sum(_begin(floor, operator, now) for floor in floors)


def _lift(floors: list[Floor], now: datetime) -> None:
    """Floors of accounts that were opened again, of people who are members of an open one, and floors that are no longer law."""
    holding = Hold.objects.in_force(now).filter(origin=Hold.Origin.FLOOR)
    law = Q()
    for floor in floors:
        law |= Q(floor=floor.data, months=floor.months, basis=floor.basis)
    gone = Q(account__closed_at=None) | Q(Exists(_open_membership(OuterRef("person")))) | (~law if law else Q(pk__isnull=False))
    holding.filter(gone).update(lifted_at=now)


def _begin(floor: Floor, operator: Operator, now: datetime) -> int:
    holds = [
        Hold(
            origin=Hold.Origin.FLOOR,
            floor=floor.data,
            months=floor.months,
            basis=floor.basis,
            kinds=[floor.data],
            account_id=account,
            person_id=person,
            begins_at=closed_at,
            until=months_after(closed_at, floor.months, operator.zone),
        )
        for account, person, closed_at in _missing(floor, operator, now)
    ]
    Hold.objects.bulk_create(holds, batch_size=_CHUNK, ignore_conflicts=True)
    return len(holds)


def _missing(floor: Floor, operator: Operator, now: datetime) -> Iterator[tuple[int, int | None, Any]]:
    """Accounts and people who lack this hold, each with the end of the contract. What would be over already is left out."""
    since = months_before(now, floor.months, operator.zone)
    have = Hold.objects.filter(origin=Hold.Origin.FLOOR, floor=floor.data, lifted_at=None)
    accounts = (
        Account.objects.real()
        .filter(closed_at__gt=since, closed_at__lte=now)
        .exclude(Exists(have.filter(account=OuterRef("pk"), person=None)))
    )
    accounts = accounts.exclude(reference__startswith=f"{GONE}-")  # nothing is left in it that could be kept
    for account, closed_at in accounts.order_by("pk").values_list("pk", "closed_at"):
        yield account, None, closed_at
    people = Membership.objects.filter(account__closed_at__gt=since, account__closed_at__lte=now).exclude(
        Exists(have.filter(account=OuterRef("account"), person=OuterRef("user")))
    )
    people = people.exclude(Exists(_open_membership(OuterRef("user"))))
    yield from people.order_by("pk").values_list("account_id", "user_id", "account__closed_at")


def _open_membership(user: OuterRef) -> QuerySet[Membership]:
    return Membership.objects.filter(user=user, account__closed_at=None)
