"""What holds of every e-invoice of ours, to the cent: more than the rules of EN 16931 ask, and worked out by nobody else's code.

Pure: reads the XML as it was written and works in whole decimals. Neither the rules of EN 16931 nor the French ones see that a
line's quantity times its price is not its net, and they let a tax be a euro off.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal

from bonafide.documents.einvoice.product import (
    AMOUNT_PLACES,
    LONGEST,
    PRICE_PLACES,
    QUANTITY_PLACES,
    digits,
    places,
    product_of,
)
from bonafide.documents.einvoice.reading import EInvoice, Element, Unreadable
from bonafide.money import EXACT, ROUNDING, exponent, round_half_up

PROFILE = "urn:cen.eu:en16931:2017"
INVOICE, CREDIT_NOTE, CORRECTION = "380", "381", "384"
TO_BE_PAID, PAID = "S1", "S2"
ONCE = ("PMT", "PMD", "AAB", "BAR")
# UNTDID 5305: what is taxed and what is not; of what is not, those that need a reason.
TAXED, REASONED, ZERO = frozenset({"S"}), frozenset({"E", "AE", "K", "G", "O"}), frozenset({"Z"})
OUTSIDE = "O"
# Rates that were ever French (BR-FR-16): a bill with another state's is no matter of the French rules.
FRENCH_RATES = frozenset(
    Decimal(rate)
    for rate in ("0", "0.9", "1.05", "1.75", "2.1", "5.5", "7", "8.5", "9.2", "9.6", "10", "13", "19.6", "20", "20.6")
)

_ADDRESS = "URIUniversalCommunication/URIID"

Sort = tuple[str, Decimal | None]


def problems_of(*, xml: bytes) -> tuple[str, ...]:
    """What is wrong with an e-invoice, one plain line each; empty for a good one."""
    try:
        bill = EInvoice(xml)
        return tuple(problem for check in _CHECKS for problem in check(bill))
    except Unreadable as error:
        return (str(error),)


def french_rules_apply(*, xml: bytes) -> bool:
    """Whether the French rules are for this document: a seller in France, and no rate of another state's VAT.

    The one-stop shop's bills to consumers elsewhere in the EU bear those (Directive 2006/112/EC art. 369a), and the French list
    of rates has no place for them.
    """
    bill = EInvoice(xml)
    return _is_french(bill) and all(tax.number("RateApplicablePercent", "0") in FRENCH_RATES for tax in bill.taxes)


def _products(bill: EInvoice) -> Iterator[str]:
    """Each line's quantity times price is its net, in decimals that may be written."""
    for place, line in enumerate(bill.lines, start=1):
        name = f"line {line.text('AssociatedDocumentLineDocument/LineID') or place}"
        price_path, quantity_path = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice", "SpecifiedLineTradeDelivery"
        quantity, price = line.number(f"{quantity_path}/BilledQuantity"), line.number(f"{price_path}/ChargeAmount")
        per, net = line.number(f"{price_path}/BasisQuantity", "1"), _net(line)
        if price < 0 or per <= 0:
            yield f"{name}: a price of {price} for {per} is below nothing"
        elif product_of(quantity=quantity, price=price, per=per) != net:
            yield f"{name}: {quantity} times {price} for {per} is not {net}"
        for value, most in ((quantity, QUANTITY_PLACES), (per, QUANTITY_PLACES), (price, PRICE_PLACES), (net, AMOUNT_PLACES)):
            if places(value) > most or digits(value) > LONGEST:
                yield f"{name}: {value} has more than {most} decimals or {LONGEST} digits"
        unit = line.attribute(f"{price_path}/BasisQuantity", "unitCode")
        if unit and unit != line.attribute(f"{quantity_path}/BilledQuantity", "unitCode"):
            yield f"{name}: its price is for another unit than its quantity"


def _totals(bill: EInvoice) -> Iterator[str]:
    """The totals of BG-22 are the sums that they say they are (BR-CO-10 to BR-CO-16)."""
    sums = bill.sums
    off, on = (_sum(_allowances(bill, charge=charge)) for charge in (False, True))
    net, tax = sums.number("TaxBasisTotalAmount"), _tax_total(bill)
    gross, prepaid = sums.number("GrandTotalAmount"), sums.number("TotalPrepaidAmount", "0")
    expected = (
        ("the sum of the lines", sums.number("LineTotalAmount"), sum(map(_net, bill.lines), Decimal(0))),
        ("the sum of allowances", sums.number("AllowanceTotalAmount", "0"), off),
        ("the sum of charges", sums.number("ChargeTotalAmount", "0"), on),
        ("the total before tax", net, sums.number("LineTotalAmount") - off + on),
        ("the total of taxes", tax, sum((each.number("CalculatedAmount") for each in bill.taxes), Decimal(0))),
        ("the total", gross, net + tax),
        ("the amount due", sums.number("DuePayableAmount"), gross - prepaid),
    )
    for name, said, worked_out in expected:
        if said != worked_out:
            yield f"{name} is {said}, and comes to {worked_out}"
    if not bill.lines:
        yield "there is no line"


