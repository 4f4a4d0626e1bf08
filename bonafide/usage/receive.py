"""A batch of events that is in memory already: good ones are written, each bad one is answered with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bonafide.usage.catalogue import Catalogue
from bonafide.usage.drafts import Draft, Rejection, Rules
from bonafide.usage.ingest import ingest
from bonafide.usage.prepare import EARLIEST, Preparer

DIFFERENT = "was already accepted with other content: expected a new id for a new event"
_RULES = Rules()


@dataclass(frozen=True)
class Received:
    accepted: int
    duplicates: int
    rejected: list[Rejection]


def receive(
    *,
    drafts: Sequence[Draft | Rejection],
    origin: str,
    zone: ZoneInfo,
    now: datetime,
    oldest: datetime = EARLIEST,
    ahead: timedelta = timedelta(0),
) -> Received:
    """Take in what can be taken in; a second call with the same events changes nothing.

    :param zone: the operator's time zone, whose calendar decides each event's day.
    :param oldest: events before this instant are refused; ``ahead``: those later than ``now`` plus this.
    :raises bonafide.usage.ingest.TotalTooLarge: and nothing of the batch is written.
    """
    catalogue = Catalogue()
    preparer = Preparer(catalogue=catalogue, rules=_RULES, zone=zone, now=now, oldest=oldest, ahead=ahead)
    rows, rejected = preparer.rows(drafts)
    done = ingest(rows=rows, origin=origin, now=now, rejected=len(rejected), test_accounts=catalogue.clocks)
    if done.differing:
        ids = {draft.position: draft for draft in drafts}
        rejected += [Rejection(place, f"id {_id(ids[place])!r} {DIFFERENT}", ids[place].raw) for place in done.differing]
        rejected.sort(key=lambda rejection: rejection.position)
    return Received(done.accepted, done.duplicates, rejected)


def _id(draft: Draft | Rejection) -> str:
    return draft.id if isinstance(draft, Draft) else ""
