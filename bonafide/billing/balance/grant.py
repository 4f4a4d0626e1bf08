"""Staff (or a payment) grant an account an amount, and take back what of it is unused."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from bonafide.accounts.models import Account, User
from bonafide.billing.balance.books import home_when_received, post_received, post_refund
from bonafide.billing.balance.left import last_month_of
from bonafide.billing.balance.models import Grant, GrantKind, Taken
from bonafide.billing.issue import lock_numbers
from bonafide.billing.ledger.post import BALANCE
from bonafide.errors import Refused
from bonafide.money import is_currency
from bonafide.operator import Operator

LARGEST = 10**14


class GrantRefused(Refused):
    """What cannot be granted or withdrawn, and why."""


def grant(
    *,
    account: Account,
    kind: str,
    currency: str,
    amount_minor: int,
    reason: str,
    key: str,
    operator: Operator,
    now: datetime,
    by: User | None = None,
    starts_on: date | None = None,
    expires_on: date | None = None,
    means: str = "",
    reference: str = "",
    worth_minor: int | None = None,
) -> Grant:
    """Grant ``amount_minor`` of ``currency`` to an account, from today (or ``starts_on``) to the end of ``expires_on``.

    For ``prepaid`` it is money that came on ``starts_on``: ``means`` and ``reference`` are the identity of its payment, and it is
    posted to the ledger in the same transaction. ``worth_minor`` is what the books have it as where its month has no exchange
    rate. The same ``key`` for the same again returns the grant that is there.

    :raises GrantRefused: for no amount, no reason, a period in which no bill could use it, money without its payment or
        without an exchange rate, or a key or payment that was used for something else.
    """
    reason, day = " ".join(reason.split()), starts_on or now.astimezone(operator.zone).date()
    _check(kind, currency, amount_minor, reason, key)
    _check_days(kind, day, expires_on, now.astimezone(operator.zone).date())
    _check_money(kind, means, reference)
    values = {"account": account, "kind": kind, "currency": currency, "amount_minor": amount_minor}
    with transaction.atomic():
        lock_numbers()
        there = Grant.objects.filter(key=key).first()
        if there:
            return _same(there, values)
        if means and Grant.objects.filter(means=means, reference=reference).exists():
            raise GrantRefused(f"payment {reference!r} ({means}) was granted already: each is granted once")
        made = Grant.objects.create(
            **values,
            starts_on=day,
            expires_on=expires_on,
            reason=reason,
            key=key,
            means=means,
            reference=reference,
            home_minor=_home(kind, currency, amount_minor, day, operator, worth_minor),
            made_by=by,
            made_at=now,
        )
        if kind == GrantKind.PREPAID:
            post_received(grant=made, operator=operator, now=now)
    return made


def withdraw(
    *,
    grant: Grant,
    reason: str,
    operator: Operator,
    now: datetime,
    by: User | None = None,
    means: str = "",
    reference: str = "",
    amount_minor: int | None = None,
    key: str = "withdrawal",
) -> Taken:
    """Take back what is unused of a grant: all of it, or ``amount_minor``, each ``key`` once.

    Money in advance goes back to the customer by ``means`` with ``reference``.

    :raises GrantRefused: when nothing is left, or less than is asked; without a reason; or for money that does not say how it
        goes back.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 200:
        raise GrantRefused("expected a reason of at most 200 characters, which the customer reads")
    _check_money(grant.kind, means, reference)
    with transaction.atomic():
        lock_numbers()
        locked = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
        left = locked.amount_minor - (locked.taken.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
        if not left:
            raise GrantRefused(f"nothing is left of {locked}")
        if amount_minor is not None and not 0 < amount_minor <= left:
            raise GrantRefused(f"{amount_minor} (minor units) cannot be taken back of {locked}: {left} is left")
        taken = Taken.objects.create(
            grant=locked,
            kind=Taken.Kind.WITHDRAWAL,
            amount_minor=left if amount_minor is None else amount_minor,
            taken_on=now.astimezone(operator.zone).date(),
            reason=reason,
            key=key,
            made_by=by,
            made_at=now,
        )
        if locked.kind == GrantKind.PREPAID:
            post_refund(taken=taken, means=means, reference=reference, operator=operator)
    return taken


def _check(kind: str, currency: str, amount_minor: int, reason: str, key: str) -> None:
    if kind not in GrantKind.values:
        raise GrantRefused(f"kind {kind!r}: expected voucher, credit or prepaid")
    if not is_currency(currency):
        raise GrantRefused(f"currency {currency!r} is unknown: expected an ISO 4217 code such as EUR")
    if not 0 < amount_minor < LARGEST:
        raise GrantRefused("expected an amount above zero")
    if not reason or len(reason) > 200:
        raise GrantRefused("expected a reason of at most 200 characters, which the customer reads")
    if not key or len(key) > 120:
        raise GrantRefused("expected a key of at most 120 characters: the same again makes no second grant")


def _check_days(kind: str, starts_on: date, expires_on: date | None, today: date) -> None:
    if kind == GrantKind.PREPAID and starts_on > today:
        raise GrantRefused(f"money of {starts_on} has not come yet: expected {today} or earlier")
    if expires_on is None:
        return
    if expires_on < max(starts_on, today):
        raise GrantRefused(f"its last day {expires_on} is over: expected a later one, or none")
    if last_month_of(expires_on).last_day < starts_on:
        raise GrantRefused(
            f"from {starts_on} to {expires_on} no month ends, so no bill could use it: bills use what holds on the last day of "
            "their month"
        )


def _check_money(kind: str, means: str, reference: str) -> None:
    if kind == GrantKind.PREPAID:
        if not means or not reference or means == BALANCE:
            raise GrantRefused(
                "money in advance: expected the means and the reference of the payment, such as transfer and E2E-1"
            )
    elif means or reference:
        raise GrantRefused("a voucher or a credit is no money: expected neither means nor reference of a payment")


def _home(kind: str, currency: str, minor: int, day: date, operator: Operator, otherwise: int | None) -> int | None:
    home = operator.billing.currency
    if kind != GrantKind.PREPAID or currency == home:
        return None
    worth = home_when_received(minor=minor, currency=currency, day=day, operator=operator)
    worth = otherwise if worth is None else worth
    if worth is None:
        raise GrantRefused(
            f"no exchange rate from {currency} to {home} for {day:%Y-%m}, by which the books have it: enter it, for example "
            f"'bonafide prices rate {currency} {home} {day} 0.89 --source ECB'"
        )
    return worth


def _same(there: Grant, values: dict[str, object]) -> Grant:
    if any(getattr(there, name) != value for name, value in values.items()):
        raise GrantRefused(f"key {there.key!r} was already used for something else: use another")
    return there
