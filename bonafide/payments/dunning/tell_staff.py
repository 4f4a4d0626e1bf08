"""Letters to the staff: each morning what is suspended or closed tomorrow, and at a closing what money is left of the account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from bonafide.accounts.models import Account, User
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, GrantKind
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.payments.dunning.late import rate_is_missing
from bonafide.payments.dunning.models import DunningCase, DunningStep
from bonafide.payments.dunning.standing import DAY

PURPOSE = "unpaid-bills-staff"


def tell_of_tomorrow(*, operator: Operator, now: datetime) -> int:
    """Who is suspended or closed tomorrow (or today), and whether a rate of interest is missing; how many were written to.

    Nobody is written to when there is nothing to tell; once a day.
    """
    today = now.astimezone(operator.zone).date()
    planned = DunningStep.objects.filter(
        done_at=None, called_off_at=None, planned_on__lte=today + DAY, case__ended_at=None
    ).select_related("case__account")
    rows = [
        {"name": step.case.account.name[:80], "reference": step.case.account.reference, "kind": step.kind, "on": step.planned_on}
        for step in planned.order_by("planned_on", "case__account__name")
    ]
    missing = rate_is_missing(operator=operator, on=today) and DunningCase.objects.filter(ended_at=None).exists()
    if not operator.dunning.enabled or not (rows or missing):
        return 0
    given = {"rows": rows, "rate_missing_on": today if missing else None}
    return _tell("dunning/email/staff_day", given, f"dunning-day {today}", operator, now)


def tell_of_money_left(*, account: Account, key: str, operator: Operator, now: datetime) -> int:
    """An account was closed that still has money in advance, which is the customer's; how many were written to."""
    grants = with_left(Grant.objects.filter(account=account, kind=GrantKind.PREPAID)).filter(left_minor__gt=0)
    left = [(grant.left_minor, grant.currency) for grant in grants.order_by("pk")]
    if not left:
        return 0
    given = {"account": account.name[:80], "reference": account.reference, "left": left}
    return _tell("dunning/email/money_left", given, f"dunning-left {key}", operator, now)


def _tell(template: str, given: dict[str, Any], once: str, operator: Operator, now: datetime) -> int:
    told = 0
    for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
        language = person.language or operator.service.language
        amounts = [format_minor(minor, currency, language) for minor, currency in given.get("left", ())]
        letter = send_letter(
            purpose=PURPOSE,
            template=template,
            to=person.email,
            language=language,
            given={**given, "amounts": amounts, "page": operator.service.console_url + reverse("dunning")},
            now=now,
            person=person,
            once=f"{once} {person.pk}",
        )
        told += letter is not None
    return told
