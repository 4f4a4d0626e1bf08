"""Look at what happened at Stripe, told or not, and compare its money with our books, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bonafide.operator import Operator
from bonafide.payments.stripe.client import refuse_other_account
from bonafide.payments.stripe.compare import compare
from bonafide.payments.stripe.look import look_at_all, since_when
from bonafide.payments.stripe.note_movements import note_movements


@dataclass(frozen=True)
class Reconciled:
    """``faults`` are things at Stripe that could not be followed, in words."""

    looked: int
    movements: int
    differences: int
    faults: tuple[str, ...] = ()


def reconcile(*, operator: Operator, now: datetime) -> Reconciled:
    """Follow what happened since the last look, note what moved with its fees, and compare. Outside of transactions.

    Movements are noted last, and the next look begins a week before the newest: one that was cut off is made up for.

    :raises StripeOff:
    :raises StripeUnanswered: the next hour tries again.
    """
    refuse_other_account()
    since = since_when(now=now)
    looked, faults = look_at_all(since=since, operator=operator, now=now)
    noted, not_noted = note_movements(since=since, operator=operator, now=now)
    differences = compare(operator=operator, now=now)
    return Reconciled(looked, noted, len(differences), (*faults, *not_noted))
