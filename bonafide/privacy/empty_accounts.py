"""The account that somebody opened by signing up and never came back to: it goes with them, as long as nothing happened in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from bonafide.accounts.close import close_account
from bonafide.accounts.models import Account, Membership
from bonafide.accounts.owners import hold_account
from bonafide.billing.models import Invoice
from bonafide.contracts.models import Contract
from bonafide.holdings import Table
from bonafide.pricing.models import Subscription
from bonafide.privacy.erase_login import empty_account
from bonafide.privacy.erase_rows import erase_rows
from bonafide.privacy.holds import holds_on
from bonafide.privacy.keeps import Whom
from bonafide.usage.models import Total


def take_empty_accounts(*, person_id: int, now: datetime, tables: Iterable[Table]) -> int:
    """Close and empty the accounts of which nobody but this person is a member and that hold nothing; how many.

    Call it inside a transaction, for somebody who never confirmed their sign-up: there was no contract whose end the law counts
    from, so its floors do not begin. An order that something be kept, on them or on the account, is obeyed.
    """
    done = 0
    for account in list(_of(person_id)):
        hold_account(account.pk)  # whoever is about to use or bill it comes before us, or finds it closed
        if not _is_empty(account.pk, person_id) or holds_on(now=now, person=person_id, account=account.pk):
            continue
        close_account(account=account, now=now)
        Membership.objects.filter(account=account).delete()
        # Tables too large to be looked through for one customer hold nothing: each event has its total, and there is none.
        erase_rows(whom=Whom(account=account.pk), tables=[table for table in tables if not table.walked], keeps={}, now=now)
        empty_account(account_id=account.pk, tables=tables, kept=())
        done += 1
    return done


def _of(person_id: int) -> QuerySet[Account]:
    return Account.objects.filter(memberships__user=person_id, closed_at=None).order_by("pk")


def _is_empty(account_id: int, person_id: int) -> bool:
    """No other member, no bill, no usage, no plan that somebody chose for it, no contract."""
    others = Membership.objects.filter(account=OuterRef("pk")).exclude(user=person_id)
    holds = [model._base_manager.filter(account=OuterRef("pk")) for model in (Invoice, Total, Subscription, Contract)]
    return Account.objects.filter(*(~Exists(rows) for rows in (others, *holds)), pk=account_id).exists()
