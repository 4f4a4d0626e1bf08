"""Which contract a notice is about. Who is not signed in names it by its reference and an address of whoever may end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from bonafide.accounts.models import Account, Membership
from bonafide.contracts.models import Contract
from bonafide.pricing.models import Subscription


@dataclass(frozen=True)
class Matched:
    """What a notice is about: a contract, or the plan of an account that was put on it without an order."""

    account: Account
    contract: Contract | None
    subscription: Subscription | None


def match(*, said: str, email: str, person: Any, today: date) -> Matched | None:
    """Find the contract that ``said`` names, if whoever writes may end it: an owner who is signed in, or an address of an owner.

    The reference of a contract stands only in letters and pages of its account, and cannot be guessed. That of an account can, so
    it counts for owners who are signed in alone.

    :param person: who is signed in; None for nobody.
    """
    reference = said.strip()
    contract = Contract.objects.filter(reference=reference.upper()).select_related("account", "subscription__plan").first()
    if contract:
        mine = _owns(person, contract.account) or email.lower() in _addresses(contract)
        return Matched(contract.account, contract, contract.subscription) if mine else None
    account = Account.objects.real().filter(reference__iexact=reference).first()
    if account is None or not _owns(person, account):
        return None
    return of_account(account=account, today=today)


def of_account(*, account: Account, today: date) -> Matched | None:
    """What runs in an account: its latest contract that has not ended, else the plan that it is on."""
    running = account.contracts.running(today).select_related("subscription__plan").order_by("-ordered_at").first()
    if running:
        return Matched(account, running, running.subscription)
    open_ = account.subscriptions.filter(Q(ends_on=None) | Q(ends_on__gt=today)).select_related("plan")
    subscription = open_.order_by("-starts_on").first()
    return Matched(account, None, subscription) if subscription else None


def _owns(person: Any, account: Account) -> bool:
    if person is None:
        return False
    return Membership.objects.owners().filter(account=account, user=person).exists()


def _addresses(contract: Contract) -> set[str]:
    """Of whoever ordered, and of the owners."""
    owners = Membership.objects.owners().filter(account=contract.account_id).values_list("user__email", flat=True)
    return {contract.email.lower(), *owners} - {""}
