"""What is left of grants: what was granted less everything taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bonafide.billing.balance.apply import Left
from bonafide.billing.balance.models import Grant, GrantKind, OneOff, Taken
from bonafide.periods import Month


def with_left(grants: QuerySet[Grant]) -> Any:
    """The query set, each with ``left_minor`` (which the types of Django do not know)."""
    taken = Taken.objects.filter(grant=OuterRef("pk")).order_by().values("grant").annotate(sum=Sum("amount_minor")).values("sum")
    return grants.annotate(left_minor=F("amount_minor") - Coalesce(Subquery(taken), 0, output_field=BigIntegerField()))


def applies_to(month: Month) -> Q:
    """Grants that a bill of ``month`` may use: those that hold on its last day.

    Money in advance is a means of payment: when it came does not matter, only that it was there when the bill is worked out.
    """
    begun = Q(starts_on__lte=month.last_day) | Q(kind=GrantKind.PREPAID)
    return begun & (Q(expires_on=None) | Q(expires_on__gte=month.last_day))


def last_month_of(expires_on: date) -> Month:
    """The last month whose bill a grant with that last day may be used by."""
    month = Month(expires_on.year, expires_on.month)
    return month if month.last_day == expires_on else month.previous()


def grants_left(*, account_ids: Iterable[int], month: Month) -> dict[int, dict[str, list[Left]]]:
    """By account and currency, what bills of ``month`` may use; one query."""
    found: dict[int, dict[str, list[Left]]] = defaultdict(lambda: defaultdict(list))
    grants = with_left(Grant.objects.filter(applies_to(month), account_id__in=list(account_ids))).filter(left_minor__gt=0)
    columns = ("account_id", "currency", "pk", "kind", "left_minor", "code__code", "reason", "expires_on")
    for account_id, currency, pk, kind, minor, code, reason, expires_on in grants.values_list(*columns):
        found[account_id][currency].append(Left(pk, kind, minor, code or reason, expires_on))
    return found


def charges_due(*, account_ids: Iterable[int], month: Month) -> dict[int, list[OneOff]]:
    """By account, the one-off charges of ``month`` and before that are on no bill, the oldest first; one query."""
    found: dict[int, list[OneOff]] = defaultdict(list)
    waiting = OneOff.objects.filter(
        account_id__in=list(account_ids), charged_on__lte=month.last_day, withdrawn_at=None, billed=None
    )
    for charge in waiting.order_by("charged_on", "pk"):
        found[charge.account_id].append(charge)
    return found
