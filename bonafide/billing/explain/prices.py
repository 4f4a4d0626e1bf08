"""The prices that an issued bill used, and its lines, as a file for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bonafide.billing.balance.explain import own_charges
from bonafide.billing.explain.replay import Explained
from bonafide.billing.models import Invoice
from bonafide.money import exponent, text
from bonafide.periods import Month
from bonafide.pricing.stays import midnight

FORMAT = "bonafide-bill-prices/2"
_LINE = (
    *("position", "text", "meter", "quantity", "unit", "unit_price", "net_minor"),
    *("gross_minor", "tax_category", "tax_rate"),
)


def prices_of(*, invoice: Invoice, explained: Sequence[Explained], zone: ZoneInfo) -> dict[str, Any]:
    """Everything but the usage that the lines follow from. Numbers are decimal text, instants are UTC, months are half-open.

    A charge is one price, of one group when the price is each group's own; "lines" are the positions that it came to. Where a
    price holds for a part of the month only, "days" are those whose usage it has (half-open; "from" and "until" are their
    midnights), and "share" is the part of the month that it owes, by which its terms, given as for a whole month, are cut. A line
    with "gross_minor" has prices that include the tax: that, and not its net, is quantity times unit price.
    """
    return {
        "format": FORMAT,
        "bill": invoice.number,
        "month": str(Month.from_key(invoice.month)),
        "currency": invoice.currency,
        "decimals": exponent(invoice.currency),
        "net_minor": invoice.net_minor,
        "total_minor": invoice.total_minor,
        "lines": list(invoice.lines.values(*_LINE)),
        "taxes": list(invoice.taxes.values("category", "rate", "base_minor", "tax_minor")),
        "charges": [
            *(_charge(one, invoice.language, zone) for one in explained),
            *own_charges(invoice=invoice, lines=[line for one in explained for line in one.charge.lines()]),
        ],
    }


def _charge(one: Explained, language: str, zone: ZoneInfo) -> dict[str, Any]:
    entry = one.charge.entry
    meter, rate, part = entry.meter, entry.exchange, entry.part
    start, end = one.month.start(zone), one.month.end(zone)
    return {
        "lines": list(one.positions),
        "month": str(one.month),
        "from": _instant(midnight(part.first, zone) if part else start),
        "until": _instant(midnight(part.until, zone) if part else end),
        "days": part and {"from": part.first.isoformat(), "until": part.until.isoformat()},
        "share": part and {"owed": part.owed, "of": part.of, "unit": part.unit},
        "late": one.charge.late,
        "group": one.group,
        "price": {
            "plan": entry.sheet.plan.code,
            "code": entry.item.code,
            "name": entry.item.name(language),
            "valid_from": entry.item.valid_from.isoformat(),
            "terms": json.loads(entry.full.terms.to_json()),
        },
        "meter": meter
        and {
            "code": meter.code,
            "unit": meter.unit,
            "aggregation": meter.aggregation,
            "decimals": meter.scale,
            "group_by": meter.group_by,
            "subject": meter.subject,
        },
        "exchange": rate
        and {
            "base": rate.base,
            "quote": rate.quote,
            "rate": text(rate.value),
            "dated_on": rate.dated_on.isoformat(),
            "source": rate.source,
        },
    }


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
