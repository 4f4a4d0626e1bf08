"""Runs the checks, writes what they found as signed evidence, and says where each clause stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from bonafide.operator import Operator
from bonafide.privacy.remember import note_evidence
from bonafide.terms import chain
from bonafide.terms.clause import Clause
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.finding import Finding
from bonafide.terms.models import Attestation, Evidence, SigningKey

_LOCK = 7_246_002  # of PostgreSQL's advisory locks; SQLite has one writer anyway
_LONGEST = 400
# An entry that was changed by hand is held against its clause for so long.
_REMEMBERED = timedelta(days=366)


class State(StrEnum):
    """Where a clause stands. There is nothing between, and nothing else."""

    PROVEN = "proven"
    ATTESTED = "attested"
    STALE = "stale"
    FAILING = "failing"


@dataclass(frozen=True)
class Standing:
    """One clause now: its latest evidence or attestation, if any."""

    clause: Clause
    state: State
    evidence: Evidence | None = None
    attestation: Attestation | None = None
    fault: str = ""  # why it is failing


def audit(*, operator: Operator, now: datetime, clauses: Iterable[Clause] = CLAUSES) -> list[Evidence]:
    """Check every clause that has a check, and append what was found; a check that breaks off has not shown it to be kept."""
    touched = touched_by_hand(now=now)
    checked = [clause for clause in clauses if clause.check]
    return append(found=[(clause.id, _checked(clause, operator, now, touched.get(clause.id, ""))) for clause in checked], now=now)


def _checked(clause: Clause, operator: Operator, now: datetime, touched: str) -> Finding:
    assert clause.check is not None  # noqa: S101 - told apart by the caller
    if touched:
        return Finding(counts={}, fault=touched)
    try:
        with transaction.atomic():
            return clause.check(operator, now)
    except Exception as error:  # whatever went wrong, the clause was not shown to be kept
        return Finding(counts={}, fault=f"the check broke off: {type(error).__name__}")


def append(*, found: Iterable[tuple[str, Finding]], now: datetime) -> list[Evidence]:
    """Add findings at the end of the chain, one after another, whoever else is adding at the same moment."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        key, name = published_key(now=now)
        last = Evidence.objects.order_by("-number").first()
        number, previous = (last.number, last.digest) if last else (0, chain.GENESIS)
        rows = []
        for clause, finding in found:
            number += 1
            row = Evidence(
                number=number,
                clause=clause,
                at=now.replace(microsecond=0),
                kept=finding.kept,
                counts=finding.counts,
                fault=finding.fault[:_LONGEST],
                key=name,
            )
            row.digest = chain.digest_of(content=as_entry(row), previous=previous)
            row.signature = chain.sign(key, row.digest)
            previous = row.digest
            rows.append(row)
        Evidence.objects.bulk_create(rows)
        if rows:
            note_evidence(number=number, digest=previous)
    return rows


def published_key(*, now: datetime) -> tuple[Ed25519PrivateKey, str]:
    """The key of this instance and its name; its public half is from now on among those that the console publishes."""
    key = Ed25519PrivateKey.from_private_bytes(settings.INSTANCE.evidence_key())
    public = key.public_key().public_bytes_raw()
    name = chain.name_of(public)
    SigningKey.objects.get_or_create(name=name, defaults={"public": public.hex(), "since": now})
    return key, name


def as_entry(row: Evidence) -> dict[str, object]:
    """A row as its chain and its readers outside know it."""
    return {
        "number": row.number,
        "clause": row.clause,
        "at": row.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "kept": row.kept,
        "counts": row.counts,
        "fault": row.fault,
        "key": row.key,
        "digest": row.digest,
        "signature": row.signature,
    }


def public_keys() -> dict[str, str]:
    """Every key that ever signed here: its name and its 32 bytes in hexadecimal."""
    return dict(SigningKey.objects.order_by("pk").values_list("name", "public"))


def verify_own_chain() -> chain.Whole | chain.Broken:
    """Read the whole chain of this instance, streaming."""
    return chain.verify(entries=_entries(), keys=_keys())


def touched_by_hand(*, now: datetime) -> dict[str, str]:
    """Clauses whose evidence of the last year was changed, or taken away, behind our back, with a line that says which."""
    touched: dict[str, str] = {}
    broken = {fault.number: fault.why for fault in chain.faults(entries=_entries(), keys=_keys())}
    for number, why in broken.items():
        # One that was taken away can no longer say of which clause it was: the next one has to answer for it.
        row = Evidence.objects.filter(number__gte=number).order_by("number").first()
        if row and row.at > now - _REMEMBERED:
            touched.setdefault(row.clause, f"its evidence does not hold: entry {number}: {why}")
    return touched


def _entries() -> Iterator[dict[str, object]]:
    return (as_entry(row) for row in Evidence.objects.order_by("number").iterator(chunk_size=1000))


def _keys() -> dict[str, bytes]:
    return {name: bytes.fromhex(public) for name, public in public_keys().items()}


def standings(*, now: datetime, today: date, clauses: Iterable[Clause] = CLAUSES) -> list[Standing]:
    """Where every clause stands, in four queries. Evidence whose signature does not hold proves nothing."""
    latest = {row.clause: row for row in Evidence.objects.raw(_LATEST)}
    false = _false(latest.values())
    signed: dict[str, Attestation] = {}
    for attestation in Attestation.objects.order_by("on", "pk"):
        signed[attestation.clause] = attestation
    return [
        _standing(clause, latest.get(clause.id), signed.get(clause.id), now, today, false.get(clause.id, ""))
        for clause in clauses
    ]


# The latest of each clause by the index (clause, -number), not by reading the whole chain.
_LATEST = """
    SELECT * FROM terms_evidence WHERE number IN (SELECT MAX(number) FROM terms_evidence GROUP BY clause)
"""


def _false(rows: Collection[Evidence]) -> dict[str, str]:
    """Of these rows the clauses whose row is not what was signed, with the reason."""
    before = Evidence.objects.filter(number__in=[row.number - 1 for row in rows]).values_list("number", "digest")
    digests = {0: chain.GENESIS} | dict(before)
    keys = _keys()
    faults = {
        row.clause: chain.fault_of(entry=as_entry(row), number=row.number, previous=digests.get(row.number - 1, ""), keys=keys)
        for row in rows
    }
    return {clause: f"its evidence does not hold: {why}" for clause, why in faults.items() if why}


def _standing(
    clause: Clause, evidence: Evidence | None, attestation: Attestation | None, now: datetime, today: date, false: str
) -> Standing:
    if clause.check is None:
        holds = attestation is not None and attestation.on <= today < attestation.until
        return Standing(clause, State.ATTESTED if holds else State.STALE, attestation=attestation)
    if evidence is None:
        return Standing(clause, State.STALE)
    if false or not evidence.kept:
        return Standing(clause, State.FAILING, evidence, fault=false or evidence.fault)
    return Standing(clause, State.PROVEN if now - evidence.at <= clause.fresh else State.STALE, evidence)
