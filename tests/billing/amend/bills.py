"""Bills with several rates of tax, and with prices that include it, made by the real run."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings

from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice
from bonafide.operator import Operator
from bonafide.operator_tax import TaxRate
from bonafide.pricing.models import Plan, Price
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account
from tests.factories.billing import issue, subscribe

# Prices by sort: 20 %, 5.5 % (books) and none (insurance).
FEES = (("standard", "0.33"), ("books", "1.07"), ("standard", "9.99"), ("books", "12.49"))


def with_sorts() -> Operator:
    """The tests' operator, with a reduced rate for books."""
    rate = TaxRate(territory="FR", rate=Decimal("5.5"), valid_from=date(2020, 1, 1), source="CGI 278-0 bis", sort="books")
    tax = settings.OPERATOR.tax.model_copy(update={"rates": [*settings.OPERATOR.tax.rates, rate]})
    return settings.OPERATOR.model_copy(update={"tax": tax})


def make_mixed(*, gross: bool = False, fees: tuple[tuple[str, str], ...] = FEES, **account: object) -> Invoice:
    """An issued bill of September with a fee for each of ``fees``."""
    plan = Plan.objects.create(
        code=f"mixed-{Plan.objects.count()}", name_en="Plan", name_fr="Offre", currency="EUR", is_default=False, gross=gross
    )
    for position, (sort, amount) in enumerate(fees, start=1):
        Price.objects.create(
            plan=plan,
            code=f"fee-{position}",
            valid_from=date(2020, 1, 1),
            name_en=f"Fee {position}",
            name_fr=f"Frais {position}",
            terms=Flat(amount=Decimal(amount)).to_json(),
            position=position,
            sort=sort,
        )
    owner = make_account(**account)
    subscribe(owner, plan)
    issue(by=with_sorts())
    return Invoice.objects.get(account=owner)


def balances(**about: object) -> dict[str, int]:
    """What each account of the books stands at, debit above zero; those at zero are left out."""
    found: dict[str, int] = {}
    for debit, credited, minor in Posting.objects.filter(**about).values_list("debit", "credit", "amount_minor"):
        found[debit] = found.get(debit, 0) + minor
        found[credited] = found.get(credited, 0) - minor
    return {account: amount for account, amount in found.items() if amount}
