"""Every kind of bill as an e-invoice passes all that it is held to, and each thing that it is held to is seen refusing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from bonafide.billing.mentions import mentions_of
from bonafide.billing.models import Invoice
from bonafide.documents.einvoice.build import CannotExpress, e_invoice
from bonafide.documents.einvoice.invariants import french_rules_apply, problems_of
from bonafide.documents.einvoice.notes import DISCOUNT, FEE, PENALTY, notes_of, on_debits
from bonafide.documents.einvoice.product import as_product, digits, places
from bonafide.documents.einvoice.reading import EInvoice
from bonafide.documents.einvoice.rules import CannotCheck, RulesProcess, rule_problems_of
from bonafide.documents.einvoice.schema import schema_problems_of
from bonafide.documents.einvoice.sources import EN16931, FRENCH
from bonafide.documents.einvoice.validate import Invalid, validate
from bonafide.money import round_half_up
from tests.documents.bills import DUE, make_issued, seller
from tests.documents.e_invoices import CASES, french_company, tiny_prices
from tests.factories.billing import operator

pytestmark = pytest.mark.django_db


def written(case: str) -> bytes:
    invoice, standing = CASES[case]()
    return e_invoice(invoice=invoice, standing=standing)


# --- Every kind of bill passes --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", CASES)
def test_it_passes_our_invariants_the_schema_and_the_rules(case: str) -> None:
    xml = written(case)
    assert problems_of(xml=xml) == ()
    assert schema_problems_of(xml=xml) == ()
    assert rule_problems_of(xml=xml, rules=[EN16931]) == ()
    assert french_rules_apply(xml=xml) == (case != "a consumer of another member state")
    if french_rules_apply(xml=xml):
        assert rule_problems_of(xml=xml, rules=[FRENCH]) == ()


def test_the_rate_of_another_state_is_no_matter_of_the_french_rules() -> None:
    """Which is why they are not asked: their list of rates is the French one."""
    assert [problem[:8] for problem in rule_problems_of(xml=written("a consumer of another member state"), rules=[FRENCH])] == [
        "BR-FR-16"
    ] * 6


def test_a_seller_elsewhere_is_held_to_the_european_rules_alone() -> None:
    german = seller(country="DE", registration="HRB 12345", vat_number="DE129273398", city="Berlin", legal_form="GmbH")
    xml = e_invoice(invoice=make_issued(rate="19", seller=german))
    validate(xml=xml)
    assert not french_rules_apply(xml=xml)
    assert b"BAR" not in xml


def test_the_same_bill_gives_the_same_bytes_in_whatever_language_and_order() -> None:
    invoice = make_issued()
    first = e_invoice(invoice=invoice)
    with translation.override("fr"):
        assert e_invoice(invoice=Invoice.objects.get(pk=invoice.pk)) == first


# --- What it says ---------------------------------------------------------------------------------------------------------
def read(case: str) -> EInvoice:
    return EInvoice(written(case))


def notes(bill: EInvoice) -> dict[str, str]:
    return {note.text("SubjectCode"): note.text("Content") for note in bill.document.all("IncludedNote")}


@pytest.mark.parametrize(
    ("case", "treatment", "address"),
    [
        ("a French company", "B2B", ("0225", "303265045")),
        ("a French company without a SIREN", "B2C", ("0225", "732829320_C-7KQ2MNPX")),
        ("a French consumer", "B2C", ("0225", "732829320_C-7KQ2MNPX")),
        ("a consumer with an address for bills", "B2C", ("EM", "lea@example.fr")),
        ("reverse charge", "B2BINT", ("9930", "DE129273398")),
        ("an overseas department", "B2C", ("0225", "732829320_C-7KQ2MNPX")),
        ("a consumer of another member state", "B2CINT", ("0225", "732829320_C-7KQ2MNPX")),
        ("a trial", "OUTOFSCOPE", ("0225", "303265045")),
    ],
)
def test_the_reform_is_told_what_to_do_with_it(case: str, treatment: str, address: tuple[str, str]) -> None:
    bill = read(case)
    at = "URIUniversalCommunication/URIID"
    assert notes(bill)["BAR"] == treatment
    assert (bill.buyer.attribute(at, "schemeID"), bill.buyer.text(at)) == address


def test_a_company_reads_what_is_on_the_paper_and_a_consumer_that_it_owes_none_of_it() -> None:
    company, consumer = notes(read("a French company")), notes(read("a French consumer"))
    assert "D441-5" in company[FEE]
    assert "12.15" in company[PENALTY]
    assert set(company) == set(consumer) == {"", FEE, PENALTY, DISCOUNT, "BAR"}
    assert not re.search(r"\d", consumer[FEE] + consumer[PENALTY])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("changes", [{}, {"early_payment_discount": "2 % within 8 days."}])
@pytest.mark.parametrize("country", ["FR", "BE"])
def test_every_sentence_of_billing_is_known_by_what_it_is_about(language: str, changes: dict[str, str], country: str) -> None:
    by = operator(billing=changes, tax={"vat_on_debits": True}, identity={"country": country})
    said = mentions_of(operator=by, language=language, kind="company", categories=("S",), owed=True, due_on=DUE)
    coded = [note.code for note in notes_of(mentions=said, language=language, kind="company")]
    assert sorted(filter(None, coded)) == sorted([FEE, PENALTY, DISCOUNT])
    assert on_debits(mentions=said, language=language)
    assert not on_debits(mentions=said[:-1], language=language)


def test_a_bill_paid_before_its_issue_says_when_and_asks_for_nothing() -> None:
    bill = read("already paid")
    assert bill.context.text("BusinessProcessSpecifiedDocumentContextParameter/ID") == "S2"
    assert bill.settlement.text("SpecifiedTradePaymentTerms/DueDateDateTime/udt:DateTimeString") == "20261030"
    assert bill.sums.text("TotalPrepaidAmount") == bill.sums.text("GrandTotalAmount") == "362.40"
    assert bill.sums.text("DuePayableAmount") == "0.00"
    assert bill.settlement.all("SpecifiedTradeSettlementPaymentMeans") == []


def test_what_is_owed_says_where_to_pay_it_and_by_which_reference() -> None:
    bill = read("partly paid")
    assert bill.sums.text("DuePayableAmount") == "262.40"
    assert bill.settlement.text("PaymentReference") == "RF93F202600042"
    means = bill.settlement.all("SpecifiedTradeSettlementPaymentMeans")[0]
    assert means.text("PayeePartyCreditorFinancialAccount/IBANID") == "FR7630006000011234567890189"


def test_what_takes_off_from_the_whole_stands_apart_from_the_lines() -> None:
    bill = read("a voucher")
    allowance = bill.settlement.all("SpecifiedTradeAllowanceCharge")[0]
    assert (allowance.text("ActualAmount"), allowance.text("ReasonCode"), allowance.text("Reason")) == (
        "25.00",
        "100",
        "Voucher WELCOME-25",
    )
    assert (bill.sums.text("LineTotalAmount"), bill.sums.text("TaxBasisTotalAmount")) == ("302.00", "277.00")


def test_the_tax_is_told_again_in_the_sellers_currency() -> None:
    bill = read("another currency")
    told = {each.attribute("", "currencyID"): each.text() for each in bill.sums.all("TaxTotalAmount")}
    assert told == {"USD": "60.40", "EUR": "53.76"}


def test_a_currency_of_three_decimals_and_lines_of_unknown_tax_are_refused() -> None:
    with pytest.raises(CannotExpress, match="TND"):
        e_invoice(invoice=make_issued(currency="TND"))
    invoice = make_issued()
    invoice._prefetched_objects_cache = {"taxes": invoice.taxes.none()}
    with pytest.raises(CannotExpress, match="0 rates"):
        e_invoice(invoice=invoice)


# --- Quantities and prices ------------------------------------------------------------------------------------------------
def test_each_tiny_price_is_told_so_that_the_product_is_the_net() -> None:
    bill = EInvoice(e_invoice(invoice=tiny_prices()[0]))
    price, quantity = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice", "SpecifiedLineTradeDelivery/BilledQuantity"
    told = [(each.text(quantity), each.text(f"{price}/ChargeAmount"), each.text(f"{price}/BasisQuantity")) for each in bill.lines]
    assert told == [
        ("183992117", "0.012345", "1000000"),
        ("10000000", "0.000125", "1000000"),
        ("12.3457", "0.8", ""),
        ("1", "0.62", ""),
        ("17.1235", "100.113625", "100"),
        ("1", "1234.57", ""),
    ]
    assert "0.00005 hours × 12345.67 EUR" in bill.lines[3].text("SpecifiedTradeProduct/Description")


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=12)


@given(quantity=numbers, price=numbers)
def test_whatever_quantity_and_price_what_is_told_may_be_written_and_comes_to_the_net(quantity: Decimal, price: Decimal) -> None:
    net = round_half_up(quantity * price, 2)
    assume(abs(net) < Decimal(2**63).scaleb(-2))  # no larger amount is ever booked
    told = as_product(quantity=str(quantity), unit="hour", unit_price=str(price), net=net)
    assert told.net == net
    assert told.price >= 0
    assert told.per > 0
    for value, most in ((told.quantity, 4), (told.per, 4), (told.price, 6)):
        assert places(value) <= most
        assert digits(value) <= 19


# --- Each thing that it is held to refuses --------------------------------------------------------------------------------
Mutation = Callable[[bytes], bytes]


def change(pattern: str, by: str, times: int = 1) -> Mutation:
    """A mutation of the XML that must find something to change."""

    def mutate(xml: bytes) -> bytes:
        changed, found = re.subn(pattern, by, xml.decode(), count=times, flags=re.DOTALL)
        assert found, pattern
        return changed.encode()

    return mutate


TYPE = r"<ram:TypeCode>380</ram:TypeCode>"
BAR = r"<ram:Content>B2B</ram:Content>"
NOTE = r"<ram:IncludedNote>\s*<ram:Content>[^<]*</ram:Content>\s*<ram:SubjectCode>{}</ram:SubjectCode>\s*</ram:IncludedNote>"
REFERENCE = r"<ram:InvoiceReferencedDocument>.*?</ram:InvoiceReferencedDocument>"
BREAKDOWN = r"(<ram:TypeCode>VAT</ram:TypeCode>\s*<ram:BasisAmount>)"

# What is broken -> (the bill, how, what our invariants then say)
MUTATIONS: dict[str, tuple[str, Mutation, str]] = {
    "a line's net": ("a French company", change("63.33<", "63.34<"), "line 1: 745 times 0.085 for 1 is not 63.34"),
    "a line's price": ("a French company", change("0.085<", "0.0851<"), "line 1: 745 times 0.0851"),
    "a line's base quantity": ("tiny unit prices", change(">1000000<", ">1000<"), "line 1: 183992117 times 0.012345 for 1000 is"),
    "too many decimals": ("a French company", change(">745<", ">745.00001<"), "more than 4 decimals"),
    "a price below zero": ("a late correction", change(">3.21<", ">-3.21<"), "is below nothing"),
    "the sum of the lines": (
        "a French company",
        change("LineTotalAmount>302.00", "LineTotalAmount>302.01"),
        "the sum of the lines",
    ),
    "the sum of allowances": (
        "a discount",
        change("AllowanceTotalAmount>30.20", "AllowanceTotalAmount>30.21"),
        "the sum of allow",
    ),
    "the total before tax": (
        "a French company",
        change("TaxBasisTotalAmount>302.00", "TaxBasisTotalAmount>302.01"),
        "before tax",
    ),
    "the total of taxes": ("a French company", change('EUR">60.40', 'EUR">60.41'), "the total of taxes is 60.41"),
    "the total": ("a French company", change("GrandTotalAmount>362.40", "GrandTotalAmount>362.41"), "the total is 362.41"),
    "what is due": ("partly paid", change("DuePayableAmount>262.40", "DuePayableAmount>262.41"), "the amount due is 262.41"),
    "the base of a tax": ("a French company", change(BREAKDOWN + "302.00", r"\g<1>303.00"), "the base of S 20 % is 303.00"),
    "a tax that is a cent off": ("a French company", change("CalculatedAmount>60.40", "CalculatedAmount>60.41"), "is not 60.41"),
    "a line of another rate": ("a French company", change("Percent>20<", "Percent>10<"), "the tax S 10 % of a line is not told"),
    "a category that is none": ("a French company", change(">S<", ">L<", times=0), "the category 'L' is none"),
    "a rate on what bears none": ("reverse charge", change("Percent>0<", "Percent>20<", times=0), "the category AE does not go"),
    "no reason": (
        "reverse charge",
        change(r"<ram:ExemptionReason(?:Code)?>[^<]*</ram:ExemptionReason(?:Code)?>", "", times=0),
        "the category AE needs its reason",
    ),
    "a reason for a taxed one": (
        "a French company",
        change(BREAKDOWN, r"<ram:TypeCode>VAT</ram:TypeCode><ram:ExemptionReason>None</ram:ExemptionReason><ram:BasisAmount>"),
        "has a reason for no tax",
    ),
    "a VAT number outside of VAT": (
        "outside the EU",
        change(
            r"</ram:SellerTradeParty>",
            '<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR44732829320</ram:ID></ram:SpecifiedTaxRegistration>'
            "</ram:SellerTradeParty>",
        ),
        "goes with no VAT number",
    ),
    "no VAT number of the seller": (
        "a French company",
        change(r"<ram:SpecifiedTaxRegistration>.*?</ram:Spe[^>]*>", ""),
        "no VAT n",
    ),
    "no number of the buyer": (
        "reverse charge",
        change(r'<ram:SpecifiedTaxRegistration>\s*<ram:ID schemeID="VA">DE.*?</ram:SpecifiedTaxRegistration>', ""),
        "for reverse charge the buyer needs",
    ),
    "a number with a space": ("a French company", change(r"<ram:ID>F2026-", "<ram:ID>F2026 "), "one that no number may have"),
    "another profile": ("a French company", change("urn:cen.eu:en16931:2017", "urn:cen.eu:en16931:2018"), "the profile is not"),
    "a kind that we do not issue": ("a French company", change(TYPE, "<ram:TypeCode>326</ram:TypeCode>"), "the kind '326'"),
    "a corrected invoice of none": ("a corrected invoice", change(REFERENCE, ""), "names the one that it corrects"),
    "a credit note of none": ("a credit note", change(REFERENCE, ""), "a credit note names the bill"),
    "a corrected invoice of two": ("a corrected invoice", change(f"({REFERENCE})", r"\1\1"), "names the one that it corrects"),
    "another process": ("a French company", change("<ram:ID>S1<", "<ram:ID>X1<"), "the process 'X1'"),
    "paid, but owed": ("a French company", change("<ram:ID>S1<", "<ram:ID>S2<"), "what was paid before is owed nothing"),
    "due before its issue": ("a French company", change(">20261103<", ">20261031<"), "it is due on 20261031"),
    "no due date": (
        "a French company",
        change(r"<ram:SpecifiedTradePaymentTerms>.*?</ram:SpecifiedTradePaymentTerms>", ""),
        "by when",
    ),
    "no tax in euros": (
        "another currency",
        change(r'<ram:TaxTotalAmount currencyID="EUR">[^/]*/ram:TaxTotalAmount>', ""),
        "together",
    ),
    "no fee": ("a French company", change(NOTE.format(FEE), ""), "the note PMT stands 0 times"),
    "no penalty": ("a French company", change(NOTE.format(PENALTY), ""), "the note PMD stands 0 times"),
    "no discount": ("a French consumer", change(NOTE.format(DISCOUNT), ""), "the note AAB stands 0 times"),
    "the fee twice": ("a French company", change(f"({NOTE.format(FEE)})", r"\1\1"), "the note PMT stands 2 times"),
    "no SIREN of the seller": (
        "a French company",
        change(r'<ram:ID schemeID="0002">732829320', '<ram:ID schemeID="0002">7328'),
        "SIREN",
    ),
    "no SIREN of the buyer": (
        "a French company",
        change(r'<ram:ID schemeID="0002">303265045', '<ram:ID schemeID="0009">3'),
        "buyer has",
    ),
    "no address of the seller": (
        "a French company",
        change(r"<ram:URIUniversalCommunication>.*?</ram:URIUniversalCommunication>", ""),
        "the seller has no electronic address",
    ),
    "another's address": ("a French company", change('"0225">303265045', '"0225">404833048'), "is not of its SIREN"),
    "no date": ("a French company", change('"102">20261101<', '"102">tomorrow<'), "is no date"),
    "no number": ("a French company", change(">63.33<", ">many<"), "no number"),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_our_invariants_see(what: str) -> None:
    case, mutate, said = MUTATIONS[what]
    xml = written(case)
    assert problems_of(xml=xml) == ()
    assert said in " / ".join(problems_of(xml=mutate(xml)))


# What only the rules themselves know: lists of codes, and what is beside our own subset.
RULES: dict[str, tuple[str, Mutation, str]] = {
    "BR-CO-15": ("a French company", change("GrandTotalAmount>362.40", "GrandTotalAmount>362.41"), EN16931),
    "FX-SCH-A-000613": ("a French company", change('unitCode="HUR"', 'unitCode="hours"'), EN16931),
    "BR-AE-02": ("reverse charge", change(r'<ram:ID schemeID="VA">FR.*?</ram:ID>', '<ram:ID schemeID="XX">1</ram:ID>'), EN16931),
    "BR-O-02": (
        "outside the EU",
        MUTATIONS["a VAT number outside of VAT"][1],
        EN16931,
    ),
    "BR-FR-05": ("a French company", change(NOTE.format(PENALTY), ""), FRENCH),
    "BR-FR-08": ("a French company", change("<ram:ID>S1<", "<ram:ID>X1<"), FRENCH),
    "BR-FR-16": ("a French company", change("Percent>20<", "Percent>19<", times=0), FRENCH),
    "BR-FR-21": ("a French company", change('"0225">303265045', '"0225">404833048'), FRENCH),
    "BR-FR-CO-04": ("a corrected invoice", change(REFERENCE, ""), FRENCH),
    "BR-FR-CO-12": ("another currency", change(r"<ram:TaxCurrencyCode>EUR</ram:TaxCurrencyCode>", ""), FRENCH),
    "BR-FR-DEC-02": ("a French company", change(">745<", ">745.00001<"), FRENCH),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rules_see(rule: str) -> None:
    case, mutate, by = RULES[rule]
    xml = written(case)
    assert rule_problems_of(xml=xml, rules=[by]) == ()
    assert any(problem.startswith(rule) for problem in rule_problems_of(xml=mutate(xml), rules=[by]))


def test_neither_schema_nor_rules_see_a_price_that_does_not_come_to_its_net() -> None:
    """Which is what our own invariants are for."""
    xml = change("0.085<", "0.086<")(written("a French company"))
    assert schema_problems_of(xml=xml) == rule_problems_of(xml=xml, rules=[EN16931, FRENCH]) == ()
    with pytest.raises(Invalid, match=r"our own check: line 1: 745 times 0\.086 for 1 is not 63\.33"):
        validate(xml=xml)


def test_the_schema_sees_what_has_no_place() -> None:
    xml = change(r"</ram:SellerTradeParty>", "<ram:Remark>x</ram:Remark></ram:SellerTradeParty>")(written("a French company"))
    assert "Remark" in schema_problems_of(xml=xml)[0]
    with pytest.raises(Invalid, match="the schema of Factur-X"):
        validate(xml=xml)


def test_what_is_no_xml_is_told_in_one_line_and_no_entity_is_looked_up() -> None:
    assert problems_of(xml=b"<a>")[0].startswith("not XML")
    hostile = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    tree = EInvoice(hostile).tree
    assert b"root:" not in etree.tostring(tree)


# --- The process that applies the rules -----------------------------------------------------------------------------------
def test_the_process_is_asked_again_after_it_died_and_given_up_after_twice() -> None:
    rules, xml = RulesProcess(), e_invoice(invoice=french_company()[0])
    try:
        assert rules.problems(xml=xml, rules=[EN16931]) == ()
        first = rules.pid
        assert first is not None
        os.kill(first, 9)
        assert rules.problems(xml=xml, rules=[EN16931]) == ()
        assert rules.pid not in (None, first)
        with pytest.raises(CannotCheck, match="longer than 0 s"):
            rules.problems(xml=xml, rules=[EN16931], patience=0)
        assert rules.pid is None
        with pytest.raises(CannotCheck, match="could not be applied"):
            rules.problems(xml=b"<not closed>", rules=[EN16931])
    finally:
        rules.stop()


def test_a_process_that_ends_over_a_document_twice_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = RulesProcess()
    monkeypatch.setattr("bonafide.documents.einvoice.rules.sys.executable", "/bin/false")
    with pytest.raises(CannotCheck, match="ended twice"):
        rules.problems(xml=b"<a/>", rules=[EN16931])


def test_who_grew_too_large_ends_after_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from bonafide.documents.einvoice import rules_worker

    asked: list[str] = []

    class Fake:
        def problems(self, *, files: list[str], xml: str) -> list[str]:
            asked.append(xml)
            return []

    monkeypatch.setattr(rules_worker, "Rules", Fake)
    monkeypatch.setattr(rules_worker, "LARGEST", 0)
    ours, theirs = os.pipe(), os.pipe()
    with open(ours[1], "wb") as questions, open(theirs[0], "rb", buffering=0) as answers:
        for _time in range(2):
            rules_worker.write_frame(questions, {"files": ["x"], "xml": "<a/>"})
        with open(ours[0], "rb", buffering=0) as source, open(theirs[1], "wb") as sink:
            rules_worker.serve(source, sink)
        assert rules_worker.read_frame(answers) == {"problems": []}
        assert rules_worker.read_frame(answers) is None
    assert asked == ["<a/>"]
