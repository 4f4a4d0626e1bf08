"""The digest of a bill's usage file is noted once, soon after the bill is issued, in a chain of its own."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from bonafide import append_only
from bonafide.billing.explain.events import events_gone, usage_csv
from bonafide.billing.explain.replay import Unexplained, replay
from bonafide.billing.models import Invoice, UsageFile
from bonafide.billing.seal import GENESIS
from bonafide.operator import Operator

_TABLE = "billing_usagefile"


def note_next(*, operator: Operator, now: datetime) -> UsageFile | None:
    """Note the usage file of the first issued bill that has no note yet; none when all have one.

    Reads the bill's events once. Two at the same time write one row: the other meets the unique key and ends.

    :raises django.db.IntegrityError: for that other one.
    """
    invoice = Invoice.objects.issued().filter(usage_file__isnull=True).order_by("position").first()
    if invoice is None:
        return None
    sha256, size = _read(invoice, operator, now)
    with transaction.atomic():
        last = UsageFile.objects.order_by("-position").first()
        return UsageFile.objects.create(
            invoice=invoice,
            position=last.position + 1 if last else 1,
            sha256=sha256,
            size=size,
            noted_at=now,
            seal=seal_of_usage(previous=last.seal if last else GENESIS, bill_seal=invoice.seal, sha256=sha256),
        )


def seal_of_usage(*, previous: str, bill_seal: str, sha256: str) -> str:
    """SHA-256 of three lines: the seal of the row before, the seal of the bill, the digest of its usage file (may be empty)."""
    return hashlib.sha256(f"{previous}\n{bill_seal}\n{sha256}\n".encode()).hexdigest()


def guards(vendor: str) -> list[str]:
    """SQL after which the database refuses to change or delete a note."""
    return append_only.install(vendor=vendor, table=_TABLE, message="the note of a usage file is never rewritten")


def without_guards(vendor: str) -> list[str]:
    """SQL that takes them away again."""
    return append_only.remove(vendor=vendor, table=_TABLE)


def _read(invoice: Invoice, operator: Operator, now: datetime) -> tuple[str, int]:
    """Digest and size in bytes; empty and 0 when there is no such file."""
    if events_gone(invoice=invoice, now=now, months=operator.retention.usage_months, zone=operator.zone):
        return "", 0
    try:
        explained = replay(invoice=invoice, zone=operator.zone)
    except Unexplained:
        return "", 0
    digest, size = hashlib.sha256(), 0
    for piece in usage_csv(invoice=invoice, explained=explained, zone=operator.zone):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
