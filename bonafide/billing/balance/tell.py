"""Write to who looks after an account's bills before its credit, or money it paid in advance, expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from bonafide.accounts.models import Membership
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, GrantKind
from bonafide.billing.budgets.tell import HEARS
from bonafide.languages import written_day
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator


def tell_ending(*, operator: Operator, now: datetime) -> int:
    """One letter a grant and person, ``billing.balance_notice_days`` before its last day; how many were written.

    Of vouchers nothing is written: who redeems a code reads its last day.
    """
    today = now.astimezone(operator.zone).date()
    until = today + timedelta(days=operator.billing.balance_notice_days)
    ending = Grant.objects.filter(
        kind__in=(GrantKind.CREDIT, GrantKind.PREPAID), expires_on__range=(today, until), account__closed_at=None
    )
    told = 0
    for grant in with_left(ending).filter(left_minor__gt=0).select_related("account").order_by("pk"):
        told += _tell(grant, now)
    return told


def _tell(grant: Any, now: datetime) -> int:
    account, told = grant.account, 0
    members = Membership.objects.filter(account=account, role__in=HEARS, user__is_active=True).select_related("user")
    for membership in members.order_by("pk"):
        person = membership.user
        language = person.language or account.language
        letter = send_letter(
            purpose="balance-ends",
            template="billing/email/balance_ends",
            to=person.email,
            language=language,
            given={
                "account": account.name[:80],
                "amount": format_minor(grant.left_minor, grant.currency, language),
                "prepaid": grant.kind == GrantKind.PREPAID,
                "day": written_day(grant.expires_on, language),
                "balance_url": settings.OPERATOR.service.console_url + reverse("balance"),
            },
            now=now,
            person=person,
            account=account,
            once=f"balance-ends {grant.pk} {person.pk}",
        )
        told += letter is not None
    return told
