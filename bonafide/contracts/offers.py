"""What the plans on offer cost somebody: with VAT for people, before it for companies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bonafide.accounts.models import Account
from bonafide.billing.computed import ComputedLine, ComputedTax, Treatments, main_of
from bonafide.billing.explain.words import terms_in_words
from bonafide.billing.lines import Unbillable
from bonafide.billing.tax import Buyer, Undecided, decide
from bonafide.billing.tax.threshold import beyond
from bonafide.billing.tax_basis import ONLY_STANDARD, TaxDesk, rates_of, seller_for_tax
from bonafide.billing.taxed import taxed
from bonafide.money import EXACT, format_exact, round_half_up, text
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Plan
from bonafide.pricing.prices_in_force import Item, PlanInForce, price_book
from bonafide.pricing.rating import PRICE_DECIMALS, Terms, rate

_PRICES = ("amount", "unit_price", "price", "minimum")


@dataclass(frozen=True)
class Offer:
    """A plan as somebody may order it, in their language; amounts are of a calendar month, in minor units of ``currency``.

    ``net_minor`` is what is owed whatever is used. ``items`` are the name of each price with its terms in words, with VAT when
    ``with_tax``. ``rate`` is that of the VAT, in percent as text.
    """

    code: str
    name: str
    about: str
    currency: str
    net_minor: int
    tax_minor: int
    rate: str
    with_tax: bool
    items: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def price_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def shown_minor(self) -> int:
        return self.price_minor if self.with_tax else self.net_minor


def offered_plans() -> Any:
    """The plans that somebody may order."""
    return Plan.objects.filter(offer__isnull=False, is_default=False).order_by("pk")


def offers_for(*, account: Account | None, language: str, operator: Operator, now: datetime) -> list[Offer]:
    """Every plan on offer, at this month's prices; call with ``language`` active. Without an account, as to a person at home.

    :raises Unbillable: when it cannot be told yet which VAT the account pays.
    """
    month = Month.of(now, operator.zone)
    book = price_book(month=month, zone=operator.zone)
    till = _Till(account, month, operator, language)
    return [_offer(plan, book.plans[plan.pk], till, account, language) for plan in offered_plans()]


def _offer(plan: Plan, prices: PlanInForce, till: _Till, account: Account | None, language: str) -> Offer:
    treatments = till.treatments(prices)
    _lines, taxes = till.least(prices, treatments)
    with_tax = account is None or account.kind == Account.Kind.PERSON or prices.gross
    words = _Words(prices, treatments if with_tax and not prices.gross else {}, language)
    return Offer(
        code=plan.code,
        name=plan.name(language),
        about=(plan.offer or {}).get(language, ""),
        currency=plan.currency,
        net_minor=sum(tax.base_minor for tax in taxes),
        tax_minor=sum(tax.tax_minor for tax in taxes),
        rate=text(main_of(treatments).rate),
        with_tax=with_tax,
        items=tuple((item.name(language), tuple(words.of(item))) for item in prices.items),
    )


def offer_of(*, plan: Plan, account: Account, language: str, operator: Operator, now: datetime) -> Offer | None:
    """The same of one plan; None when it is not on offer."""
    offers = offers_for(account=account, language=language, operator=operator, now=now)
    return next((offer for offer in offers if offer.code == plan.code), None)


class _Till:
    """What somebody pays for a month of a plan without any usage, with the VAT that the bill of this month will bear."""

    def __init__(self, account: Account | None, month: Month, operator: Operator, language: str) -> None:
        self.account, self.month, self.operator, self.language = account, month, operator, language
        self.desk = TaxDesk(month, operator)
        if account:
            self.desk.read([account])

    def treatments(self, plan: PlanInForce) -> Treatments:
        """Of each sort of supply in the plan."""
        sorts = frozenset(item.sort for item in plan.items) or ONLY_STANDARD
        if self.account is None:
            return self._at_home(sorts)
        decided = self.desk.decide(self.account, sorts)
        sale = decided.sale
        if sale is None:
            return decided.treatments
        _lines, taxes = self.least(plan, decided.treatments)
        net_minor = sum(tax.base_minor for tax in taxes)
        crossed = beyond(before=self.desk.turnover, net_minor=net_minor, threshold_minor=sale.limit_minor)
        return sale.beyond if crossed else sale.below

    def least(self, plan: PlanInForce, treatments: Treatments) -> tuple[tuple[ComputedLine, ...], tuple[ComputedTax, ...]]:
        """The lines that are owed whatever is used, and their taxes."""
        owed = tuple(
            ComputedLine("", "", "1", "month", "", line.net_minor, sort=item.sort)
            for item in plan.items
            if item.terms.owed_without_usage
            for line in rate(terms=item.terms, quantity=Decimal(0), currency=plan.currency)
        )
        return taxed(lines=owed, treatments=treatments, gross=plan.gross, language=self.language)

    def _at_home(self, sorts: frozenset[str]) -> Treatments:
        seller, rates = seller_for_tax(self.operator), rates_of(self.operator)
        buyer, on = Buyer("person", seller.place), self.month.last_day
        try:
            return {
                sort: decide(seller=seller, buyer=buyer, on=on, rates=rates, beyond=False, sort=sort) for sort in sorted(sorts)
            }
        except Undecided as stop:
            raise Unbillable(str(stop)) from None


class _Words:
    """The prices of a plan in words, with the VAT of their sorts put on each; none where nothing is to be put on."""

    def __init__(self, plan: PlanInForce, treatments: Treatments, language: str) -> None:
        self.plan, self.treatments, self.language = plan, treatments, language

    def of(self, item: Item) -> list[str]:
        tax = self.treatments[item.sort].rate if self.treatments else Decimal(0)
        said = terms_in_words(
            terms=_taxed(item.terms, tax),
            unit=item.meter.unit if item.meter else "",
            currency=self.plan.currency,
            language=self.language,
        )
        if tax and item.terms.model == "cost-plus":
            said.append(_("and VAT of %(rate)s %%") % {"rate": format_exact(tax, self.language)})
        return said


def _taxed(terms: Terms, tax: Decimal) -> Terms:
    """The same terms with every price as the consumer pays it."""
    if not tax:
        return terms

    def with_tax(price: Decimal) -> Decimal:
        factor = EXACT.add(Decimal(1), tax.scaleb(-2, context=EXACT))
        return round_half_up(EXACT.multiply(price, factor), PRICE_DECIMALS)

    changed: dict[str, Any] = {name: with_tax(getattr(terms, name)) for name in _PRICES if hasattr(terms, name)}
    if hasattr(terms, "tiers"):
        changed["tiers"] = tuple(
            replace(tier, unit_price=with_tax(tier.unit_price), flat=with_tax(tier.flat)) for tier in terms.tiers
        )
    return replace(terms, **changed)
