"""What is done about accounts in the background."""

from __future__ import annotations

import time
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from bonafide.accounts.check_vat_numbers import check_vat_number, due_accounts
from bonafide.accounts.models import VatCheck
from bonafide.accounts.tell_ending_keys import tell_ending_keys

# Under the five minutes after which the round comes again; and it ends when VIES seems to be away.
_SECONDS = 60
_AWAY = 3


@task()
def tell_of_ending_keys() -> str:
    """Each morning: letters about API keys that end in two weeks, or tomorrow."""
    told = tell_ending_keys(now=timezone.now(), zone=settings.OPERATOR.zone)
    return f"{told} keys"


@task()
def check_vat_numbers() -> str:
    """Every five minutes: ask VIES about the numbers that are due, one after another."""
    begun, asked, silent = time.monotonic(), 0, 0
    for account_id in list(due_accounts(operator=settings.OPERATOR, now=timezone.now())):
        check = check_vat_number(account_id=account_id, operator=settings.OPERATOR, now=timezone.now())
        asked += check is not None
        silent = silent + 1 if check and check.outcome == VatCheck.Outcome.UNAVAILABLE else 0
        if silent >= _AWAY or time.monotonic() - begun > _SECONDS:
            break
    return f"{asked} asked"


@task()
def check_one_vat_number(account_id: int, by_hand: bool) -> str:  # noqa: FBT001 - the queue passes values
    """Ask VIES now, for somebody who has just changed the number or asks again."""
    check = check_vat_number(account_id=account_id, operator=settings.OPERATOR, now=timezone.now(), by_hand=by_hand)
    return check.outcome if check else "nothing was due"


def ask_vies_soon(*, account_id: int, by_hand: bool = False) -> None:
    """Nudge the workers once the transaction has committed; were that lost, the round finds what is due."""
    transaction.on_commit(partial(check_one_vat_number.enqueue, account_id, by_hand))
