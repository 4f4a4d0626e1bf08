"""A wrong bill is replaced by a corrected one, and everything about the first goes over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide.accounts.models import Account
from bonafide.billing.amend.changes import LineChange
from bonafide.billing.amend.give_up import give_up, lost_of
from bonafide.billing.amend.rectify import RectifyRefused, preview_rectified, rectify, stands_for
from bonafide.billing.correct import CreditRefused, credit
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice, Settlement, State
from bonafide.billing.settle import SettlementRefused, settle
from bonafide.billing.turnover import turnover_of
from bonafide.billing.verify import Verified, verify_books
from bonafide.documents.bill_data import bill_data
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.validate import hold_to_invariants
from bonafide.pricing.models import Subscription
from bonafide.pricing.rating import Flat
from tests.billing.amend.bills import make_mixed, with_sorts
from tests.billing.balance.grants import make_grant, make_payer
from tests.factories.accounts import make_account
from tests.factories.billing import SEPTEMBER, issue, make_invoice, make_plan, make_sale, operator, subscribe

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 8, tzinfo=UTC)
REASON = "Wrong address"


def replace(invoice: Invoice, *, key: str = "k-1", reason: str = REASON, **changes: LineChange) -> Invoice:
    given = {int(name.removeprefix("line_")): change for name, change in changes.items()}
    return rectify(invoice=invoice, reason=reason, key=key, operator=operator(), now=NOW, changes=given)


def moved(invoice: Invoice) -> Account:
    """Its account has another address by now."""
    account = invoice.account
    account.street = "9 rue Neuve"
    account.save()
    return account


def pay(invoice: Invoice, minor: int, reference: str = "B-1") -> Settlement:
    return settle(invoice=invoice, amount_minor=minor, received_on=date(2024, 10, 2), means="transfer", reference=reference)


def standing(invoice: Invoice) -> tuple[int, str]:
    found = Invoice.objects.with_state(NOW.date()).get(pk=invoice.pk)
    return found.open_minor, found.state  # type: ignore[attr-defined]


def balances(**about: object) -> dict[str, int]:
    found: dict[str, int] = {}
    for debit, credited, minor in Posting.objects.filter(**about).values_list("debit", "credit", "amount_minor"):
        found[debit] = found.get(debit, 0) + minor
        found[credited] = found.get(credited, 0) - minor
    return {account: amount for account, amount in found.items() if amount}


def test_the_buyer_is_frozen_anew_and_the_bill_stays_as_it_was() -> None:
    invoice = make_invoice()
    seal = invoice.seal
    moved(invoice)
    made = replace(invoice)
    assert (made.kind, made.number, made.position, made.month) == ("384", "2024-000002", 2, 202409)
    assert (made.buyer["street"], invoice.buyer["street"]) == ("9 rue Neuve", Invoice.objects.get(pk=invoice.pk).buyer["street"])
    assert (made.net_minor, made.tax_minor, made.total_minor) == (1000, 200, 1200)
    assert made.mentions[0] == (
        "Corrected bill: replaces bill 2024-000001 of 1 October 2024, on which nothing is owed any more: Wrong address"
    )
    assert (standing(invoice), standing(made)) == ((0, State.REPLACED), (1200, State.ISSUED))
    assert balances() == {"411000": 1200, "706000": -1000, "445800": -200}
    assert balances(invoice=invoice) == {}
    assert Invoice.objects.get(pk=invoice.pk).seal == seal
    assert isinstance(verify_books(), Verified)


@pytest.mark.parametrize("paid", [600, 1200, 1500])
def test_what_was_paid_goes_over(paid: int) -> None:
    invoice = make_invoice()
    pay(invoice, paid)
    moved(invoice)
    seen = preview_rectified(invoice=invoice, changes={1: LineChange(quantity="10")}, operator=operator())
    made = replace(invoice, line_1=LineChange(quantity="10"))
    assert made.total_minor == 960
    assert (seen.carried_minor, seen.open_minor, seen.paid_back_minor) == (paid, max(960 - paid, 0), max(paid - 960, 0))
    assert standing(made)[0] == 960 - paid
    assert balances(invoice=invoice) == {"512000": paid, "419100": -paid}
    share = min(160, round(160 * paid / 960))
    expected = {"411000": 960 - paid, "512000": paid, "706000": -800, "445800": share - 160, "445710": -share}
    assert balances() == {account: amount for account, amount in expected.items() if amount}
    assert Settlement.objects.get(reference="B-1").invoice == invoice
    assert isinstance(verify_books(), Verified)
    xml = e_invoice(invoice=made)
    hold_to_invariants(xml=xml)
    assert b"2024-000001" in xml
    assert bill_data(invoice=made).balance[0].label == "Paid already"


def test_the_tax_is_decided_for_the_buyer_as_it_is_now() -> None:
    account = make_sale("A", "100", country="DE")
    issue()
    invoice = Invoice.objects.get()
    assert (invoice.tax_minor, turnover_of(month=SEPTEMBER, operator=operator()).this_year) == (2000, 10000)
    Account.objects.filter(pk=account.pk).update(country="FR", postcode="75001")
    made = replace(invoice)
    assert ((made.tax_basis or {})["treatment"], made.eu_consumer_minor) == ("home", None)
    assert turnover_of(month=SEPTEMBER, operator=operator()).this_year == 0
    assert isinstance(verify_books(), Verified)


def test_a_sale_under_the_threshold_is_asked_as_it_was_then() -> None:
    """The bills after it do not push the corrected one beyond."""
    first = make_sale("A", "6000")
    make_sale("B", "5000", country="IT", postcode="00100")
    issue()
    below, beyond = Invoice.objects.order_by("position")
    assert ((below.tax_basis or {})["treatment"], (beyond.tax_basis or {})["treatment"]) == ("below_threshold", "destination")
    Account.objects.filter(pk=first.pk).update(name="A. Müller")
    made = replace(below)
    assert (made.tax_basis or {})["treatment"] == "below_threshold"
    assert turnover_of(month=SEPTEMBER, operator=operator()).this_year == 1_100_000


def test_each_line_gets_its_own_rate_again_where_none_was_charged() -> None:
    invoice = make_mixed(country="CH", postcode="8001", vat_number="")
    Account.objects.filter(pk=invoice.account_id).update(country="FR", postcode="75001", vat_number="")
    made = rectify(invoice=invoice, reason=REASON, key="k-1", operator=with_sorts(), now=NOW)
    assert [line.tax_rate for line in invoice.lines.all()] == ["0"] * 4
    assert [line.tax_rate for line in made.lines.all()] == ["20", "5.5", "20", "5.5"]


def test_what_says_no_more_which_rates_a_line_bears_is_asked_for() -> None:
    invoice = make_mixed()
    moved(invoice)
    Subscription.objects.all().delete()
    with pytest.raises(RectifyRefused, match="line 1: which rates of VAT it bears is not known any more"):
        rectify(invoice=invoice, reason=REASON, key="k-1", operator=with_sorts(), now=NOW)
    told = {at: LineChange(sort=sort) for at, sort in enumerate(("standard", "books", "standard", "books"), start=1)}
    made = rectify(invoice=invoice, reason=REASON, key="k-1", operator=with_sorts(), now=NOW, changes=told)
    assert [line.tax_rate for line in made.lines.all()] == ["20", "5.5", "20", "5.5"]


def test_lines_are_left_out_and_changed() -> None:
    account = make_account()
    subscribe(account, make_plan((None, Flat(amount=Decimal(30))), (None, Flat(amount=Decimal(5))), is_default=False))
    issue()
    invoice = Invoice.objects.get()
    made = replace(invoice, line_1=LineChange(leave_out=True), line_2=LineChange(unit_price="4", text="Half"))
    assert [(line.position, line.text, line.net_minor) for line in made.lines.all()] == [(1, "Half", 400)]
    with pytest.raises(RectifyRefused, match="no line is left"):
        replace(made, key="k-2", line_1=LineChange(leave_out=True))
    with pytest.raises(RectifyRefused, match="has no line 7"):
        replace(made, key="k-2", line_7=LineChange(leave_out=True))
    with pytest.raises(RectifyRefused, match="nothing would be left"):
        replace(made, key="k-2", line_1=LineChange(unit_price="0"))


def test_a_corrected_bill_is_corrected_again_and_taken_back() -> None:
    invoice = make_invoice()
    pay(invoice, 600)
    moved(invoice)
    second = replace(invoice)
    third = replace(second, key="k-2", line_1=LineChange(quantity="10"))
    assert stands_for(invoice=invoice) == third
    assert [standing(bill) for bill in (invoice, second, third)] == [(0, "replaced"), (0, "replaced"), (360, "partly_paid")]
    note = credit(invoice=third, net_minor=None, reason="All of it", key="c-1", operator=operator(), now=NOW)
    assert (note.total_minor, standing(third)[0]) == (960, -600)
    assert balances() == {"411000": -600, "512000": 600}
    assert isinstance(verify_books(), Verified)


def test_what_was_taken_back_stays_so() -> None:
    invoice = make_invoice()
    note = credit(invoice=invoice, net_minor=300, reason="Outage", key="c-1", operator=operator(), now=NOW)
    moved(invoice)
    with pytest.raises(RectifyRefused, match=r"7\.20 EUR before tax, and its credit notes left 7\.00 EUR"):
        replace(invoice, line_1=LineChange(quantity="12.75"))
    made = replace(invoice)
    assert [line.net_minor for line in made.lines.all()] == [1000, -300]
    assert str(note.number) in made.lines.all()[1].text
    assert (made.total_minor, balances()) == (840, {"411000": 840, "706000": -700, "445800": -140})
    hold_to_invariants(xml=e_invoice(invoice=made))
    assert isinstance(verify_books(), Verified)
    with pytest.raises(RectifyRefused, match=r"its credit notes left 7\.00 EUR"):  # nor by the next one
        replace(made, key="k-2", line_2=LineChange(leave_out=True))


def test_where_prices_include_the_tax_what_is_left_is_told_with_it() -> None:
    invoice = make_mixed(gross=True, fees=(("standard", "12"),))
    credit(invoice=invoice, net_minor=100, reason="Outage", key="c-1", operator=operator(), now=NOW)
    Account.objects.filter(pk=invoice.account_id).update(country="CH", postcode="8001")
    made = replace(invoice)
    assert (made.net_minor, made.tax_minor, made.total_minor) == (1080, 0, 1080)
    assert isinstance(verify_books(), Verified)


def test_the_database_refuses_more_than_credit_notes_left(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice()
    credit(invoice=invoice, net_minor=100, reason="Outage", key="c-1", operator=operator(), now=NOW)
    monkeypatch.setattr("bonafide.billing.amend.as_corrected._within", lambda *_given: None)
    with pytest.raises(DatabaseError, match="no more than credit notes left"):
        replace(invoice, line_1=LineChange(quantity="13"))


def test_on_a_replaced_bill_nothing_more_is_done() -> None:
    invoice = make_invoice()
    moved(invoice)
    made = replace(invoice)
    assert replace(invoice) == made
    with pytest.raises(RectifyRefused, match="already used"):
        replace(invoice, reason="Another")
    with pytest.raises(RectifyRefused, match=f"replaced by {made.number} already"):
        replace(invoice, key="k-2")
    with pytest.raises(CreditRefused, match=f"was replaced by {made.number}"):
        credit(invoice=invoice, net_minor=1, reason="r", key="c-1", operator=operator(), now=NOW)
    with pytest.raises(SettlementRefused, match=f"was replaced by {made.number}"):
        pay(invoice, 5)
    assert Invoice.objects.count() == 2


def test_nobody_else_says_that_money_was_carried_over() -> None:
    with pytest.raises(SettlementRefused, match="is what bills take by themselves"):
        settle(invoice=make_invoice(), amount_minor=5, received_on=date(2024, 10, 2), means="carried over", reference="x")


def test_what_would_change_nothing_and_what_has_no_reason_is_refused() -> None:
    invoice = make_invoice()
    with pytest.raises(RectifyRefused, match="nothing would change"):
        replace(invoice)
    with pytest.raises(RectifyRefused, match="expected a reason"):
        replace(invoice, reason=" ")
    note = credit(invoice=invoice, net_minor=1, reason="r", key="c-1", operator=operator(), now=NOW)
    with pytest.raises(RectifyRefused, match="only an issued bill"):
        replace(note)


def test_what_was_given_up_is_owed_on_the_corrected_bill() -> None:
    invoice = make_invoice()
    give_up(invoice=invoice, amount_minor=None, reason="Bankrupt", key="l-1", operator=operator(), now=NOW)
    moved(invoice)
    made = replace(invoice)
    assert (lost_of(invoice), lost_of(made), standing(made)[0]) == (0, 0, 1200)
    assert balances() == {"411000": 1200, "706000": -1000, "445800": -200}
    assert isinstance(verify_books(), Verified)


REPLACED = "INSERT INTO billing_replacement (document_id, original_id, reason, key, made_on) VALUES "
REFUSED = {
    "a bill replaced twice": REPLACED + "({other}, {invoice}, 'r', 'k', '2024-10-05')",
    "no corrected invoice": REPLACED + "({other}, {made}, 'r', 'k', '2024-10-05')",
    "another reason": "UPDATE billing_replacement SET reason = 'x'",
    "cut loose": "DELETE FROM billing_replacement",
    "money on a replaced bill": (
        "INSERT INTO billing_settlement (invoice_id, amount_minor, received_on, means, reference)"
        " VALUES ({invoice}, 5, '2024-10-05', 'x', 'y')"
    ),
    "a replaced bill given up": (
        "INSERT INTO billing_loss (invoice_id, amount_minor, reason, key, made_on) VALUES ({invoice}, 5, 'r', 'k', '2024-10-05')"
    ),
    "a replaced bill taken back": (
        "INSERT INTO billing_correction (document_id, original_id, reason, key, made_at)"
        " VALUES ({other}, {invoice}, 'r', 'k', '2024-10-05 08:00:00+00:00')"
    ),
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(sql: str) -> None:
    invoice, other = make_invoice(), make_invoice(hours="1")
    moved(invoice)
    made = replace(invoice)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(invoice=invoice.pk, other=other.pk, made=made.pk))


def test_the_database_keeps_a_bill_with_money_on_it_from_being_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice()
    pay(invoice, 5)
    moved(invoice)
    monkeypatch.setattr("bonafide.billing.amend.rectify._carry", lambda *_given: None)
    with pytest.raises(DatabaseError, match="goes over before"):
        replace(invoice)


def test_what_was_paid_in_advance_and_taken_off_goes_over_as_well() -> None:
    account = make_payer("100")
    make_grant(account, "prepaid", 3000)
    make_grant(account, "credit", 1000)
    issue()
    invoice = Invoice.objects.get(account=account)
    assert (invoice.net_minor, invoice.prepaid_minor, standing(invoice)[0]) == (9000, 3000, 7800)
    moved(invoice)
    made = replace(invoice)
    assert (made.net_minor, made.prepaid_minor, standing(made)[0]) == (9000, None, 7800)
    assert isinstance(verify_books(), Verified), verify_books()
    credit(invoice=made, net_minor=None, reason="All of it", key="c-1", operator=operator(), now=NOW)
    assert standing(made)[0] == -3000
    assert isinstance(verify_books(), Verified), verify_books()
    assert bill_data(invoice=made).balance[1].amount == "€78.00"
