"""What stands on a bill's paper, as finished strings in the customer's language: the one argument of the Typst template.

Pure: reads the issued invoice with its lines and taxes (two queries at most, none when prefetched), formats, computes nothing.
"""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
import segno
from babel import Locale
from babel.numbers import format_currency
from django.utils import translation
from django.utils.translation import gettext as _
from stdnum import iban as iban_numbers

from bonafide.billing.amend.paid_before import paid_before
from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax
from bonafide.billing.payment_code import epc_code
from bonafide.languages import locale_of, written_day
from bonafide.money import format_exact, format_minor, from_minor
from bonafide.pricing.units import unit_text

# The same prices and quantities come again on line after line and bill after bill.
_minor = lru_cache(maxsize=4096)(format_minor)
_exact = lru_cache(maxsize=4096)(format_exact)

# The fonts for Chinese, Japanese and Korean in the order a region reads them.
_HAN = {"JP": "JP", "KR": "KR", "KP": "KR", "TW": "TC", "HK": "TC", "MO": "TC"}
# What a name may not bring onto paper: controls, and the marks that turn the reading direction of what follows.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_LONG_WORD = re.compile(r"\S{25,}")
_BREAK = "\u200b"

Pair = tuple[str, str]


class Seller(msgspec.Struct, frozen=True):
    name: str
    legal_name: str
    lines: list[str]
    legal_line: str


class Buyer(msgspec.Struct, frozen=True):
    name: str
    lines: list[str]
    facts: list[Pair]


class Row(msgspec.Struct, frozen=True):
    text: str
    details: str
    quantity: str
    price: str
    net: str


class Amount(msgspec.Struct, frozen=True):
    label: str
    amount: str
    note: str = ""


class Payment(msgspec.Struct, frozen=True):
    title: str
    note: str
    facts: list[Pair]
    qr: str
    qr_alt: str


class BillData(msgspec.Struct, frozen=True):
    """Every string of the bill, placed by ``typst/bill.typ``; ``sums`` are the lines above ``total``, ``balance`` those below."""

    title: str
    description: str
    language: str
    region: str
    han: list[str]
    kind: str
    number: str
    trial: str | None
    words: dict[str, str]
    seller: Seller
    buyer: Buyer
    facts: list[Pair]
    headline: Amount
    columns: list[str]
    lines: list[Row]
    sums: list[Amount]
    total: Amount
    balance: list[Amount]
    home_tax: str
    payment: Payment | None
    mentions: list[str]


def bill_data(*, invoice: Invoice) -> BillData:
    """The strings of one issued invoice.

    ``seller`` and ``buyer`` are the invoice's own frozen copies: nothing is read from the account or the operator's file, so
    the same invoice gives the same paper whenever it is made again.
    """
    with translation.override(invoice.language):
        return _Bill(invoice).data()


