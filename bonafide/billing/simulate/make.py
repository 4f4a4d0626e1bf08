"""Make a test account: its time begins with a month, past or to come."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from bonafide.accounts.models import Account, Clock, new_reference
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Plan, Subscription
from bonafide.usage.models import Event

LONGEST = 200


class SimulationRefused(Refused):
    """What was asked for cannot be simulated."""


@transaction.atomic
def make_test_account(
    *,
    name: str,
    start: Month,
    operator: Operator,
    plan: Plan | None = None,
    country: str = "",
    kind: str = Account.Kind.COMPANY,
    reference: str = "",
) -> Account:
    """An account that is never billed, at the first instant of ``start``, on ``plan`` (else the default one) from then on.

    :param country: where it says it is; the operator's own when empty.
    :raises SimulationRefused: for an empty name, or a reference that is taken.
    """
    reference = reference or f"TEST-{new_reference().removeprefix('C-')}"
    if not name.strip() or max(len(name), len(reference)) > LONGEST:
        raise SimulationRefused(f"name {name[:60]!r}: expected 1 to {LONGEST} characters")
    if Account.objects.filter(reference=reference).exists():
        raise SimulationRefused(f"account {reference} is there already: choose another reference")
    began_at = start.start(operator.zone)
    account = Account.objects.create(
        reference=reference,
        kind=Account.Kind(kind),
        name=name.strip(),
        country=country or operator.identity.country,
        language=operator.service.language,
        created_at=began_at,
        is_test=True,
    )
    floor = Event.objects.aggregate(last=Max("id"))["last"] or 0
    Clock.objects.create(account=account, now_at=began_at, open_month=start.key, events_after=floor)
    if plan is not None:
        Subscription.objects.create(account=account, plan=plan, starts_on=start.first_day)
    return account


def simulated_account(reference: str) -> Account:
    """:raises SimulationRefused: when there is none of that reference; a real account is none."""
    account = Account.objects.filter(reference=reference, is_test=True).select_related("clock").first()
    if account is None:
        raise SimulationRefused(f"there is no test account {reference!r}: 'bonafide test-accounts list' shows them")
    return account
