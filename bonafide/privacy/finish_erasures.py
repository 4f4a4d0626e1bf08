"""Erase whom it is time to erase, sign-ups that nobody confirmed too, and of those erased before what is kept no longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from bonafide.errors import Refused
from bonafide.in_force import operator_now
from bonafide.privacy.erase import Erased, erase_account, erase_person, take_account, take_person
from bonafide.privacy.erase_rows import merged
from bonafide.privacy.erase_sign_ups import erase_sign_ups
from bonafide.privacy.models import Erasure


@dataclass(frozen=True)
class Finished:
    """Those who were erased now as they were asked to be, and counts.

    ``finished`` are erasures of which nothing is left any more, ``refused`` those that were, ``sign_ups`` those that nobody
    confirmed.
    """

    erased: tuple[Erased, ...]
    finished: int
    refused: int
    sign_ups: int


def finish_erasures(*, now: datetime) -> Finished:
    """Each in a transaction of its own. What hinders one is noted on its row, and it is tried again next time."""
    erased: list[Erased] = []
    refused = 0
    for row in list(Erasure.objects.due(now)):
        try:
            if row.person_id is not None:
                erased.append(erase_person(person_id=row.person_id, now=now, by=row.by))
            else:
                erased.append(erase_account(account_id=row.account_id or 0, now=now, by=row.by))
        except Refused as refusal:
            refused += 1
            Erasure.objects.waiting().filter(pk=row.pk).update(hindrance=str(refusal)[:300])
    sign_ups = erase_sign_ups(operator=operator_now(now=now), now=now)
    return Finished(tuple(erased), finish_kept(now=now), refused, sign_ups.erased)


def finish_kept(*, now: datetime) -> int:
    """Of those erased before, take what is kept no longer; how many are finished by that."""
    return sum(_finish(pk, now) for pk in list(Erasure.objects.unfinished().values_list("pk", flat=True)))


@transaction.atomic
def _finish(pk: int, now: datetime) -> bool:
    row = Erasure.objects.select_for_update().get(pk=pk)
    if row.person_id is not None:
        taken = take_person(person_id=row.person_id, now=now)
    else:
        taken = take_account(account_id=row.account_id or 0, now=now)
    row.kept = [left.as_dict() for left in merged(taken.left)]
    row.finished_at = None if row.kept else now
    row.save(update_fields=["kept", "finished_at"])
    return row.finished_at is not None
