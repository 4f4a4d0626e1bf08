"""Whether the service of an account stands still."""

from __future__ import annotations

from bonafide.accounts.models import Account
from bonafide.payments.dunning.models import Suspension


def suspension_of(account: Account) -> Suspension | None:
    """The suspension that holds; one statement."""
    return Suspension.objects.filter(account=account, until=None).first()


def is_suspended(account: Account) -> bool:
    """Whether the account is suspended now because bills were not paid. Its console, keys and usage work as before."""
    return Suspension.objects.filter(account=account, until=None).exists()
