"""Plans on offer, and contracts that the real step concludes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import translation

from bonafide.accounts.models import Account, Membership, User
from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.notices import Said, give_notice
from bonafide.contracts.order import place_order, show
from bonafide.operator import Operator
from bonafide.pricing.models import Plan
from bonafide.pricing.rating import Flat, PerUnit
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.pricing import make_meter, make_plan, make_price
from tests.factories.terms import publish_terms

# A Tuesday, noon in Paris; the last day for withdrawing is Tuesday 17 September.
ORDERED = datetime(2024, 9, 3, 10, tzinfo=UTC)
_serial = count(1)


def make_offer(*, euros: str = "25", **values: Any) -> Plan:
    """A plan on offer with a fee a month before VAT (25.00 is 30.00 with it) and a price by the hour."""
    plan = make_plan(
        **{
            "code": f"start-{next(_serial)}",
            "name_en": "Start",
            "name_fr": "Départ",
            "offer": {"en": "A small server.", "fr": "Un petit serveur."},
            **values,
        }
    )
    make_price(plan, None, Flat(amount=Decimal(euros)), valid_from=date(2020, 1, 1), name_en="Fee", name_fr="Abonnement")
    meter = make_meter(code=f"offered-hours-{next(_serial)}", unit="hour", name_en="Hours", name_fr="Heures")
    make_price(plan, meter, PerUnit(unit_price=Decimal("0.05")), valid_from=date(2020, 1, 1), name_en="Hours", name_fr="Heures")
    return plan


def make_consumer(**values: Any) -> User:
    """Somebody who owns an account of their own."""
    return make_member(account=make_account(kind="person", name="Mira", **values))


def make_contract(
    *,
    account: Account | None = None,
    plan: Plan | None = None,
    begin_at_once: bool = True,
    now: datetime = ORDERED,
    by: Operator | None = None,
    language: str = "en",
) -> Contract:
    """Shown and ordered by an owner of the account; a new consumer's, unless said otherwise."""
    from bonafide.terms.models import Version

    if not Version.objects.exists():
        publish_terms()
    plan, by = plan or make_offer(), by or operator()
    account = account or make_consumer().accounts.get()
    owner = Membership.objects.owners().filter(account=account).first()
    person = owner.user if owner else make_member(account=account)
    with translation.override(language):
        shown = show(account=account, plan=plan, language=language, operator=by, now=now)
        account.subscriptions.filter(ends_on=None, starts_on__lt=now.date()).update(ends_on=now.date())
        return place_order(
            account=account,
            plan=plan,
            user=person,
            language=language,
            digest=shown.summary.digest,
            begin_at_once=begin_at_once,
            key=str(uuid4()),
            operator=by,
            now=now,
        )


def tell(
    about: Contract | None = None, /, *, kind: Notice.Kind, now: datetime, by: Operator | None = None, **values: Any
) -> Notice:
    """A notice of somebody who is not signed in, ``about`` a contract with the address it was ordered from."""
    person = values.pop("person", None)
    given = {"name": "Mira", "key": str(uuid4()), "language": "en"}
    if about:
        given |= {"email": about.email, "contract": about.reference}
    return give_notice(said=Said(kind=kind, **{**given, **values}), person=person, operator=by or operator(), now=now)