def _taxes(bill: EInvoice) -> Iterator[str]:
    """Each category and rate has its base and its tax once, on all that is of it, rounded half up.

    The taxes of a bill's credit notes come to its own, which one of them may have to be a unit off for (BR-CO-17 allows it).
    """
    bases: dict[Sort, Decimal] = defaultdict(Decimal)
    for line in bill.lines:
        bases[_sort(line, "SpecifiedLineTradeSettlement/ApplicableTradeTax")] += _net(line)
    for charge in (False, True):
        for allowance in _allowances(bill, charge=charge):
            amount = allowance.number("ActualAmount")
            bases[_sort(allowance, "CategoryTradeTax")] += amount if charge else -amount
    told = Counter(_sort(tax, "") for tax in bill.taxes)
    cents = exponent(bill.settlement.text("InvoiceCurrencyCode"))
    unit = Decimal(1).scaleb(-cents) if bill.document.text("TypeCode") == CREDIT_NOTE else Decimal(0)
    for sort, count in told.items():
        if count > 1:
            yield f"the tax {_named(sort)} is told {count} times"
    for sort in bases.keys() - told.keys():
        yield f"the tax {_named(sort)} of a line is not told"
    for tax in bill.taxes:
        sort = _sort(tax, "")
        base, amount = tax.number("BasisAmount"), tax.number("CalculatedAmount")
        if base != bases.get(sort, Decimal(0)):
            yield f"the base of {_named(sort)} is {base}, and comes to {bases.get(sort, Decimal(0))}"
        if not any(_is_tax(base, amount + off, sort[1] or Decimal(0), cents) for off in {Decimal(0), unit, -unit}):
            yield f"the tax {_named(sort)} on {base} is not {amount}"


def _is_tax(base: Decimal, tax: Decimal, rate: Decimal, cents: int) -> bool:
    """The tax on the base; or, where prices include it, what of the whole is above the base: 8.33 and 1.66 of 9.99 at 20 %."""
    factor = EXACT.multiply(rate, Decimal("0.01"))
    return tax == round_half_up(EXACT.multiply(base, factor), cents) or base == round_half_up(
        ROUNDING.divide(base + tax, 1 + factor), cents
    )


def _categories(bill: EInvoice) -> Iterator[str]:
    """What each category needs and forbids of its rate and its reason (EN 16931: BR-S, BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O)."""
    for tax in bill.taxes:
        code, rate = _sort(tax, "")
        reasoned = bool(tax.text("ExemptionReason") or tax.text("ExemptionReasonCode"))
        if code not in TAXED | REASONED | ZERO:
            yield f"the category {code!r} is none that we use"
        elif (code in TAXED) != bool(rate):
            yield f"the category {code} does not go with a rate of {rate}"
        if code in REASONED and not reasoned:
            yield f"the category {code} needs its reason"
        if code in TAXED | ZERO and reasoned:
            yield f"the category {code} has a reason for no tax"


def _tax_numbers(bill: EInvoice) -> Iterator[str]:
    """What each category needs and forbids of the two parties."""
    codes = {_sort(tax, "")[0] for tax in bill.taxes}
    seller, buyer = _tax_ids(bill.seller), _tax_ids(bill.buyer)
    if OUTSIDE in codes and len(codes) > 1:
        yield "what is outside of VAT stands beside what is not"
    if OUTSIDE in codes and "VA" in seller | buyer:
        yield "what is outside of VAT goes with no VAT number"
    if OUTSIDE not in codes and not seller:
        yield "the seller has no VAT number"
    if "AE" in codes and "VA" not in buyer and not bill.buyer.text("SpecifiedLegalOrganization/ID"):
        yield "for reverse charge the buyer needs a VAT number or a registration"


def _codes(bill: EInvoice) -> Iterator[str]:
    """What kind of document it is, and which it corrects."""
    document, kind = bill.document, bill.document.text("TypeCode")
    number, process = document.text("ID"), _process(bill)
    if not re.fullmatch(r"[A-Za-z0-9+_/-]{1,35}", number):
        yield f"the number {number!r} has more than 35 characters, or one that no number may have"
    if bill.context.text("GuidelineSpecifiedDocumentContextParameter/ID") != PROFILE:
        yield f"the profile is not {PROFILE}"
    if kind not in (INVOICE, CREDIT_NOTE, CORRECTION):
        yield f"the kind {kind!r} is none that we issue"
    if process not in (TO_BE_PAID, PAID):
        yield f"the process {process!r} is none that we bill by"
    earlier = [each for each in bill.settlement.all("InvoiceReferencedDocument") if each.text("IssuerAssignedID")]
    dated = [each for each in earlier if each.text("FormattedIssueDateTime/qdt:DateTimeString")]
    if kind == CORRECTION and not len(earlier) == len(dated) == 1:
        yield "a corrected invoice names the one that it corrects, with its date"
    if kind == CREDIT_NOTE and not dated:
        yield "a credit note names the bill that it is for, with its date"


