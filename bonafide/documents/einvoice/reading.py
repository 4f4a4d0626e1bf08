"""An e-invoice's XML read back, for those who check it. Pure, and hardened: nothing outside of the text is ever looked up."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache, cached_property

from lxml import etree

NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_LINE = "rsm:SupplyChainTradeTransaction/ram:IncludedSupplyChainTradeLineItem"
_AGREEMENT = "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeAgreement"
_SETTLEMENT = "rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement"


class Unreadable(Exception):
    """It is no XML, or a number in it is none."""


class Element:
    """A part of the document, asked by paths in which ``ram:`` goes without saying."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    def all(self, path: str) -> list[Element]:
        found = self.element.findall(_prefixed(path), NAMESPACES)
        return [Element(element) for element in found]

    def text(self, path: str = "") -> str:
        """The text at a path; empty when there is none."""
        found = self.element.find(_prefixed(path), NAMESPACES) if path else self.element
        return "" if found is None else (found.text or "").strip()

    def texts(self, path: str) -> list[str]:
        return [each.text() for each in self.all(path)]

    def number(self, path: str, default: str | None = None) -> Decimal:
        """The number at a path.

        :raises Unreadable: when there is none and no default.
        """
        written = self.text(path) or default
        try:
            return Decimal(written or "")
        except InvalidOperation:
            raise Unreadable(f"{path} is {written!r}, no number") from None

    def attribute(self, path: str, name: str) -> str:
        found = self.element.find(_prefixed(path), NAMESPACES) if path else self.element
        return "" if found is None else str(found.get(name) or "")


class EInvoice:
    """The whole document, by the parts that checks ask for.

    :raises Unreadable: when it is no XML.
    """

    def __init__(self, xml: bytes) -> None:
        try:
            self.tree = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"not XML: {error}") from None
        self.root = Element(self.tree)

    @cached_property
    def lines(self) -> list[Element]:
        return self.root.all(_LINE)

    @cached_property
    def document(self) -> Element:
        return self._one("rsm:ExchangedDocument")

    @cached_property
    def seller(self) -> Element:
        return self._one(f"{_AGREEMENT}/ram:SellerTradeParty")

    @cached_property
    def buyer(self) -> Element:
        return self._one(f"{_AGREEMENT}/ram:BuyerTradeParty")

    @cached_property
    def settlement(self) -> Element:
        return self._one(_SETTLEMENT)

    @cached_property
    def sums(self) -> Element:
        return self._one(f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation")

    @cached_property
    def taxes(self) -> list[Element]:
        return self.settlement.all("ApplicableTradeTax")

    @property
    def context(self) -> Element:
        return self._one("rsm:ExchangedDocumentContext")

    def _one(self, path: str) -> Element:
        found = self.root.all(path)
        if not found:
            raise Unreadable(f"{path} is missing")
        return found[0]


@cache
def _prefixed(path: str) -> str:
    return "/".join(part if ":" in part else f"ram:{part}" for part in path.split("/"))
