"""Staff decide where a consumer is, once for one set of evidence, with a reason that is kept (Reg. (EU) 282/2011 art. 24b)."""

from __future__ import annotations

from datetime import datetime

from bonafide.accounts.models import User
from bonafide.billing.models import LocationQuestion
from bonafide.billing.tax.places import is_place
from bonafide.errors import Refused


class DecisionRefused(Refused):
    """A decision that cannot stand."""


def decide_location(*, question: LocationQuestion, place: str, reason: str, by: User, now: datetime) -> None:
    """Settle the question; the next bill run takes the account up again.

    :param place: an ISO 3166-1 code, or a code of ``tax/places.toml``.
    :raises DecisionRefused: for a place that is none, without a reason, or when somebody decided before.
    """
    if not is_place(place):
        raise DecisionRefused(f"place {place!r}: expected an ISO 3166-1 code such as FR, or a place's code such as ES-CN")
    if not reason.strip():
        raise DecisionRefused("expected the reason of the decision: it is kept as evidence")
    settled = LocationQuestion.objects.filter(pk=question.pk, decided_at=None).update(
        place=place, reason=reason.strip(), decided_by=by, decided_at=now
    )
    if not settled:
        raise DecisionRefused("somebody has decided this question already, and a decision is never rewritten")
