"""The lines of an issued bill that come from no usage: one-off charges, and what vouchers and credits took off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from bonafide.billing.balance.apply import UNITS, Left, taken_off
from bonafide.billing.balance.desk import line_of
from bonafide.billing.balance.models import GrantKind, OneOffBilled, Taken
from bonafide.billing.computed import ComputedLine
from bonafide.billing.models import Invoice, InvoiceLine


class Own(NamedTuple):
    """A line and where it comes from: ``code`` is ``one-off``, ``voucher`` or ``credit``, ``since`` the day in ISO 8601."""

    line: ComputedLine
    code: str
    since: str


def own_lines(*, invoice: Invoice, lines: Sequence[ComputedLine]) -> list[Own]:
    """What follows the ``lines`` of usage on an issued bill; two queries."""
    billed = OneOffBilled.objects.filter(invoice=invoice).select_related("one_off").order_by("position")
    charges = [Own(line_of(one.one_off, invoice.language), "one-off", one.one_off.charged_on.isoformat()) for one in billed]
    taken = Taken.objects.filter(invoice=invoice).exclude(grant__kind=GrantKind.PREPAID).select_related("grant__code")
    # In the order that was: rows of one bill were written in the order in which they were taken.
    used = {one.grant_id: one for one in taken.order_by("pk")}
    grants = [
        Left(pk, one.grant.kind, one.amount_minor, one.grant.code.code if one.grant.code else one.grant.reason, None)
        for pk, one in used.items()
    ]
    before = [*lines, *(own.line for own in charges)]
    _uses, off = taken_off(lines=before, grants=grants, currency=invoice.currency, language=invoice.language)
    return charges + [Own(line, used[pk].grant.kind, used[pk].grant.starts_on.isoformat()) for pk, line in off]


def own_line(*, invoice: Invoice, line: InvoiceLine) -> str:
    """``one-off``, ``voucher`` or ``credit`` for a line that comes from one; empty for any other."""
    if OneOffBilled.objects.filter(invoice=invoice, position=line.position).exists():
        return "one-off"
    kind = next((str(kind) for kind, unit in UNITS.items() if unit == line.unit and not line.meter), "")
    return kind if kind and Taken.objects.filter(invoice=invoice, grant__kind=kind).exists() else ""


def own_charges(*, invoice: Invoice, lines: Sequence[ComputedLine]) -> list[dict[str, Any]]:
    """These lines as charges of ``prices.json``: a flat amount, named by what it comes from."""
    return [
        {
            "lines": [len(lines) + at],
            "month": own.since[:7],
            "late": False,
            "group": None,
            "price": {
                "plan": "",
                "code": own.code,
                "name": own.line.text,
                "valid_from": own.since,
                "terms": {"model": "flat", "amount": own.line.unit_price, "quantity": own.line.quantity},
            },
            "meter": None,
            "exchange": None,
        }
        for at, own in enumerate(own_lines(invoice=invoice, lines=lines), start=1)
    ]
