"""Which rows, and which people's log lines, the holds in force keep at a moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from bonafide.accounts.models import Membership
from bonafide.holdings import Holding, Kind
from bonafide.privacy.models import Hold


@dataclass(frozen=True)
class Held:
    """Orders are few: whom they name stands here, by kind. Floors may be many: they are asked for in the statement itself."""

    now: datetime
    people: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    accounts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    floors: frozenset[str] = frozenset()

    def rows(self, holding: Holding) -> Q | None:
        """The rows of this holding that stay, as a condition; None when no hold in force names its kind."""
        kept = Q()
        for path, ids, column in (
            (holding.person, self.people, "person_id"),
            (holding.account, self.accounts, "account_id"),
        ):
            if not path:
                continue
            if named := ids.get(holding.kind):
                kept |= Q(**{f"{path}__in": sorted(named)})
            if holding.kind in self.floors:
                kept |= Q(**{f"{path}__in": self._of_floors(holding.kind, column)})
        return kept or None

    def _of_floors(self, kind: Kind, column: str) -> QuerySet[Hold, int]:
        floors = Hold.objects.in_force(self.now).filter(origin=Hold.Origin.FLOOR, floor=kind)
        if column == "account_id":
            floors = floors.filter(person=None)
        return floors.filter(**{f"{column}__isnull": False}).values_list(column, flat=True)


def held_at(now: datetime) -> Held:
    """Read the holds in force, in three queries however many there are."""
    held = Held(now=now, floors=_floors(now))
    by_account = defaultdict(set)
    for hold in Hold.objects.in_force(now).filter(origin=Hold.Origin.ORDER).order_by("pk"):
        people = {person for person in (hold.person_id, *hold.members) if person}
        for kind in hold.kinds:
            held.people[kind] |= people
            if hold.account_id:
                held.accounts[kind].add(hold.account_id)
                if not hold.person_id:
                    by_account[hold.account_id].add(kind)
    for account, person in Membership.objects.filter(account__in=list(by_account)).values_list("account_id", "user_id"):
        for kind in by_account[account]:
            held.people[kind].add(person)
    return held


def _floors(now: datetime) -> frozenset[str]:
    found = Hold.objects.in_force(now).filter(origin=Hold.Origin.FLOOR).order_by().values_list("floor", flat=True)
    return frozenset(found.distinct())
