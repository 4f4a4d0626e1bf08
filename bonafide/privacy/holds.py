"""What holds say: which are on somebody, how many are in force, whose log lines they keep."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from bonafide.accounts.models import Membership
from bonafide.holdings import Kind
from bonafide.privacy.access_log import FIELDS
from bonafide.privacy.kept import held_at
from bonafide.privacy.models import Hold, answered_for_by


def holds_on(
    *, now: datetime, person: int | None = None, account: int | None = None, kinds: Iterable[Kind] = tuple(Kind)
) -> list[Hold]:
    """The holds in force that keep any of these kinds of a person, of an account, or of both; for whoever is about to erase them.

    An order on an account is also one on its members, of now and of when it began. Ids are given; the soonest to end comes first.
    """
    whose = Q()
    if account is not None:
        whose |= Q(account=account, origin=Hold.Origin.ORDER) | Q(account=account, person=None)
    if person is not None:
        whose |= Q(person=person) | _orders_on_accounts_of(person)
    wanted = frozenset(kinds)
    found = Hold.objects.in_force(now).filter(whose).order_by("until", "pk") if whose else []
    return [hold for hold in found if hold.names(wanted)]


def _orders_on_accounts_of(person: int) -> Q:
    accounts = Membership.objects.filter(user=person).values("account_id")
    orders = Hold.objects.filter(origin=Hold.Origin.ORDER, person=None).exclude(members=[])
    then = [pk for pk, members in orders.values_list("pk", "members") if person in members]
    return Q(origin=Hold.Origin.ORDER, person=None, account__in=accounts) | Q(pk__in=then)


def holds_in_force(now: datetime) -> dict[Kind, int]:
    """How many holds keep each kind at this moment; kinds that none keeps are left out."""
    counts: Counter[str] = Counter()
    for kinds in Hold.objects.in_force(now).filter(origin=Hold.Origin.ORDER).values_list("kinds", flat=True):
        counts.update(set(kinds))
    floors = Hold.objects.in_force(now).filter(origin=Hold.Origin.FLOOR).order_by().values_list("floor", flat=True)
    counts.update(floors)
    return {kind: counts[kind] for kind in Kind if counts[kind]}


def held_lines(now: datetime) -> Callable[[bytes], bool]:
    """What says of a log's line whether a hold on logs keeps it: by whose login it was, in our own access log alone."""
    people = frozenset(held_at(now).people.get(Kind.LOGS, ()))

    def is_held(line: bytes) -> bool:
        if b'"by":' not in line:
            return False
        try:
            written = json.loads(line)
        except ValueError:
            return False
        return isinstance(written, dict) and tuple(written) == FIELDS and written["by"] in people

    return is_held if people else lambda _line: False


def holds_shown_to(user: Any, *, today: date) -> QuerySet[Hold]:
    """Those that concern a person and of which they may be told, past ones too, the latest first.

    Of an account its owners and billing read; an order on an account concerns each of its members.

    :param today: on the operator's calendar.
    """
    orders = Q(origin=Hold.Origin.ORDER, person=None, account__in=Membership.objects.filter(user=user).values("account_id"))
    of_account = Q(account__in=answered_for_by(user)) & (Q(person=None) | Q(origin=Hold.Origin.ORDER))
    found = Hold.objects.told(today=today).filter(Q(person=user) | of_account | orders)
    return found.select_related("account").order_by("-begins_at", "-pk")
