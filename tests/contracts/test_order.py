"""Ordering: what was shown is what is frozen, what begins, and what is refused."""

import json
from datetime import date
from decimal import Decimal
from hashlib import sha256
from uuid import uuid4

import pytest
from django.db import Error, transaction
from django.utils import translation

from bonafide.accounts.owners import NotAnOwner
from bonafide.contracts import triggers
from bonafide.contracts.models import Contract
from bonafide.contracts.offers import offers_for
from bonafide.contracts.order import Changed, OrderRefused, place_order, show
from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.pricing.models import Price, Subscription
from bonafide.pricing.rating import Flat
from bonafide.terms.models import Acceptance
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.contracts import ORDERED, make_consumer, make_contract, make_offer
from tests.factories.terms import publish_terms

pytestmark = pytest.mark.django_db


def said(contract):
    return "\n".join(paragraph for section in json.loads(contract.summary)["sections"] for paragraph in section["paragraphs"])


def shown_to(person, plan, **values):
    account = person.accounts.get()
    return show(**{"account": account, "plan": plan, "language": "en", "operator": operator(), "now": ORDERED, **values})


def order(person, plan, **values):
    given = {
        "account": person.accounts.get(), "plan": plan, "user": person, "language": "en", "begin_at_once": True,
        "key": str(uuid4()), "operator": operator(), "now": ORDERED,
    }  # fmt: skip
    if "digest" not in values:
        values["digest"] = shown_to(person, plan).summary.digest
    return place_order(**{**given, **values})


@pytest.fixture
def _terms():
    publish_terms()


def test_a_contract_holds_what_was_shown_word_for_word():
    contract = make_contract()
    assert contract.digest == sha256(contract.summary.encode()).hexdigest()
    text = said(contract)
    assert "In all €30.00 a month, VAT of 20 % included" in text
    assert "€0.06 per hour" in text, "what is used is shown with VAT too"
    assert "within 14 days" in text
    assert "Nordlys Cloud, SAS with a capital of 10 000 EUR, R.C.S. Paris 732829320" in text
    assert "Médiateur du numérique, 5 place des Accords, 75002 Paris, https://mediateur.example" in text
    assert json.loads(contract.summary)["form"]
    assert (contract.price_minor, contract.net_minor, contract.terms_version) == (3000, 2500, 2)


def test_it_begins_at_once_only_for_who_expressly_asks():
    asked = make_contract(begin_at_once=True)
    assert asked.starts_on == asked.subscription.starts_on == date(2024, 9, 3)
    waits = make_contract(begin_at_once=False)
    assert waits.withdraw_until == date(2024, 9, 17)
    assert waits.starts_on == waits.subscription.starts_on == date(2024, 9, 18)
    assert (asked.begin_at_once, waits.begin_at_once) == (True, False)


def test_a_company_sees_prices_before_vat_and_has_nothing_to_withdraw_from():
    contract = make_contract(account=make_account(), begin_at_once=False)
    assert contract.withdraw_until is None
    assert contract.starts_on == date(2024, 9, 3)
    assert "In all €25.00 a month before VAT (VAT of 20 %)" in said(contract)
    assert "€0.05 per hour" in said(contract)
    assert "withdraw" not in said(contract)
    assert json.loads(contract.summary)["form"] == []


def test_the_letter_holds_all_of_it_and_the_form():
    contract = make_contract()
    letter = Letter.objects.get(purpose="contract")
    assert letter.address == contract.email
    written = Written.unseal(letter.sealed)
    for part in (written.text, written.html):
        assert contract.reference in part
        assert "until the end of 17 September 2024" in part
        assert "You expressly asked that the service begin at once" in part
        assert "I hereby withdraw from the contract" in part
        assert "Médiateur du numérique" in part


def test_the_terms_in_force_are_accepted_with_it():
    contract = make_contract()
    row = Acceptance.objects.get(user=contract.ordered_by)
    assert (row.version.number, row.accepted_at) == (contract.terms_version, ORDERED)


