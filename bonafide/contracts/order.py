"""Order a plan: what was shown is frozen as a contract, the account is put on the plan, and a letter confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, User
from bonafide.accounts.owners import demand_owner, hold_account
from bonafide.billing.lines import Unbillable
from bonafide.contracts.deadlines import withdrawal_last_day
from bonafide.contracts.letters import confirm_order
from bonafide.contracts.models import Contract
from bonafide.contracts.offers import Offer, offer_of
from bonafide.contracts.summary import Summary, summarise
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.pricing.models import Plan
from bonafide.pricing.subscribe import SubscriptionRefused, subscribe


class OrderRefused(Refused):
    """An order that cannot be taken; the text is for whoever orders."""


class Changed(OrderRefused):
    """What was shown is not what it would be now: it has to be read again before it is ordered."""


@dataclass(frozen=True)
class Shown:
    """What somebody is shown before they order, and what it would be frozen with."""

    offer: Offer
    summary: Summary
    consumer: bool
    terms_version: int


def show(*, account: Account, plan: Plan, language: str, operator: Operator, now: datetime) -> Shown:
    """What ``account`` would order; call with ``language`` active.

    :raises OrderRefused: when it cannot, with the reason.
    """
    consumer = account.kind == Account.Kind.PERSON
    if consumer and not operator.consumers.sells_to_consumers:
        raise OrderRefused(_("Only companies and other organisations order here. Say under Company that yours is one."))
    terms_version = import_string(settings.TERMS_IN_FORCE)(now=now)
    if terms_version is None:
        raise OrderRefused(_("The terms of service are not published yet. Please order later."))
    try:
        offer = offer_of(plan=plan, account=account, language=language, operator=operator, now=now)
    except Unbillable:
        raise OrderRefused(_("We cannot tell yet which VAT you pay, and look into it. Please order later.")) from None
    if offer is None:
        raise OrderRefused(_("This plan is not offered any more."))
    told = summarise(offer=offer, consumer=consumer, terms_version=terms_version, language=language, operator=operator)
    return Shown(offer, told, consumer, terms_version)


@transaction.atomic
def place_order(
    *,
    account: Account,
    plan: Plan,
    user: User,
    language: str,
    digest: str,
    begin_at_once: bool,
    key: str,
    operator: Operator,
    now: datetime,
) -> Contract:
    """Conclude the contract that was shown, of which ``digest`` is; the same ``key`` again returns the one that is there.

    A consumer's begins after the period for withdrawing, unless they expressly asked that it begin at once (C. conso. L221-25).

    :raises Changed: when what would be shown now is something else.
    :raises OrderRefused: when the account cannot order the plan, with the reason.
    :raises NotAnOwner: for somebody who cannot bind the account.
    """
    hold_account(account.pk)
    demand_owner(account_id=account.pk, user=user)
    there = Contract.objects.filter(key=key, account=account).first()
    if there:
        return there
    shown = show(account=account, plan=plan, language=language, operator=operator, now=now)
    if shown.summary.digest != digest:
        raise Changed(_("Something of it has changed since you opened this page. Please read it again."))
    today = now.astimezone(operator.zone).date()
    until = withdrawal_last_day(concluded_on=today, consumers=operator.consumers) if shown.consumer else None
    at_once = until is None or begin_at_once
    starts_on = _first_day(account, today if at_once or until is None else until + timedelta(days=1), today)
    try:
        subscription = subscribe(account=account, plan=plan, starts_on=starts_on, zone=operator.zone)
    except SubscriptionRefused:
        raise OrderRefused(_("The plan cannot begin on that day, because it was billed already. Please write to us.")) from None
    contract = Contract.objects.create(
        account=account,
        plan=plan,
        subscription=subscription,
        ordered_by=user,
        ordered_at=now,
        key=key,
        email=user.email,
        language=language,
        consumer=shown.consumer,
        begin_at_once=at_once,
        terms_version=shown.terms_version,
        starts_on=starts_on,
        withdraw_until=until,
        currency=shown.offer.currency,
        net_minor=shown.offer.net_minor,
        price_minor=shown.offer.price_minor,
        summary=shown.summary.text,
        digest=shown.summary.digest,
    )
    import_string(settings.TERMS_ACCEPT)(user=user, number=shown.terms_version, now=now)
    confirm_order(contract=contract, person=user, now=now)
    return contract


def _first_day(account: Account, wanted: date, today: date) -> date:
    """The day on which the plan begins: ``wanted``, or tomorrow where another one ended today."""
    still = account.subscriptions.filter(Q(ends_on=None) | Q(ends_on__gt=wanted)).select_related("plan")
    first = still.order_by("-starts_on").first()
    if first is None:
        return wanted
    if first.ends_on == today + timedelta(days=1):
        return first.ends_on
    raise OrderRefused(
        _("The account is on the plan %(plan)s. Cancel it first, then order the other one.")
        % {"plan": first.plan.name(account.language)}
    )
