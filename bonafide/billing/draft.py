"""Computed bills become drafts: the rows to be written, whole but for their numbers; nothing is read or written here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from msgspec import Raw

from bonafide.billing.computed import ComputedBill
from bonafide.billing.mentions import mentions_of
from bonafide.billing.seal import canonical
from bonafide.operator import Operator

_NOTHING = canonical([])


class Draft(NamedTuple):
    """The rows of one draft as they are written and sealed: JSON columns as canonical text, days as ISO 8601.

    ``invoice`` is by column, lines and taxes are in the order of ``LINE_FIELDS`` and ``TAX_FIELDS``.
    """

    invoice: dict[str, Any]
    lines: list[tuple[Any, ...]]
    taxes: Sequence[tuple[Any, ...]]


def drafts_of(*, bills: Sequence[ComputedBill], operator: Operator, due_on: date) -> list[Draft]:
    """The rows of each bill; ``due_on`` is the day they will have to be paid by, which the sentences on them name."""

    @cache  # few sets of sentences serve all bills
    def mentions(language: str, kind: str, category: str, key: str, place: str, owed: bool) -> Raw:  # noqa: FBT001 — cached by position
        return canonical(
            mentions_of(
                operator=operator,
                language=language,
                kind=kind,
                categories=(category,),
                owed=owed,
                due_on=due_on,
                treatment=key,
                taxed_in=place,
            )
        )

    drafts = []
    for bill in bills:
        decided = bill.treatment
        said = mentions(
            bill.language,
            str(bill.buyer["kind"]),
            decided.category,
            decided.key,
            decided.taxed_in,
            bill.total_minor > bill.prepaid_minor,
        )
        drafts.append(_draft(bill, said, operator.service.trial))
    return drafts


def _draft(bill: ComputedBill, mentions: Raw, trial: bool) -> Draft:  # noqa: FBT001 — an own helper
    month = bill.month
    invoice = {
        "account_id": bill.account_id,
        "kind": "380",
        "month": month.key,
        "currency": bill.currency,
        "language": bill.language,
        "seller": bill.seller,
        "buyer": canonical(bill.buyer),
        "mentions": mentions,
        "period_start_on": month.first_day.isoformat(),
        "period_end_on": month.last_day.isoformat(),
        "net_minor": bill.net_minor,
        "tax_minor": bill.tax_minor,
        "total_minor": bill.net_minor + bill.tax_minor,
        "tax_home_minor": bill.tax_home_minor,
        "exchange": None if bill.exchange is None else canonical(bill.exchange),
        "trial": trial,
        "tax_basis": bill.tax_basis,
        "eu_consumer_minor": bill.eu_consumer_minor,
        "prepaid_minor": bill.prepaid_minor or None,
    }
    lines = [
        # a computed line is in the order of the columns, but for its position, its details as JSON and its sort
        (position, *line[:6], canonical(line.details) if line.details else _NOTHING, *line[7:-1])
        for position, line in enumerate(bill.lines, start=1)
    ]
    return Draft(invoice, lines, sorted(bill.taxes))
