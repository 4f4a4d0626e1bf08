"""Exchange rates as staff enter them, and the one that holds for a month."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from bonafide.errors import Refused
from bonafide.money import is_currency, plain
from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.models import ExchangeRate
from bonafide.pricing.rating import EXCHANGE_DECIMALS


class ExchangeRateRefused(Refused):
    """A rate that cannot be entered."""


def enter_rate(*, base: str, quote: str, dated_on: date, rate: str, source: str, now: datetime) -> ExchangeRate:
    """Note that on ``dated_on`` one ``base`` was worth ``rate`` of ``quote``, says ``source``.

    The same rate again changes nothing. Another one for the same day replaces it, until the month is closed: bills were
    reckoned with the rate of that month then, so it takes neither a changed nor a further rate. A closed month that has no
    rate of this pair yet takes a first one, for usage that arrives late in a currency nobody had used.

    :param rate: decimal text, above 0, with at most eight decimals.
    :raises ExchangeRateRefused: naming the value, what was expected and the remedy.
    """
    values = {"rate": format(plain(_checked(base, quote, rate)), "f"), "source": _source(source)}
    today = timezone.localdate(now)
    if dated_on > today:
        raise ExchangeRateRefused(f"date {dated_on} has not come yet: expected {today} or earlier")
    month = Month(dated_on.year, dated_on.month)
    with transaction.atomic():
        closed = month in hold_closed_months()
        known = ExchangeRate.objects.filter(base=base, quote=quote, dated_on=dated_on).first()
        if known is not None and known.rate == values["rate"]:
            return known
        if closed and rate_for(base=base, quote=quote, month=month) is not None:
            raise ExchangeRateRefused(
                f"month {month} is closed and was billed with the rate it has from {base} to {quote}: "
                "enter a rate dated in a month that is still open"
            )
        if known is None:
            return ExchangeRate.objects.create(base=base, quote=quote, dated_on=dated_on, entered_at=now, **values)
        known.replace(entered_at=now, **values)
        return known


def rate_for(*, base: str, quote: str, month: Month) -> ExchangeRate | None:
    """The latest rate of the pair that is dated within the month; none when staff entered none."""
    return (
        ExchangeRate.objects.filter(base=base, quote=quote, dated_on__range=(month.first_day, month.last_day))
        .order_by("-dated_on")
        .first()
    )


def latest_rate(*, base: str, quote: str, month: Month) -> ExchangeRate | None:
    """For what is only simulated: the latest rate of the pair by the end of the month, however old it is by then."""
    rates = ExchangeRate.objects.filter(base=base, quote=quote, dated_on__lte=month.last_day)
    return rates.order_by("-dated_on").first()


def _checked(base: str, quote: str, rate: str) -> Decimal:
    for code in (base, quote):
        if not is_currency(code):
            raise ExchangeRateRefused(f"currency {code!r} is unknown: expected an ISO 4217 code such as USD")
    if base == quote:
        raise ExchangeRateRefused(f"from {base} to {quote}: expected two different currencies")
    if not re.fullmatch(rf"[0-9]{{1,10}}(\.[0-9]{{1,{EXCHANGE_DECIMALS}}})?", rate) or not Decimal(rate):
        raise ExchangeRateRefused(
            f"rate {rate!r}: expected a decimal number above 0 with at most {EXCHANGE_DECIMALS} decimals, such as 0.9125"
        )
    return Decimal(rate)


def _source(source: str) -> str:
    text = source.strip()
    if not text or len(text) > 120 or not text.isprintable():
        raise ExchangeRateRefused(f"source {source[:60]!r}: expected one line of at most 120 characters, such as ECB")
    return text
