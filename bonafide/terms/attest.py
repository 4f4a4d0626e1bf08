"""A named person stands for a clause that no machine can prove."""

from __future__ import annotations

from datetime import date, timedelta

from bonafide.errors import Refused
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.models import Attestation

LONGEST = timedelta(days=366)


class CannotAttest(Refused):
    """The clause is unknown or proven by a check, the signature is empty, or the day is not ahead."""


def attest(*, clause_id: str, by: str, capacity: str, today: date, last_day: date) -> Attestation:
    """Enter an attestation that holds from today through ``last_day``.

    :raises CannotAttest: see there.
    """
    clause = next((clause for clause in CLAUSES if clause.id == clause_id), None)
    if clause is None:
        raise CannotAttest(f"clause {clause_id!r} is unknown: expected one of {', '.join(clause.id for clause in CLAUSES)}")
    if clause.check is not None:
        raise CannotAttest(f"clause {clause_id} is proven by a check: nobody needs to stand for it")
    if not by.strip() or not capacity.strip() or len(by) > 120 or len(capacity) > 120:
        raise CannotAttest("an attestation needs a name and a capacity, each of 1 to 120 characters")
    if not today <= last_day <= today + LONGEST:
        raise CannotAttest(f"until {last_day}: expected a day from {today} to {today + LONGEST}")
    return Attestation.objects.create(
        clause=clause.id, by=by.strip(), capacity=capacity.strip(), on=today, until=last_day + timedelta(days=1)
    )
