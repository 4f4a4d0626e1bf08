"""What of an account's grants a bill uses: discounts before tax, money in advance after it. Pure but for the words of lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.balance.models import GrantKind
from bonafide.billing.computed import ComputedLine
from bonafide.money import from_minor, text

# The unit of a line that takes something off, by the kind of its grant: an e-invoice makes it an allowance (EN 16931 BG-20).
UNITS = {GrantKind.VOUCHER: "voucher", GrantKind.CREDIT: "discount"}
LONGEST = 400


class Left(NamedTuple):
    """What is left of a grant; ``called`` is the code of a voucher, or why it was given."""

    id: int
    kind: str
    minor: int
    called: str
    expires_on: date | None


class Use(NamedTuple):
    """So much of a grant is used by a bill."""

    grant_id: int
    minor: int


def in_order(grants: Iterable[Left], order: Sequence[str]) -> list[Left]:
    """By kind as the operator has it, then what expires soonest, then the oldest."""
    return sorted(grants, key=lambda one: (order.index(one.kind), one.expires_on or date.max, one.id))


def spend(grants: Iterable[Left], minor: int) -> tuple[Use, ...]:
    """What is taken of each, in their order, until ``minor`` is reached or nothing is left; nothing of an amount below zero."""
    uses = []
    for one in grants:
        taken = min(one.minor, minor)
        if taken > 0:
            uses.append(Use(one.id, taken))
            minor -= taken
    return tuple(uses)


def discounts(
    *, lines: Sequence[ComputedLine], grants: Sequence[Left], currency: str, language: str
) -> tuple[tuple[ComputedLine, ...], tuple[Use, ...]]:
    """The lines by which vouchers and credits, in their order, take off from a bill's lines, and what of them that uses.

    Never below zero. What a grant takes off is split over the sorts of supply in proportion to what each comes to, to the unit,
    so that every part bears the tax of what it is taken off from.
    """
    uses, parts = taken_off(lines=lines, grants=grants, currency=currency, language=language)
    return tuple(line for _grant, line in parts), uses


def taken_off(
    *, lines: Sequence[ComputedLine], grants: Sequence[Left], currency: str, language: str
) -> tuple[tuple[Use, ...], list[tuple[int, ComputedLine]]]:
    """The same, each line with the id of its grant."""
    if not grants:
        return (), []
    by_sort: dict[str, int] = {}
    for line in lines:
        by_sort[line.sort] = by_sort.get(line.sort, 0) + line.net_minor
    left = {sort: minor for sort, minor in by_sort.items() if minor > 0}
    uses = spend([one for one in grants if one.kind in UNITS], sum(by_sort.values()))
    of = {one.id: one for one in grants}
    found = []
    for use in uses:
        parts = split(use.minor, list(left.values()))
        for sort, part in zip(list(left), parts, strict=True):
            if part:
                found.append((use.grant_id, _line(of[use.grant_id], part, sort, currency, language)))
                left[sort] -= part
    return uses, found


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """``minor`` in proportion to ``weights`` (which come to at least as much), to the unit: the largest rests are rounded up."""
    whole = sum(weights)
    if not minor:
        return [0] * len(weights)
    parts = [minor * weight // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda at: (-(minor * weights[at] % whole), at))
    for at in rests[: minor - sum(parts)]:
        parts[at] += 1
    return parts


def _line(grant: Left, minor: int, sort: str, currency: str, language: str) -> ComputedLine:
    with translation.override(language):
        words = _("Voucher %(code)s") if grant.kind == GrantKind.VOUCHER else _("Credit: %(code)s")
        said = (words % {"code": grant.called})[:LONGEST]
    unit_price = text(from_minor(-minor, currency))
    return ComputedLine(said, "", "1", UNITS[GrantKind(grant.kind)], unit_price, -minor, sort=sort)