class _Bill:
    """One invoice being written down under its language."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        self.language = invoice.language
        self.locale = locale_of(invoice.language)
        self.colon = "\u00a0:" if invoice.language == "fr" else ":"
        self.prepaid = paid_before(invoice=invoice)
        self.to_pay = invoice.total_minor - self.prepaid
        self.owed = self.to_pay > 0 and invoice.kind != Invoice.Kind.CREDIT_NOTE
        self.rows = sorted(invoice.lines.all(), key=lambda line: line.position)
        self.gross = any(line.gross_minor is not None for line in self.rows)
        self.taxes = sorted(invoice.taxes.all(), key=lambda tax: (tax.category, Decimal(tax.rate)))
        self.seller: dict[str, Any] = invoice.seller
        self.buyer: dict[str, Any] = invoice.buyer

    def data(self) -> BillData:
        invoice = self.invoice
        kind, number, name = self.kind(), str(invoice.number), self.seller["trade_name"]
        return BillData(
            title=_UNSEEN.sub("", _("%(kind)s %(number)s, %(seller)s") % {"kind": kind, "number": number, "seller": name}),
            description=f"{kind} {number}",
            language=self.language,
            region=str(self.locale.territory),
            han=_han(str(self.buyer.get("country", ""))),
            kind=kind,
            number=number,
            trial=_("Trial: nothing is owed") if invoice.trial else None,
            words={
                "billed_to": _("Billed to"),
                "mentions": _("What the law asks us to say"),
                "data": _("This bill as data, for accounting programs (Factur-X)"),
            },
            seller=self.letterhead(),
            buyer=self.addressee(),
            facts=self.facts(),
            headline=self.headline(),
            columns=[_("Description"), _("Quantity"), *self.price_columns()],
            lines=[self.row(line) for line in self.rows],
            sums=self.sums(),
            total=Amount(_("Total"), self.money(invoice.total_minor)),
            balance=self.balance(),
            home_tax=self.home_tax(),
            payment=self.payment(),
            mentions=[clean(mention) for mention in invoice.mentions],
        )

    def money(self, minor: int) -> str:
        return _minor(minor, self.invoice.currency, self.language)

    def day(self, day: date) -> str:
        return written_day(day, self.language)

    def period(self, start: date, end: date) -> str:
        """``1 October 2026`` to the 31st in one go: both our languages put the day first."""
        if (start.year, start.month) == (end.year, end.month):
            return f"{start.day}–{self.day(end)}" if start != end else self.day(end)
        return f"{self.day(start)} – {self.day(end)}"

    def kind(self) -> str:
        return {"380": _("Invoice"), "381": _("Credit note"), "384": _("Corrected invoice")}[self.invoice.kind]

    def letterhead(self) -> Seller:
        seller = self.seller
        company = " ".join(part for part in (seller["legal_form"], _capital(seller)) if part)
        numbers = [f"{seller['registration']} {seller['trade_register']}"]
        if seller.get("vat_number"):
            numbers.append(_("VAT %(number)s") % {"number": seller["vat_number"]})
        address = f"{seller['street']}, {seller['postcode']} {seller['city']}, {self.country(seller['country'])}"
        return Seller(
            name=clean(seller["trade_name"]),
            legal_name=_UNSEEN.sub("", seller["legal_name"]),
            lines=[
                clean(part)
                for part in (
                    f"{seller['legal_name']} ({seller['legal_form']})",
                    *self.address(seller, always=True),
                    seller["email"],
                    seller["phone"],
                )
            ],
            legal_line=" · ".join(clean(part) for part in (f"{seller['legal_name']}, {company}", *numbers, address)),
        )

    def addressee(self) -> Buyer:
        buyer = self.buyer
        numbers = [(_("VAT number"), "vat_number"), (_("Registration"), "registration"), (_("Your order"), "purchase_order")]
        return Buyer(
            name=clean(buyer["name"]),
            lines=[clean(line) for line in self.address(buyer, always=False)],
            facts=[(label, clean(buyer[key])) for label, key in numbers if buyer.get(key)],
        )

    def address(self, party: dict[str, Any], *, always: bool) -> list[str]:
        """Street, town and country; the country is left out at home, as letters do, unless ``always``."""
        town = f"{party.get('postcode', '')} {party.get('city', '')}".strip()
        abroad = always or party.get("country") != self.seller["country"]
        country = self.country(str(party.get("country", ""))) if abroad else ""
        return [line for line in (*str(party.get("street", "")).splitlines(), town, country) if line]

    def country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def facts(self) -> list[Pair]:
        invoice = self.invoice
        assert invoice.issued_on is not None  # noqa: S101 - the table's own check constraint
        assert invoice.due_on is not None  # noqa: S101
        facts = [(_("Issued on"), self.day(invoice.issued_on))]
        if self.owed:
            facts.append((_("Due on"), self.day(invoice.due_on)))
        facts.append((_("Period"), self.period(invoice.period_start_on, invoice.period_end_on)))
        if self.buyer.get("reference"):
            facts.append((_("Account"), clean(self.buyer["reference"])))
        return facts

    def headline(self) -> Amount:
        invoice = self.invoice
        assert invoice.due_on is not None  # noqa: S101 - the table's own check constraint
        if self.owed:
            return Amount(_("To pay by %(day)s") % {"day": self.day(invoice.due_on)}, self.money(self.to_pay))
        if self.prepaid:
            return Amount(self.paid_word(), self.money(invoice.total_minor))
        if invoice.total_minor:
            return Amount(_("In your favour"), self.money(abs(invoice.total_minor)))
        return Amount(_("Nothing to pay"), self.money(0))

    def price_columns(self) -> list[str]:
        if self.gross:
            return [_("Unit price, VAT included"), _("VAT included")]
        return [_("Unit price"), _("Before tax")]

    def row(self, line: InvoiceLine) -> Row:
        details = [self.detail(detail, line.unit) for detail in line.details]
        if len(self.taxes) > 1 and line.tax_category:
            details.append(self.rate(line.tax_rate))
        return Row(
            text=clean(line.text),
            details=" · ".join(details),
            quantity=self.quantity(line.quantity, line.unit),
            price=_unit_price(line.unit_price, self.invoice.currency, self.locale),
            net=self.money(line.net_minor if line.gross_minor is None else line.gross_minor),
        )

    def detail(self, detail: dict[str, Any], unit: str) -> str:
        label, quantity = clean(detail.get("label", "")), detail.get("quantity")
        if not quantity:
            return label
        return f"{label}{self.colon} {self.quantity(quantity, unit)}" if label else self.quantity(quantity, unit)

    def quantity(self, quantity: str, unit: str) -> str:
        """A no-break space keeps number and unit together."""
        size = Decimal(quantity)
        return f"{_exact(size, self.language)}\u00a0{clean(unit_text(unit=unit, quantity=size, language=self.language))}".strip()

    def sums(self) -> list[Amount]:
        return [Amount(_("Before tax"), self.money(self.invoice.net_minor)), *(self.tax(tax) for tax in self.taxes)]

    def tax(self, tax: InvoiceTax) -> Amount:
        note = _("on %(base)s") % {"base": self.money(tax.base_minor)}
        if tax.reason:
            note = f"{note} · {clean(tax.reason)}"
        return Amount(self.rate(tax.rate), self.money(tax.tax_minor), note)

    def rate(self, rate: str) -> str:
        label = _("VAT %(rate)s %%") % {"rate": _exact(Decimal(rate), self.language)}
        return label.replace(" %", "\u00a0%")

    def balance(self) -> list[Amount]:
        """What was paid before its issue, and what is left; nothing when nothing was."""
        if not self.prepaid:
            return []
        return [
            Amount(self.paid_word(), self.money(-self.prepaid)),
            Amount(_("To pay"), self.money(self.to_pay)),
        ]

    def paid_word(self) -> str:
        """What was paid before the issue of a corrected invoice was paid on the bill that it replaces."""
        return _("Paid already") if self.invoice.kind == Invoice.Kind.CORRECTION else _("Paid in advance")

    def home_tax(self) -> str:
        """The tax in the operator's currency and the rate used, when the bill is in another (Directive 2006/112 art. 230)."""
        exchange = self.invoice.exchange
        if self.invoice.tax_home_minor is None or not exchange:
            return ""
        return _("VAT in %(currency)s: %(amount)s (1 %(base)s = %(rate)s %(quote)s on %(day)s, %(source)s)") % {
            "currency": exchange["quote"],
            "amount": format_minor(self.invoice.tax_home_minor, exchange["quote"], self.language),
            "base": exchange["base"],
            "rate": format_exact(Decimal(exchange["rate"]), self.language),
            "quote": exchange["quote"],
            "day": self.day(date.fromisoformat(exchange["dated_on"])),
            "source": clean(exchange.get("source", "")),
        }

    def payment(self) -> Payment | None:
        invoice, bank = self.invoice, self.seller.get("bank")
        if not bank or not self.owed:
            return None
        facts = [(_("To"), clean(bank["holder"])), (_("IBAN"), iban_numbers.format(bank["iban"]).replace(" ", "\u00a0"))]
        if bank.get("bic"):
            facts.append((_("BIC"), bank["bic"]))
        facts.append((_("Amount"), self.money(self.to_pay)))
        reference = invoice.payment_reference or str(invoice.number)
        facts.append((_("Reference"), _in_fours(invoice.payment_reference) or reference))
        code = epc_code(
            holder=bank["holder"],
            iban=bank["iban"],
            bic=bank.get("bic", ""),
            amount=from_minor(self.to_pay, invoice.currency),
            currency=invoice.currency,
            reference=invoice.payment_reference,
            number=reference,
        )
        note = _("Give the reference with your transfer: it is how we know which bill you paid.")
        scan = _("Scan the code with your bank's app, or copy the lines.")
        return Payment(
            title=_("Pay by transfer"),
            note=f"{scan} {note}" if code else note,
            facts=facts,
            qr=_svg(code),
            qr_alt=_("Code for a bank's app: a transfer of %(amount)s to %(holder)s, reference %(reference)s")
            % {
                "amount": self.money(self.to_pay),
                "holder": clean(bank["holder"]),
                "reference": reference,
            },
        )


