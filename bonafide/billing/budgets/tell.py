"""Write to who looks after an account's bills when its running month reaches an amount that they set; once a month each.

These letters are of the kind "billing", not "information": each comes only for an amount that somebody of the account set, which
is where it ends too. Information goes to whoever did not refuse it in general, and is announced to many.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from bonafide.accounts.models import Account, Membership
from bonafide.billing.compute import running_bill
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import Budget, BudgetReached
from bonafide.mail.send import send_letter
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.periods import Month

HEARS = (Membership.Role.OWNER, Membership.Role.BILLING)


def tell_budgets(*, operator: Operator, now: datetime) -> int:
    """Look at every open account with an amount that this month has not reached yet; how many were reached now.

    A month counts as it stands before VAT, late usage included. An account whose month cannot be priced yet is left for the next
    round, and so is an amount in a currency that the account is not billed in.
    """
    month, told = Month.of(now, operator.zone), 0
    waiting = Budget.objects.exclude(reached__month=month.key).filter(account__closed_at=None)
    for account in Account.objects.real().filter(pk__in=waiting.values("account")).order_by("pk"):
        bill = running_bill(account=account, month=month, operator=operator, now=now)
        if not isinstance(bill, ComputedBill):
            continue
        for budget in waiting.filter(account=account, currency=bill.currency, amount_minor__lte=bill.net_minor):
            told += _tell(budget, account, bill, now)
    return told


@transaction.atomic
def _tell(budget: Budget, account: Account, bill: ComputedBill, now: datetime) -> bool:
    """Note it and write, both or neither; false when somebody else has."""
    values = {"net_minor": bill.net_minor, "at": now}
    _reached, made = BudgetReached.objects.get_or_create(budget=budget, month=bill.month.key, defaults=values)
    if not made:
        return False
    console = settings.OPERATOR.service.console_url
    members = Membership.objects.filter(account=account, role__in=HEARS, user__is_active=True).select_related("user")
    for membership in members.order_by("pk"):
        person = membership.user
        language = person.language or account.language
        send_letter(
            purpose="budget",
            template="billing/email/budget",
            to=person.email,
            language=language,
            given={
                "account": account.name[:80],
                "amount": format_minor(budget.amount_minor, budget.currency, language),
                "used": format_minor(bill.net_minor, bill.currency, language),
                "month": bill.month,
                "usage_url": console + reverse("usage"),
                "budgets_url": console + reverse("budgets"),
            },
            now=now,
            person=person,
            account=account,
        )
    return True
