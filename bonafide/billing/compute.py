"""Every account's bill of a month, worked out and touching nothing; the run writes it, the rehearsal shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import copy
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from bonafide import money
from bonafide.accounts.models import Account
from bonafide.billing.balance.desk import BalanceDesk, prepaid
from bonafide.billing.computed import ComputedBill, Stopped, main_of
from bonafide.billing.lines import Prices, Unbillable, lines_of, split_days
from bonafide.billing.models import Invoice
from bonafide.billing.seal import canonical
from bonafide.billing.tax_basis import Decided, TaxDesk, Unlocated
from bonafide.billing.taxed import at_home, taxed, with_threshold
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.exchange import latest_rate
from bonafide.pricing.models import ExchangeRate
from bonafide.usage.measure import Measured, measure
from bonafide.usage.measure_days import DaysUsed

CHUNK = 500
# What a column holds (64 bits).
LARGEST = 2**63 - 1


def compute_bills(*, month: Month, operator: Operator) -> Iterator[ComputedBill | Stopped]:
    """What every account that has no bill of ``month`` yet would be billed, by account; an account without lines is left out.

    Streams: memory is one chunk of accounts, queries are a fixed number per chunk. Accounts count that were open during the
    month or have usage in it (imported history can be older than the account).
    """
    desk = _Desk(month, operator)
    after = 0
    while accounts := _unbilled(month, after):
        after = accounts[-1].pk
        yield from desk.bills(accounts)


def running_bill(
    *, account: Account, month: Month, operator: Operator, now: datetime | None = None
) -> ComputedBill | Stopped | None:
    """What the account's usage of ``month`` comes to by ``now`` (by its end, when None); ``None`` when it has no line.

    Usage and its plan alone: without one-off charges, and before what vouchers and credits take off.
    """
    return next(_Desk(month, operator, now, usage_alone=True).bills([account]), None)


def bills_of(
    *, account: Account, month: Month, operator: Operator, usages: Sequence[Sequence[Measured]], now: datetime
) -> list[ComputedBill | Stopped | None]:
    """What one account's month would come to by each of these usages; nothing of one counts towards another.

    The first is what is measured by ``now``; what the others have more is used on the days from then on.
    """
    desk = _Desk(month, operator, now, usage_alone=True)
    desk.tax.read([account])
    measured = {account.pk: usages[0]}
    days = split_days(accounts=[account], measured=measured, month=month, prices=desk.prices, until=now)
    today = now.astimezone(operator.zone).date()
    to_come = [today + timedelta(days=number) for number in range((month.last_day - today).days + 1)]
    tax, found = desk.tax, []
    for rows in usages:
        desk.tax = copy(tax)
        more = _more(usages[0], rows, month)
        desk.days = {key: used.with_more(more, to_come) if key[1] == month else used for key, used in days.items()}
        found.append(desk.outcome(account, rows))
    return found


def _more(before: Sequence[Measured], after: Sequence[Measured], month: Month) -> dict[tuple[int, str], int]:
    """What of each meter and group of the month one usage has more than another."""
    had = {(row.meter_id, row.group_key): row.quantity for row in before if row.usage_month == month.key}
    more = {
        (row.meter_id, row.group_key): row.quantity - had.get((row.meter_id, row.group_key), 0)
        for row in after
        if row.usage_month == month.key
    }
    return {key: amount for key, amount in more.items() if amount}


def simulated_bill(*, account: Account, month: Month, operator: Operator) -> ComputedBill | Stopped | None:
    """A whole month of a test account; where no exchange rate is entered for it yet, the latest one before serves."""
    desk = _Desk(month, operator, usage_alone=True)
    desk.prices = Prices(operator.zone, rate_of=latest_rate)
    return next(desk.bills([account]), None)


def accounts_to_bill(*, month: Month) -> int:
    """How many accounts a run would look at."""
    return _without_bill(month).count()


def _unbilled(month: Month, after: int) -> list[Account]:
    return list(_without_bill(month).filter(pk__gt=after).order_by("pk")[:CHUNK])


def _without_bill(month: Month) -> QuerySet[Account]:
    billed = Invoice.objects.filter(account=OuterRef("pk"), month=month.key, kind=Invoice.Kind.INVOICE)
    return Account.objects.real().filter(~Exists(billed))


class _Desk:
    """What is read once for all accounts of a month: prices, rates, the seller."""

    def __init__(self, month: Month, operator: Operator, until: datetime | None = None, *, usage_alone: bool = False) -> None:
        self.month, self.operator, self.until, self.usage_alone = month, operator, until, usage_alone
        self.start, self.end = month.start(operator.zone), month.end(operator.zone)
        self.seller = canonical(seller_of(operator))
        self.prices = Prices(operator.zone)
        self.days: dict[tuple[int, Month], DaysUsed] = {}
        self.balance = BalanceDesk(month, operator)
        self.tax, self.sentences = TaxDesk(month, operator), operator.tax.sentences

    def bills(self, accounts: Sequence[Account]) -> Iterator[ComputedBill | Stopped]:
        measured: dict[int, list[Measured]] = defaultdict(list)
        ids = [account.pk for account in accounts]
        for row in measure(bill_month=self.month, zone=self.operator.zone, account_ids=ids, until=self.until):
            measured[row.account_id].append(row)
        self.days = split_days(accounts=accounts, measured=measured, month=self.month, prices=self.prices, until=self.until)
        self.tax.read(accounts)
        if not self.usage_alone:
            self.balance.read(ids)
        for account in accounts:
            rows = measured.get(account.pk, [])
            if not rows and not self._open(account) and not self.balance.has_charges(account.pk):
                continue
            outcome = self.outcome(account, rows)
            if outcome is not None:
                yield outcome

    def outcome(self, account: Account, rows: Sequence[Measured]) -> ComputedBill | Stopped | None:
        """The bill of one of the accounts that tax was read for; None when it has no line."""
        try:
            return self._bill(account, rows)
        except Unbillable as stop:
            evidence = stop.items if isinstance(stop, Unlocated) else ()
            return Stopped(account.pk, account.reference, account.name, str(stop), evidence, stop.mend)
        except (ArithmeticError, ValueError) as error:  # a figure beyond every bound: that account's alone
            why = f"its bill cannot be worked out ({type(error).__name__}: {error}): correct its usage or its price"
            return Stopped(account.pk, account.reference, account.name, why, mend="usage")

    def _open(self, account: Account) -> bool:
        """Whether the account existed at some moment of the month."""
        return account.created_at < self.end and (account.closed_at is None or account.closed_at > self.start)

    def _bill(self, account: Account, rows: Sequence[Measured]) -> ComputedBill | None:
        lines = lines_of(account=account, measured=rows, month=self.month, prices=self.prices, days=self.days)
        sheet = self.prices.sheet(account.pk, self.month, account.language)
        currency = self.balance.currency_of(account.pk, sheet.plan.currency if sheet else None)
        first = len(lines) + 1
        lines += self.balance.charges(account.pk, account.language)
        if not lines or currency is None:
            return None
        off, uses = self.balance.discounts(account.pk, lines, currency, account.language)
        lines, gross = lines + off, sheet.plan.gross if sheet else False
        decided = self.tax.decide(account, frozenset(line.sort for line in lines))
        lines, taxes = taxed(
            lines=lines, treatments=decided.treatments, gross=gross, language=account.language, own=self.sentences
        )
        net_minor, tax_minor = sum(tax.base_minor for tax in taxes), sum(tax.tax_minor for tax in taxes)
        exchange, missing = self._exchange(currency)
        home_minor = at_home(minor=tax_minor, currency=currency, exchange=exchange)
        if max(map(abs, (net_minor + tax_minor, home_minor or 0, *(line.net_minor for line in lines)))) > LARGEST:
            raise Unbillable("its amounts are larger than can be booked: correct its usage or its price", mend="usage")
        bill = ComputedBill(
            account_id=account.pk,
            reference=account.reference,
            name=account.name,
            month=self.month,
            currency=currency,
            language=account.language,
            seller=self.seller,
            buyer=buyer_of(account),
            lines=lines,
            taxes=taxes,
            net_minor=net_minor,
            tax_minor=tax_minor,
            treatments=decided.treatments,
            gross=gross,
            tax_basis=decided.basis,
            eu_consumer_minor=self._counted(decided, net_minor, currency, exchange),
            sale=decided.sale,
            tax_home_minor=home_minor,
            exchange=exchange,
            home_currency_missing=missing,
        )
        bill = self.balance.with_balance(bill, first, uses)
        return prepaid(self._at_threshold(bill)) if bill.treatment.counts else bill

    def _counted(self, decided: Decided, net_minor: int, currency: str, exchange: dict[str, str] | None) -> int | None:
        """What counts towards the threshold for consumers elsewhere in the Union, in the operator's own currency."""
        if not main_of(decided.treatments).counts:
            return None
        home = self.operator.billing.currency
        counted = net_minor if currency == home else at_home(minor=net_minor, currency=currency, exchange=exchange)
        if counted is None:
            raise Unbillable(
                f"no exchange rate from {currency} to {home} for {self.month}, which the VAT of consumers elsewhere in the EU "
                f"takes: enter it, for example 'bonafide prices rate {currency} {home} {self.month.last_day} 0.89 --source ECB'",
                mend="rate",
            )
        return counted

    def _at_threshold(self, bill: ComputedBill) -> ComputedBill:
        """The bill as it will be when everything before it is issued in this order."""
        bill = with_threshold(bill, self.tax.turnover, own=self.sentences)
        self.tax.sold(bill.eu_consumer_minor or 0)
        return bill

    def _exchange(self, currency: str) -> tuple[dict[str, str] | None, str]:
        """The rate into the operator's own currency (Directive 2006/112/EC art. 230), and what is missing for it."""
        home = self.operator.billing.currency
        if currency == home:
            return None, ""
        found: ExchangeRate | None = self.prices.exchange(currency, home, self.month)
        if found is None:
            return None, f"no exchange rate from {currency} to {home} for {self.month}"
        return {
            "base": currency,
            "quote": home,
            "rate": money.text(Decimal(found.rate)),
            "dated_on": found.dated_on.isoformat(),
            "source": found.source,
        }, ""


def seller_of(operator: Operator) -> dict[str, object]:
    """The operator as frozen on a bill."""
    return {
        **operator.identity.model_dump(exclude={"publication_director"}),
        "bank": operator.bank.model_dump() if operator.bank else None,
    }


def buyer_of(account: Account) -> dict[str, object]:
    """The account as frozen on a bill."""
    fields = (
        "reference", "kind", "name", "street", "postcode", "city", "country", "vat_number", "registration", "purchase_order",
    )  # fmt: skip
    return {name: getattr(account, name) for name in fields}
