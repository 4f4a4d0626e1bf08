"""The prices of an account's month, laid out for its lines: a sheet for each stay on a plan, an entry for each price of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from bonafide.accounts.models import Account
from bonafide.billing.wording import LineWords
from bonafide.money import is_currency
from bonafide.periods import Month
from bonafide.pricing.exchange import rate_for
from bonafide.pricing.models import ExchangeRate, Meter
from bonafide.pricing.prices_in_force import Item, PlanInForce, PriceBook, Version, price_book
from bonafide.pricing.prorate import prorated
from bonafide.pricing.rating import ONE, CostPlus
from bonafide.pricing.stays import Part, Stay
from bonafide.usage.measure_days import DaysUsed


class Unbillable(Exception):
    """Why an account cannot be billed yet, as one plain line with the remedy; ``mend`` says where (``runs/mend.py``)."""

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Prices:
    """What lines are priced by, read once and kept for all accounts of a run."""

    def __init__(self, zone: ZoneInfo, *, rate_of: Callable[..., ExchangeRate | None] = rate_for) -> None:
        self.zone = zone
        self._book = cache(lambda month: price_book(month=month, zone=zone))
        self.exchange = cache(lambda base, quote, month: rate_of(base=base, quote=quote, month=month))
        self._codes = cache(lambda: dict(Meter.objects.values_list("pk", "code")))
        self._sheets: dict[tuple[int, Month, str], Sheet] = {}

    def sheet(self, account_id: int, month: Month, language: str) -> Sheet | None:
        """The account's last plan in that month, in its language, as it is for a whole month; none without a plan."""
        plan = self._book(month).plan_for(account_id)
        return None if plan is None else self._whole(plan, month, language)

    def sheets(self, account: Account, month: Month, language: str, used: DaysUsed | None = None) -> tuple[Sheet, ...]:
        """A sheet for each stay of the account in that month, in its language; none without a plan.

        :param used: where an account was opened within the month but has usage from before, its first stay begins with that.
        """
        book: PriceBook = self._book(month)
        stays = book.stays_for(account_id=account.pk, opened=account.created_at, closed=account.closed_at)
        if (
            used
            and stays
            and stays[0].plan_id == book.default_plan_id
            and not book.begins_subscribed(account.pk, account.created_at)
        ):
            first = min((day for _meter, day in used.used_days()), default=stays[0].first)
            if first < stays[0].first == account.created_at.astimezone(self.zone).date():
                stays = (replace(stays[0], first=first), *stays[1:])
        return tuple(
            self._whole(book.plans[stay.plan_id], month, language)
            if stay is book.whole[stay.plan_id][0] or stay.is_whole(self.zone)
            else Sheet(book.plans[stay.plan_id], month, language, self, stay)
            for stay in stays
        )

    def is_split(self, account: Account, month: Month) -> bool:
        """Whether anything of the account's month is priced by its days."""
        return any(sheet.split for sheet in self.sheets(account, month, account.language))

    def _whole(self, plan: PlanInForce, month: Month, language: str) -> Sheet:
        key = (plan.id, month, language)
        if key not in self._sheets:
            stay = self._book(month).whole[plan.id][0]
            self._sheets[key] = Sheet(plan, month, language, self, stay)
        return self._sheets[key]

    def meter_code(self, meter_id: int) -> str:
        return str(self._codes().get(meter_id, meter_id))


class Sheet:
    """A plan in one month and language, for one stay on it."""

    def __init__(self, plan: PlanInForce, month: Month, language: str, prices: Prices, stay: Stay) -> None:
        self.plan, self.month, self.language, self.prices, self.stay = plan, month, language, prices, stay
        self.entries = tuple(self._entries())
        self.meters = frozenset(entry.meter.id for entry in self.entries if entry.meter)
        self.split = any(entry.part for entry in self.entries) or not stay.is_whole(prices.zone)

    def _entries(self) -> Iterator[Entry]:
        """An item that stays the same all month has one entry without a part; any other has one for each part."""
        first, until = self.month.first_day, self.month.next().first_day
        whole = self.stay.is_whole(self.prices.zone)
        versions = self.plan.versions or tuple((Version(first, until, item),) for item in self.plan.items)
        for of_item in versions:
            for version in of_item:
                if whole and (version.since, version.until) == (first, until):
                    yield Entry(version.item, self)
                    continue
                part = self.stay.part(since=version.since, until=version.until, zone=self.prices.zone)
                if part:
                    yield Entry(version.item, self, part)


class Entry:
    """One price of a sheet, with the words for it.

    ``full`` is the item as the price list has it for a month. Where only a part of the month is at it, ``item`` and ``terms`` are
    what that part owes.
    """

    def __init__(self, item: Item, sheet: Sheet, part: Part | None = None) -> None:
        self.full, self.item, self.meter, self.sheet, self.part = item, item, item.meter, sheet, part
        if part:
            aggregation, scale = (item.meter.aggregation, item.meter.scale) if item.meter else ("", 0)
            terms = prorated(
                terms=item.terms, share=part.share, currency=sheet.plan.currency, aggregation=aggregation, scale=scale
            )
            self.item = replace(item, terms=terms)
        self.terms = self.item.terms
        self._words: LineWords | None = None

    @cached_property
    def exchange(self) -> ExchangeRate | None:
        """The rate that turns a provider's cost into the plan's currency; none when they are the same.

        :raises Unbillable: when staff entered none for the month.
        """
        meter, currency, month = self.meter, self.sheet.plan.currency, self.sheet.month
        if not isinstance(self.terms, CostPlus) or meter is None or meter.unit == currency:
            return None
        if not is_currency(meter.unit):
            raise Unbillable(
                f"price {self.item.code}: meter {meter.code} counts {meter.unit!r}, which is no currency to add a mark-up to",
                mend="price",
            )
        found = self.sheet.prices.exchange(meter.unit, currency, month)
        if found is None:
            raise Unbillable(
                f"no exchange rate from {meter.unit} to {currency} for {month}: enter it, for example "
                f"'bonafide prices rate {meter.unit} {currency} {month.last_day} 0.89 --source ECB'",
                mend="rate",
            )
        return found

    @cached_property
    def factor(self) -> Decimal:
        return Decimal(self.exchange.rate) if self.exchange else ONE

    def words(self, group: str) -> LineWords:
        """Words that name no group are the same for every account, so they are kept."""
        if group:
            return self._worded(group)
        if self._words is None:
            self._words = self._worded("")
        return self._words

    def _worded(self, group: str) -> LineWords:
        sheet = self.sheet
        full = self.full.terms
        return LineWords(
            self.item, group, sheet.month, sheet.language, sheet.plan.currency, self.exchange, part=self.part, full=full
        )

    def below_zero(self) -> Unbillable:
        code = self.meter.code if self.meter else self.item.code
        return Unbillable(
            f"usage of meter {code} in {self.sheet.month} adds up to less than zero, "
            f"which price {self.item.code} ({self.terms.model}) cannot bill: correct the usage",
            mend="usage",
        )
