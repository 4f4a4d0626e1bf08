"""The days that count for a contract: until when one may withdraw, when it ends, until when money goes back. Pure."""

from __future__ import annotations

import calendar as months
from datetime import date, timedelta

from bonafide.contracts.holidays import next_working_day
from bonafide.operator_consumers import Consumers

# The money goes back within so many days of the day on which the withdrawal was told (C. conso. L221-24).
REFUND_DAYS = 14
# So much longer may withdraw who was not told that they may (C. conso. L221-20).
UNINFORMED_MONTHS = 12


def withdrawal_last_day(*, concluded_on: date, consumers: Consumers, informed: bool = True) -> date:
    """The last day, to its end, on which a consumer may withdraw.

    The day of the contract does not count, and a period that would end on a Saturday, Sunday or public holiday ends with the
    next working day (C. conso. L221-18 and L221-19, Reg. (EEC, Euratom) 1182/71 art. 3). Who was not ``informed`` has twelve
    months more, from the end of the first period (L221-20).
    """
    last = concluded_on + timedelta(days=consumers.withdrawal_days)
    if not informed:
        last = _months_later(last, UNINFORMED_MONTHS)
    return next_working_day(on=last, calendar=consumers.holidays, more=consumers.more_holidays)


def refund_last_day(*, told_on: date) -> date:
    """The last day on which the money of a withdrawal may go back; the law lengthens it for nobody."""
    return told_on + timedelta(days=REFUND_DAYS)


def last_day_of_contract(*, told_on: date, wanted_on: date | None, notice_days: int) -> date:
    """The last day of a contract that is cancelled: the one wanted, but none before the notice is over."""
    earliest = told_on + timedelta(days=notice_days)
    return max(wanted_on or earliest, earliest)


def _months_later(on: date, count: int) -> date:
    years, month = divmod(on.month - 1 + count, 12)
    year = on.year + years
    return date(year, month + 1, min(on.day, months.monthrange(year, month + 1)[1]))
