"""Checks the chain of the digests of usage files."""

from __future__ import annotations

from bonafide.billing.explain.note_usage import seal_of_usage
from bonafide.billing.ledger.verify import Wrong
from bonafide.billing.models import UsageFile
from bonafide.billing.seal import GENESIS


def first_wrong_note() -> Wrong | None:
    """Read all notes in their order, streaming: places without a gap, and each sealed with the one before and its bill."""
    place, seal = 0, GENESIS
    rows = UsageFile.objects.order_by("position").values_list(
        "position", "sha256", "size", "seal", "invoice__number", "invoice__seal"
    )
    for position, sha256, size, kept, number, bill_seal in rows.iterator(chunk_size=1000):
        where = f"usage file of bill {number}"
        if position != place + 1:
            return Wrong(where, f"stands at place {position}, but the place before it is {place}")
        place, seal = position, seal_of_usage(previous=seal, bill_seal=bill_seal, sha256=sha256)
        if seal != kept or bool(size) != bool(sha256):
            return Wrong(where, "its note is not what was sealed: it was changed by hand")
    return None


def count_notes() -> int:
    return UsageFile.objects.count()