def _payment(bill: EInvoice) -> Iterator[str]:
    """By when what is owed, in which currencies."""
    due, issued = _date(bill.settlement.text("SpecifiedTradePaymentTerms/DueDateDateTime/udt:DateTimeString")), _issued(bill)
    owed = bill.sums.number("DuePayableAmount")
    if _process(bill) == PAID:
        if owed or not due:
            yield "what was paid before is owed nothing, and says when it was paid"
    elif due and due < issued:
        yield f"it is due on {due}, before it was issued"
    if owed > 0 and bill.document.text("TypeCode") != CREDIT_NOTE and not due:
        yield "it does not say by when to pay"
    if bool(bill.settlement.text("TaxCurrencyCode")) != (len(bill.sums.all("TaxTotalAmount")) > 1):
        yield "the tax in the seller's currency and that currency go together"


def _french_notes(bill: EInvoice) -> Iterator[str]:
    """The notes that the French reform wants, each once (schematron 1.4: BR-FR-05, 06, 20, 31)."""
    counts = Counter(note.text("SubjectCode") for note in bill.document.all("IncludedNote"))
    for code in ONCE if _is_french(bill) else ():
        if counts[code] != 1:
            yield f"the note {code} stands {counts[code]} times"


def _french_parties(bill: EInvoice) -> Iterator[str]:
    """How the French reform wants the parties named (BR-FR-10 to 13, 21), and the tax in euros (BR-FR-CO-12)."""
    if not _is_french(bill):
        return
    if not _has_siren(bill.seller):
        yield "the seller has no SIREN"
    for name, party in (("seller", bill.seller), ("buyer", bill.buyer)):
        if not party.text(_ADDRESS):
            yield f"the {name} has no electronic address"
    notes = bill.document.all("IncludedNote")
    if any((note.text("SubjectCode"), note.text("Content")) == ("BAR", "B2B") for note in notes):
        siren, address = bill.buyer.text("SpecifiedLegalOrganization/ID"), bill.buyer.text(_ADDRESS)
        if not _has_siren(bill.buyer):
            yield "the buyer has no SIREN"
        elif not address.startswith(siren) or bill.buyer.attribute(_ADDRESS, "schemeID") != "0225":
            yield "the buyer's electronic address is not of its SIREN"
    if "EUR" not in (bill.settlement.text("InvoiceCurrencyCode"), bill.settlement.text("TaxCurrencyCode")):
        yield "the tax is not told in EUR: enter the exchange rate of the month before bills are issued"


_CHECKS: tuple[Callable[[EInvoice], Iterator[str]], ...] = (
    _products,
    _totals,
    _taxes,
    _categories,
    _tax_numbers,
    _codes,
    _payment,
    _french_notes,
    _french_parties,
)


def _net(line: Element) -> Decimal:
    return line.number("SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount")


def _allowances(bill: EInvoice, *, charge: bool) -> list[Element]:
    wanted = "true" if charge else "false"
    found = bill.settlement.all("SpecifiedTradeAllowanceCharge")
    return [each for each in found if each.text("ChargeIndicator/udt:Indicator") == wanted]


def _sum(allowances: list[Element]) -> Decimal:
    return sum((each.number("ActualAmount") for each in allowances), Decimal(0))


def _tax_total(bill: EInvoice) -> Decimal:
    currency = bill.settlement.text("InvoiceCurrencyCode")
    own = [each for each in bill.sums.all("TaxTotalAmount") if each.attribute("", "currencyID") == currency]
    if len(own) != 1:
        raise Unreadable(f"the total of taxes in {currency} stands {len(own)} times")
    return Decimal(own[0].text())


def _sort(part: Element, path: str) -> Sort:
    """Category and rate; what has no rate is outside of VAT."""
    base = f"{path}/" if path else ""
    rate = part.text(f"{base}RateApplicablePercent")
    return part.text(f"{base}CategoryCode"), Decimal(rate) if rate else None


def _named(sort: Sort) -> str:
    return sort[0] if sort[1] is None else f"{sort[0]} {sort[1]} %"


def _tax_ids(party: Element) -> set[str]:
    return {each.attribute("", "schemeID") for each in party.all("SpecifiedTaxRegistration/ID") if each.text()}


def _has_siren(party: Element) -> bool:
    path = "SpecifiedLegalOrganization/ID"
    return party.attribute(path, "schemeID") == "0002" and bool(re.fullmatch(r"\d{9}", party.text(path)))


def _is_french(bill: EInvoice) -> bool:
    return bill.seller.text("PostalTradeAddress/CountryID") == "FR"


def _process(bill: EInvoice) -> str:
    return bill.context.text("BusinessProcessSpecifiedDocumentContextParameter/ID")


def _issued(bill: EInvoice) -> str:
    return _date(bill.document.text("IssueDateTime/udt:DateTimeString"))


def _date(written: str) -> str:
    """A date as eight digits, which compare as the days do."""
    if written and not re.fullmatch(r"20\d{6}", written):
        raise Unreadable(f"{written!r} is no date of this century")
    return written
