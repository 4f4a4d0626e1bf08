"""Voucher codes: staff make and stop them, customers redeem them once an account."""

from __future__ import annotations

import re
from datetime import date, datetime

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, User
from bonafide.billing.balance.models import Grant, GrantKind, VoucherCode
from bonafide.errors import Refused
from bonafide.languages import written_day
from bonafide.money import is_currency
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Plan
from bonafide.pricing.prices_in_force import price_book

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,28}[A-Z0-9]")


class CodeRefused(Refused):
    """A code that cannot be made."""


class NotRedeemed(Refused):
    """Why a code gives this account nothing, as its customer reads it."""


def normal(code: str) -> str:
    """A code as it is kept: people type it in small letters and with spaces."""
    return "".join(code.split()).upper()


def make_code(
    *,
    code: str,
    currency: str,
    amount_minor: int,
    redemptions: int,
    redeem_until: date,
    now: datetime,
    lasts_months: int | None = None,
    plan: str = "",
    by: User | None = None,
) -> VoucherCode:
    """Make a code that gives each of at most ``redemptions`` accounts ``amount_minor``; see the model.

    :raises CodeRefused: naming the value and what was expected.
    """
    code = normal(code)
    if not _CODE.fullmatch(code):
        raise CodeRefused(f"code {code[:30]!r}: expected 4 to 30 letters and digits, with hyphens between them")
    if not is_currency(currency) or amount_minor <= 0 or redemptions <= 0:
        raise CodeRefused(f"code {code}: expected a currency such as EUR, an amount and a number of redemptions above zero")
    if plan and not Plan.objects.filter(code=plan).exists():
        raise CodeRefused(f"code {code}: there is no plan {plan!r}")
    if VoucherCode.objects.filter(code=code).exists():
        raise CodeRefused(f"code {code} is there already: choose another")
    return VoucherCode.objects.create(
        code=code,
        currency=currency,
        amount_minor=amount_minor,
        redemptions=redemptions,
        redeem_until=redeem_until,
        lasts_months=lasts_months,
        plan=plan,
        made_by=by,
        made_at=now,
    )


def stop_code(*, code: VoucherCode, now: datetime) -> bool:
    """Nobody redeems it any more; what was redeemed stays. False when it was stopped before."""
    return bool(VoucherCode.objects.filter(pk=code.pk, stopped_at=None).update(stopped_at=now))


def redeem(*, account: Account, code: str, operator: Operator, now: datetime) -> Grant:
    """The voucher that a code gives an account; the same code again returns the one that is there.

    :raises NotRedeemed: for what is no code, or not for this account, or not any more.
    """
    found = VoucherCode.objects.filter(code=normal(code)[:30]).first()
    if found is None:
        raise NotRedeemed(_("There is no such code. Please compare it letter by letter."))
    there = Grant.objects.filter(account=account, code=found).first()
    if there:
        return there
    today = now.astimezone(operator.zone).date()
    _check(found, account, today)
    try:
        with transaction.atomic():
            return Grant.objects.create(
                account=account,
                kind=GrantKind.VOUCHER,
                currency=found.currency,
                amount_minor=found.amount_minor,
                starts_on=today,
                expires_on=_last_day(found, today),
                reason=found.code,
                key=f"code {found.pk} for {account.pk}",
                code=found,
                made_at=now,
            )
    except DatabaseError:  # another took the last one, or this account redeemed it in another window
        there = Grant.objects.filter(account=account, code=found).first()
        if there:
            return there
        found.refresh_from_db()
        if not found.stopped_at and found.grants.count() < found.redemptions:  # it was something else
            raise
        raise NotRedeemed(_("This code was redeemed as often as it may be.")) from None


def _check(code: VoucherCode, account: Account, today: date) -> None:
    if code.stopped_at or today > code.redeem_until:
        day = written_day(min(today, code.redeem_until), account.language)
        raise NotRedeemed(_("This code could be redeemed until %(day)s.") % {"day": day})
    if account.closed_at:
        raise NotRedeemed(_("This account is closed."))
    plan = price_book(month=Month(today.year, today.month), zone=settings.OPERATOR.zone).plan_for(account.pk)
    if code.plan and (plan is None or plan.code != code.plan):
        raise NotRedeemed(_("This code is for another plan than yours."))
    if plan and plan.currency != code.currency:
        raise NotRedeemed(_("This code is in %(currency)s, and your bills are not.") % {"currency": code.currency})


def _last_day(code: VoucherCode, today: date) -> date | None:
    if code.lasts_months is None:
        return None
    month = Month(today.year, today.month)
    for _each in range(code.lasts_months):
        month = month.next()
    return month.last_day
