"""A piece of evidence for where a customer is gets written down; the last of a kind counts (Reg. (EU) 282/2011 art. 24f)."""

from __future__ import annotations

from datetime import datetime

from bonafide.billing.models import LocationEvidence
from bonafide.billing.tax.places import is_place
from bonafide.errors import Refused

METHOD_LONGEST = 200


class EvidenceRefused(Refused):
    """What cannot be evidence."""


def note_location(
    *, account_id: int, kind: LocationEvidence.Kind, place: str, method: str, now: datetime
) -> LocationEvidence | None:
    """Add what ``method`` (a plain line: which provider, which list) says about the account's place; None when it is known.

    Payments call it with the country of a card or of a bank account. Nothing but the country is kept of either.

    :param place: an ISO 3166-1 code, or a code of ``tax/places.toml``.
    :raises EvidenceRefused: for a place that is none, or without saying how it is known.
    """
    if not is_place(place):
        raise EvidenceRefused(f"place {place!r}: expected an ISO 3166-1 code such as FR, or a place's code such as ES-CN")
    if not method.strip():
        raise EvidenceRefused("expected how the place is known, in a few words")
    last = LocationEvidence.objects.filter(account=account_id, kind=kind).order_by("-pk").first()
    if last and (last.place, last.method) == (place, method):
        return None
    return LocationEvidence.objects.create(
        account_id=account_id, kind=kind, place=place, method=method.strip()[:METHOD_LONGEST], at=now
    )