@pytest.mark.usefixtures("_terms")
def test_the_same_button_twice_is_one_contract():
    person, plan, key = make_consumer(), make_offer(), str(uuid4())
    digest = shown_to(person, plan).summary.digest
    assert order(person, plan, key=key, digest=digest) == order(person, plan, key=key, digest=digest)
    assert (Contract.objects.count(), Subscription.objects.count(), Letter.objects.count()) == (1, 1, 1)


@pytest.mark.usefixtures("_terms")
def test_what_has_changed_since_it_was_shown_has_to_be_read_again():
    person, plan = make_consumer(), make_offer()
    digest = shown_to(person, plan).summary.digest
    Price.objects.filter(plan=plan, meter=None).update(terms=Flat(amount=Decimal("26")).to_json())
    with pytest.raises(Changed):
        order(person, plan, digest=digest)
    assert order(person, plan).price_minor == 3120


@pytest.mark.usefixtures("_terms")
def test_who_is_on_a_plan_cancels_it_first():
    person = make_consumer()
    order(person, make_offer())
    with pytest.raises(OrderRefused, match="Cancel it first"):
        order(person, make_offer())


@pytest.mark.usefixtures("_terms")
def test_a_viewer_binds_nobody():
    person = make_consumer()
    viewer = make_member(account=person.accounts.get(), role="viewer")
    plan = make_offer()
    with pytest.raises(NotAnOwner):
        order(viewer, plan, digest=shown_to(person, plan).summary.digest)


def test_without_published_terms_nothing_is_ordered():
    with pytest.raises(OrderRefused, match="not published"):
        shown_to(make_consumer(), make_offer())


@pytest.mark.usefixtures("_terms")
def test_where_consumers_are_not_sold_to_only_companies_order():
    by = operator(consumers={"sells_to_consumers": False})
    plan = make_offer()
    with pytest.raises(OrderRefused, match="Only companies"):
        shown_to(make_consumer(), plan, operator=by)
    assert shown_to(make_member(account=make_account()), plan, operator=by)


@pytest.mark.usefixtures("_terms")
def test_a_plan_that_is_not_offered_is_not_ordered():
    plan = make_offer(offer=None)
    with pytest.raises(OrderRefused, match="not offered"):
        shown_to(make_consumer(), plan)


def test_the_price_of_a_consumer_is_that_of_their_own_country():
    make_offer()
    german = make_account(kind="person", country="DE", postcode="20457")
    by = operator(tax={"oss": "registered"})
    [offer] = offers_for(account=german, language="en", operator=by, now=ORDERED)
    assert (offer.rate, offer.price_minor) == ("19", 2975)
    [home] = offers_for(account=None, language="en", operator=by, now=ORDERED)
    assert (home.rate, home.price_minor) == ("20", 3000)


def test_in_french_it_is_the_french_that_is_frozen():
    with translation.override("fr"):
        contract = make_contract(language="fr")
    assert json.loads(contract.summary)["offer"]["name"] == "Départ"


# --- Kept -----------------------------------------------------------------------------------------------------------------
def refused(change):
    with pytest.raises(Error), transaction.atomic():
        change()


def test_the_database_keeps_a_contract_as_it_was_concluded():
    rows = Contract.objects.filter(pk=make_contract().pk)
    refused(lambda: rows.update(price_minor=1))
    refused(lambda: rows.update(summary="something else"))
    refused(lambda: rows.update(withdraw_until=date(2020, 1, 1)))
    refused(lambda: rows.update(email=""))
    refused(rows.delete)
    assert rows.update(last_on=date(2024, 10, 1), ordered_by=None) == 1
    assert rows.update(email="", summary="") == 1, "emptied together, when the law no longer asks to keep it"


def test_without_the_guard_it_could_be_rewritten():
    from django.db import connection

    rows = Contract.objects.filter(pk=make_contract().pk)
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
        assert rows.update(price_minor=1) == 1
        for statement in triggers.install(connection.vendor):
            cursor.execute(statement)