def clean(text: object) -> str:
    """Text from people, fit for paper: without control and direction marks, and long unbroken words may wrap anywhere."""
    return _LONG_WORD.sub(lambda word: _BREAK.join(word[0]), visible(text))


def visible(text: object) -> str:
    """Text from people without control and direction marks, as it may stand on paper and in data."""
    return _UNSEEN.sub("", str(text))


def _capital(seller: dict[str, Any]) -> str:
    """``with a capital of 10 000 EUR``, or nothing for a form of company that has none."""
    if not seller.get("share_capital"):
        return ""
    return _("with a capital of %(capital)s") % {"capital": seller["share_capital"]}


def _han(country: str) -> list[str]:
    """The families for Chinese, Japanese and Korean, the reader's own first."""
    order = ["SC", "TC", "JP", "KR"]
    own = _HAN.get(country, "SC")
    return [f"Kurinto Sans {name}" for name in (own, *(name for name in order if name != own))]


@lru_cache(maxsize=4096)
def _unit_price(text: str, currency: str, locale: Locale) -> str:
    """The price with its currency and every decimal it has, at least those of the currency: ``€0.0146``, ``€5.00``."""
    return format_currency(Decimal(text), currency, locale=locale, decimal_quantization=False) if text else ""


def _in_fours(reference: str) -> str:
    """``RF93 F202 6000 42``: as ISO 11649 wants it printed, and never broken across lines."""
    return "\u00a0".join(reference[at : at + 4] for at in range(0, len(reference), 4))


def _svg(code: segno.QRCode | None) -> str:
    """The code as an SVG document of black modules; nothing for None."""
    if code is None:
        return ""
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False, svgns=True, omitsize=True, dark="#000000")
    return out.getvalue().decode("ascii")
