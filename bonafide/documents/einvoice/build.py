"""The e-invoice of an issued bill: Factur-X 1.09 in the profile EN 16931, with what the French reform adds (schematron 1.4).

Business terms (BT, BG) are those of EN 16931-1; factur-x writes them down in the CII syntax. Pure: reads the issued invoice with
its lines and taxes, works out nothing that is not frozen on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.documents.bill_data import visible
from bonafide.documents.einvoice.notes import TREATMENT, Note, notes_of, on_debits
from bonafide.documents.einvoice.parties import buyer_party, seller_party, treatment_of
from bonafide.documents.einvoice.product import AMOUNT_PLACES, Product, as_product
from bonafide.documents.einvoice.standing import Standing, standing_of
from bonafide.money import exponent, from_minor, text
from bonafide.pricing.units import unit_text

PROFILE = "urn:cen.eu:en16931:2017"
# BT-23: the bill is for services and to be paid, or was paid before it was issued.
TO_BE_PAID, PAID = "S1", "S2"
# Lines by these units that take something off are allowances on the whole (BG-20), by their reason's code (UNTDID 5189).
ALLOWANCES = {"discount": "95", "voucher": "100"}
# UNTDID 4461: credit transfer, and that in euros between accounts of the SEPA area.
TRANSFER, SEPA_TRANSFER = "30", "58"
# BT-8 by UNTDID 2475: VAT is owed at the invoice's date, or at the date of payment (services in France, CGI art. 269, 2 c).
AT_ISSUE, AT_PAYMENT = "5", "72"
OUTSIDE = "O"


class CannotExpress(Exception):
    """What is on the bill has no place in an e-invoice; one plain line."""


def e_invoice(*, invoice: Invoice, standing: Standing | None = None) -> bytes:
    """The XML of an issued invoice, UTF-8, the same bytes whenever it is made again.

    ``standing`` is what billing froze beside the bill's own rows, by default read from there.

    :raises CannotExpress: for a currency with more than two decimals, lines whose tax is not known, or what factur-x refuses.
    :raises ValueError: for a draft.
    """
    if invoice.issued_on is None or invoice.number is None:
        raise ValueError(f"invoice {invoice.pk} is a draft: only an issued bill has a document")
    terms = _EInvoice(invoice, standing if standing is not None else standing_of(invoice=invoice)).terms()

    from facturx import generate_cii_xml  # 80 MB and a second: only who makes one pays for it

    try:
        # Its own check of the rules asks a server, and takes no answer for a yes: see rules.py for ours.
        xml: bytes = generate_cii_xml(_visible(terms), level="en16931", check_xsd=False, check_schematron=False)
    except ValueError as error:
        raise CannotExpress(f"factur-x refuses what is on the bill: {error}") from error
    return xml


@dataclass(frozen=True)
class _Line:
    """A line, its net and how it is told."""

    row: InvoiceLine
    net: Decimal
    product: Product


class _EInvoice:
    """One invoice being written down by business terms."""

    def __init__(self, invoice: Invoice, standing: Standing) -> None:
        if exponent(invoice.currency) > AMOUNT_PLACES:
            raise CannotExpress(f"amounts in {invoice.currency} have more than the two decimals that an e-invoice may have")
        self.invoice, self.standing = invoice, standing
        self.taxes: list[InvoiceTax] = sorted(invoice.taxes.all(), key=lambda tax: (tax.category, Decimal(tax.rate)))
        rows = sorted(invoice.lines.all(), key=lambda line: line.position)
        if len(self.taxes) != 1 and not all(row.tax_category for row in rows):
            raise CannotExpress(f"{len(self.taxes)} rates of tax are on the bill, and its lines do not say which is theirs")
        off = [row for row in rows if row.unit in ALLOWANCES and row.net_minor < 0]
        self.allowances = off if len(off) < len(rows) else []  # a bill has at least one line (BR-16)
        self.lines = [self.line(row) for row in rows if row not in self.allowances]
        self.total = self.amount(invoice.total_minor)
        self.prepaid = self.amount(standing.prepaid_minor)
        self.owed = self.total > self.prepaid and invoice.kind != Invoice.Kind.CREDIT_NOTE
        self.paid = 0 < self.total == self.prepaid

    def terms(self) -> dict[str, Any]:
        invoice = self.invoice
        without_vat = any(tax.category == OUTSIDE for tax in self.taxes)
        terms: dict[str, Any] = {
            "BT-1": invoice.number,
            "BT-2": invoice.issued_on,
            "BT-3": invoice.kind,
            "BT-5": invoice.currency,
            "BT-13": invoice.buyer.get("purchase_order", ""),
            "BT-23": PAID if self.paid else TO_BE_PAID,
            "BT-24": PROFILE,
            "BT-72": invoice.period_end_on,  # when what is billed was supplied to the end
            "BT-73": invoice.period_start_on,
            "BT-74": invoice.period_end_on,
            "BG-1": [{"BT-21": note.code, "BT-22": note.text} for note in self.notes()],
            "BG-3": [{"BT-25": earlier.number, "BT-26": earlier.issued_on} for earlier in self.standing.corrects],
            "BG-4": seller_party(invoice.seller, without_vat=without_vat),
            "BG-7": buyer_party(invoice.buyer, seller=invoice.seller, without_vat=without_vat),
            "BG-20": [self.allowance_terms(row) for row in self.allowances],
            "BG-23": [self.tax_terms(tax) for tax in self.taxes],
            "BG-25": [self.line_terms(line) for line in self.lines],
        }
        return {**terms, **self.sums(), **self.home_tax(), **self.payment(), **self.tax_point()}

    def notes(self) -> list[Note]:
        """The bill's sentences, and what becomes of it in the reform: a trial's is nobody's business."""
        invoice = self.invoice
        kind = str(invoice.buyer.get("kind", ""))
        notes = list(notes_of(mentions=invoice.mentions, language=invoice.language, kind=kind))
        if invoice.seller.get("country") == "FR":
            notes.append(Note(TREATMENT, "OUTOFSCOPE" if invoice.trial else treatment_of(invoice.buyer)))
        return notes

    def sums(self) -> dict[str, str]:
        """The totals (BG-22): BT-106 minus BT-107 is BT-109, with BT-110 it is BT-112, less BT-113 it is BT-115."""
        invoice = self.invoice
        off = sum(-row.net_minor for row in self.allowances)
        totals = {
            "BT-106": invoice.net_minor + off,
            "BT-109": invoice.net_minor,
            "BT-110": invoice.tax_minor,
            "BT-112": invoice.total_minor,
            "BT-115": invoice.total_minor - self.standing.prepaid_minor,
        }
        if self.allowances:
            totals["BT-107"] = off
        if self.standing.prepaid_minor:
            totals["BT-113"] = self.standing.prepaid_minor
        return {term: self.money(minor) for term, minor in totals.items()}

    def home_tax(self) -> dict[str, str]:
        """The tax again in the seller's own currency (Directive 2006/112/EC art. 230)."""
        exchange, minor = self.invoice.exchange, self.invoice.tax_home_minor
        if not exchange or minor is None:
            return {}
        home = str(exchange["quote"])
        return {"BT-6": home, "BT-111": _amount(from_minor(minor, home), home)}

    def payment(self) -> dict[str, Any]:
        """When and how to pay what is still owed; of a bill paid before its issue, the day when that was (BR-FR-CO-09)."""
        invoice, bank = self.invoice, self.invoice.seller.get("bank")
        if self.paid:
            return {"BT-9": self.standing.paid_on or invoice.issued_on}
        if not self.owed:
            return {}
        due: dict[str, date | str | None] = {"BT-9": invoice.due_on}
        if bank:
            due |= {
                "BT-81": SEPA_TRANSFER if invoice.currency == "EUR" else TRANSFER,
                "BT-83": invoice.payment_reference or str(invoice.number),
                "BT-84": bank["iban"],
                "BT-85": bank["holder"],
                "BT-86": bank.get("bic", ""),
            }
        return due

    def tax_point(self) -> dict[str, str]:
        """When the tax is owed, of a bill that bears French VAT."""
        invoice = self.invoice
        if invoice.seller.get("country") != "FR" or not invoice.tax_minor:
            return {}
        debits = on_debits(mentions=invoice.mentions, language=invoice.language)
        return {"BT-8": AT_ISSUE if debits else AT_PAYMENT}

    def line(self, row: InvoiceLine) -> _Line:
        net = self.amount(row.net_minor)
        return _Line(row, net, as_product(quantity=row.quantity, unit=row.unit, unit_price=row.unit_price, net=net))

    def line_terms(self, line: _Line) -> dict[str, Any]:
        row, product = line.row, line.product
        terms = {
            "BT-126": str(row.position),
            "BT-153": row.text,
            "BT-154": self.description(line),
            "BT-129": text(product.quantity),
            "BT-130": product.unit,
            "BT-131": self.money(row.net_minor),
            "BT-146": text(product.price),
            **self.category(row, "BT-151", "BT-152"),
        }
        return {**terms, "BT-149": text(product.per)} if product.per != 1 else terms

    def description(self, line: _Line) -> str:
        """What the quantity is made of, and the exact quantity and price where the line is told by others."""
        row = line.row
        parts = [": ".join(part for part in (detail.get("label"), detail.get("quantity")) if part) for detail in row.details]
        if not line.product.exact:
            unit = unit_text(unit=row.unit, quantity=Decimal(row.quantity), language=self.invoice.language)
            with translation.override(self.invoice.language):
                included = "" if row.gross_minor is None else f" {_('including VAT')}"
            parts.append(f"{row.quantity} {unit} × {row.unit_price} {self.invoice.currency}{included}")
        return "; ".join(part for part in parts if part)

    def allowance_terms(self, row: InvoiceLine) -> dict[str, str]:
        return {
            "amount": self.money(-row.net_minor),
            "reason": row.text,
            "reason_code": ALLOWANCES[row.unit],
            **self.category(row, "vat_category_code", "vat_rate"),
        }

    def tax_terms(self, tax: InvoiceTax) -> dict[str, str]:
        terms = {
            "BT-116": self.money(tax.base_minor),
            "BT-117": self.money(tax.tax_minor),
            "BT-118": tax.category,
            "BT-120": tax.reason,
            "BT-121": tax.reason_code,
        }
        return terms if tax.category == OUTSIDE else {**terms, "BT-119": text(Decimal(tax.rate))}

    def category(self, row: InvoiceLine, code: str, rate: str) -> dict[str, str]:
        """A line's category and rate under the given terms; what is outside of VAT has no rate (BR-O-05)."""
        own = row.tax_category, row.tax_rate
        category, percent = own if row.tax_category else (self.taxes[0].category, self.taxes[0].rate)
        return {code: category} if category == OUTSIDE else {code: category, rate: text(Decimal(percent))}

    def amount(self, minor: int) -> Decimal:
        return from_minor(minor, self.invoice.currency)

    def money(self, minor: int) -> str:
        return _amount(self.amount(minor), self.invoice.currency)


def _amount(amount: Decimal, currency: str) -> str:
    return f"{amount:.{exponent(currency)}f}"


def _visible(value: Any) -> Any:
    """Every text without what XML, and a reader, cannot take."""
    if isinstance(value, dict):
        return {key: _visible(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_visible(entry) for entry in value]
    return visible(value) if isinstance(value, str) else value
