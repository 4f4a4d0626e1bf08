"""Money in advance in the ledger: it comes, it goes back, it expires. What bills take of it is posted with their settlement."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from bonafide.billing.balance.models import Grant, Taken
from bonafide.billing.ledger import moves
from bonafide.billing.ledger.models import Step
from bonafide.billing.ledger.post import Entry, money_account, write_entries
from bonafide.money import EXACT, from_minor, to_minor
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.exchange import rate_for


def home_when_received(*, minor: int, currency: str, day: date, operator: Operator) -> int | None:
    """What money of another currency is worth in the books by the rate of the month it came in; None when there is no rate."""

    home = operator.billing.currency
    rate = rate_for(base=currency, quote=home, month=Month(day.year, day.month))
    return None if rate is None else to_minor(EXACT.multiply(from_minor(minor, currency), Decimal(rate.rate)), home)


def post_received(*, grant: Grant, operator: Operator, now: datetime) -> None:
    """Money in advance came; call within its transaction, once the numbers are locked."""
    home = grant.amount_minor if grant.currency == operator.billing.currency else grant.home_minor
    account = money_account(books=operator.books, means=grant.means)
    moved = moves.voucher(books=operator.books, money=account, minor=grant.amount_minor, home=home)
    known = (Step.VOUCHER, grant.pk, grant.account_id, None, grant.reference)
    write_entries(entries=[Entry(*known, grant.starts_on, _day(now, operator), grant.currency, moved)])


def post_refund(*, taken: Taken, means: str, reference: str, operator: Operator) -> None:
    """Money in advance went back to the customer."""
    grant, books = taken.grant, operator.books
    home = _home_of(taken, operator)
    account = money_account(books=books, means=means)
    moved = moves.voucher(books=books, money=account, minor=-taken.amount_minor, home=None if home is None else -home)
    known = (Step.REFUND, taken.pk, grant.account_id, None, reference)
    write_entries(entries=[Entry(*known, taken.taken_on, taken.taken_on, grant.currency, moved)])


def post_expiry(*, taken: Taken, operator: Operator) -> None:
    """Money in advance expired."""
    grant = taken.grant
    moved = moves.expired(books=operator.books, minor=taken.amount_minor, home=_home_of(taken, operator))
    known = (Step.EXPIRY, taken.pk, grant.account_id, None, f"{grant.reference or grant.key}"[:120])
    write_entries(entries=[Entry(*known, taken.taken_on, taken.taken_on, grant.currency, moved)])


def _home_of(taken: Taken, operator: Operator) -> int | None:
    grant = taken.grant
    if grant.currency == operator.billing.currency:
        return taken.amount_minor
    return None if grant.home_minor is None else moves.share(grant.home_minor, taken.amount_minor, grant.amount_minor)


def _day(now: datetime, operator: Operator) -> date:
    return now.astimezone(operator.zone).date()
