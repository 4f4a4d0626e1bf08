"""What the plans on offer cost somebody: with VAT for people, before it for companies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from bonafide.accounts.models import Account
from bonafide.billing.explain.words import terms_in_words
from bonafide.billing.lines import Unbillable
from bonafide.billing.tax import Buyer, Treatment, Undecided, decide, tax_on
from bonafide.billing.tax.threshold import beyond
from bonafide.billing.tax_basis import TaxDesk, rates_of, seller_for_tax
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
    book = price_book(month=month)
    treatment = _treatment_of(account, month, operator)
    found = []
    for plan in offered_plans():
        net_minor = _least(book.plans[plan.pk])
        rate_ = treatment(net_minor).rate
        with_tax = account is None or account.kind == Account.Kind.PERSON
        words = _Words(book.plans[plan.pk], rate_ if with_tax else Decimal(0), language)
        found.append(
            Offer(
                code=plan.code,
                name=plan.name(language),
                about=plan.offer.get(language, plan.offer.get("en", "")),
                currency=plan.currency,
                net_minor=net_minor,
                tax_minor=tax_on(net_minor, rate_),
                rate=text(rate_),
                with_tax=with_tax,
                items=tuple((item.name(language), tuple(words.of(item))) for item in words.plan.items),
            )
        )
    return found


def offer_of(*, plan: Plan, account: Account, language: str, operator: Operator, now: datetime) -> Offer | None:
    """The same of one plan; None when it is not on offer."""
    offers = offers_for(account=account, language=language, operator=operator, now=now)
    return next((offer for offer in offers if offer.code == plan.code), None)


def _least(plan: PlanInForce) -> int:
    """What a month comes to without any usage."""
    owed = [item.terms for item in plan.items if item.terms.owed_without_usage]
    lines = [line for terms in owed for line in rate(terms=terms, quantity=Decimal(0), currency=plan.currency)]
    return sum(line.net_minor for line in lines)


def _treatment_of(account: Account | None, month: Month, operator: Operator) -> Any:
    """Which VAT a net of so much bears, as the bill of this month will have it."""
    if account is None:
        seller = seller_for_tax(operator)
        try:
            home = decide(
                seller=seller, buyer=Buyer("person", seller.place), on=month.last_day, rates=rates_of(operator), beyond=False
            )
        except Undecided as stop:
            raise Unbillable(str(stop)) from None
        return lambda net_minor: home
    desk = TaxDesk(month, operator)
    desk.read([account])
    decided = desk.decide(account)

    def treatment(net_minor: int) -> Treatment:
        sale = decided.sale
        if sale and beyond(before=desk.turnover, net_minor=net_minor, threshold_minor=sale.limit_minor):
            return sale.beyond
        return decided.treatment

    return treatment


class _Words:
    """The prices of a plan in words, at a rate of VAT that is put on each."""

    def __init__(self, plan: PlanInForce, tax: Decimal, language: str) -> None:
        self.plan, self.tax, self.language = plan, tax, language

    def of(self, item: Item) -> list[str]:
        said = terms_in_words(
            terms=self._taxed(item.terms),
            unit=item.meter.unit if item.meter else "",
            currency=self.plan.currency,
            language=self.language,
        )
        if self.tax and item.terms.model == "cost-plus":
            said.append(_("and VAT of %(rate)s %%") % {"rate": format_exact(self.tax, self.language)})
        return said

    def _taxed(self, terms: Terms) -> Terms:
        """The same terms with every price as the consumer pays it."""
        if not self.tax:
            return terms
        changed: dict[str, Any] = {name: self._with(getattr(terms, name)) for name in _PRICES if hasattr(terms, name)}
        if hasattr(terms, "tiers"):
            changed["tiers"] = tuple(
                replace(tier, unit_price=self._with(tier.unit_price), flat=self._with(tier.flat)) for tier in terms.tiers
            )
        return replace(terms, **changed)

    def _with(self, price: Decimal) -> Decimal:
        factor = EXACT.add(Decimal(1), self.tax.scaleb(-2, context=EXACT))
        return round_half_up(EXACT.multiply(price, factor), PRICE_DECIMALS)
