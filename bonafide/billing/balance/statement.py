"""What an account has, by kind, and everything that came and went: as its customer reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bonafide.accounts.models import Account
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, GrantKind, OneOff, Taken


@dataclass(frozen=True)
class Sum:
    """What is left in one kind and currency, and the grants that it is in, what expires soonest in front."""

    kind: GrantKind
    currency: str
    minor: int
    grants: list[Any]


@dataclass(frozen=True)
class Movement:
    """``minor`` is above zero for what came; ``what`` is a kind of :class:`Taken`, or ``granted`` or ``returned``.

    ``number`` is of the bill or credit note, where there is one; ``reason`` what staff wrote.
    """

    on: date
    kind: GrantKind
    what: str
    minor: int
    currency: str
    number: str = ""
    reason: str = ""


def sums_of(*, account: Account) -> list[Sum]:
    """One query."""
    found: dict[tuple[str, str], list[Any]] = {}
    grants = with_left(Grant.objects.filter(account=account)).filter(left_minor__gt=0).select_related("code")
    for grant in sorted(grants, key=lambda one: (one.expires_on or date.max, one.pk)):
        found.setdefault((grant.kind, grant.currency), []).append(grant)
    order = list(GrantKind)
    return [
        Sum(GrantKind(kind), currency, sum(one.left_minor for one in of), of)
        for (kind, currency), of in sorted(found.items(), key=lambda item: (order.index(GrantKind(item[0][0])), item[0][1]))
    ]


def movements_of(*, account: Account) -> list[Movement]:
    """Newest first; two queries."""
    rows = [
        (
            grant.made_at,
            Movement(
                grant.starts_on,
                GrantKind(grant.kind),
                "returned" if grant.document else "granted",
                grant.amount_minor,
                grant.currency,
                str(grant.document.number) if grant.document else "",
                "" if grant.document else grant.reason,
            ),
        )
        for grant in Grant.objects.filter(account=account).select_related("document")
    ]
    for taken in Taken.objects.filter(grant__account=account).select_related("grant", "invoice"):
        number = str(taken.invoice.number) if taken.invoice else ""
        known = (GrantKind(taken.grant.kind), taken.kind, -taken.amount_minor, taken.grant.currency, number, taken.reason)
        rows.append((taken.made_at, Movement(taken.taken_on, *known)))
    return [movement for _at, movement in sorted(rows, key=lambda row: row[0], reverse=True)]


def charges_waiting(*, account: Account) -> list[OneOff]:
    """One-off charges that the next bills will have."""
    waiting = OneOff.objects.filter(account=account, withdrawn_at=None, billed=None)
    return list(waiting.order_by("charged_on", "pk"))
