"""Drafts are numbered: a number without gaps, a place in the chain, a seal, a due date and a payment reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from string import ascii_uppercase
from typing import Any, NamedTuple

from bonafide.billing.draft import Draft
from bonafide.billing.models import Invoice, Series
from bonafide.billing.seal import GENESIS, seal_of
from bonafide.errors import Refused
from bonafide.operator import Operator

# ISO 11649: RF, two check digits, and at most this much.
REFERENCE_LONGEST = 21
# ISO 7064: letters count from 10 on.
_AS_DIGITS = {ord(letter): str(value) for value, letter in enumerate(ascii_uppercase, start=10)}


class ClockBehind(Refused):
    """Bills are numbered in the order of their dates; this clock is before the last one's."""


@dataclass(frozen=True)
class Place:
    """Where numbering goes on; true for as long as the transaction that locked it is open."""

    series: Series
    position: int
    seal: str
    issued_at: datetime
    issued_on: date
    due_on: date


def take_place(*, operator: Operator, now: datetime) -> Place:
    """Lock the numbering until the transaction ends, and read where it stands.

    All years' rows are locked, as the chain runs on from one year to the next. Call this before looking for what is already
    issued: whoever waits here then sees what the other run has done.

    :raises ClockBehind: when the last bill is dated later than ``now``.
    """
    issued_on = now.astimezone(operator.zone).date()
    Series.objects.get_or_create(year=issued_on.year)
    series = lock_numbers()[issued_on.year]
    last = Invoice.objects.filter(position__isnull=False).order_by("-position").first()
    if last and last.issued_on and last.issued_on > issued_on:
        raise ClockBehind(
            f"bill {last.number} is dated {last.issued_on} but the clock says {issued_on}: numbers follow dates, set the clock"
        )
    return Place(
        series=series,
        position=last.position if last and last.position else 0,
        seal=last.seal if last else GENESIS,
        issued_at=now,
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=operator.billing.payment_days),
    )


def lock_numbers() -> dict[int, Series]:
    """Lock every year's row until the transaction ends: numbers of bills and of entries in the ledger are given one at a time."""
    return {row.year: row for row in Series.objects.select_for_update().order_by("year")}


class Numbered(NamedTuple):
    """The rows of one issued bill: a :class:`Draft` whose ``invoice`` now has every sealed column, and its seal."""

    invoice: dict[str, Any]
    lines: Sequence[tuple[Any, ...]]
    taxes: Sequence[tuple[Any, ...]]
    seal: str


def number_drafts(*, drafts: Sequence[Draft], place: Place, prefix: str) -> list[Numbered]:
    """Give the drafts their numbers in their order, and count these as given; call within the transaction that took the place."""
    last, position, seal = place.series.last, place.position, place.seal
    issued_on, due_on = place.issued_on.isoformat(), place.due_on.isoformat()
    numbered = []
    for draft in drafts:
        last, position = last + 1, position + 1
        number = f"{prefix}{place.series.year}-{last:06d}"
        invoice = {
            **draft.invoice,
            "number": number,
            "issued_at": place.issued_at,
            "issued_on": issued_on,
            "due_on": due_on,
            "payment_reference": payment_reference(number=number),
            "position": position,
        }
        seal = seal_of(invoice=invoice, lines=draft.lines, taxes=draft.taxes, previous=seal)
        numbered.append(Numbered(invoice, draft.lines, draft.taxes, seal))
    Series.objects.filter(pk=place.series.pk).update(last=last)
    return numbered


def payment_reference(*, number: str) -> str:
    """The ISO 11649 creditor reference of a bill: ``F2026-00042`` gives ``RF93F202600042``.

    Of a number too long for it the end is kept, which holds the year and the count.
    """
    body = re.sub(r"[^A-Z0-9]", "", number.upper())[-REFERENCE_LONGEST:]
    return f"RF{98 - int(f'{body}RF00'.translate(_AS_DIGITS)) % 97:02d}{body}"
