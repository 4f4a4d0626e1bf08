"""Seller and buyer of a bill as parties of an e-invoice (BG-4, BG-7), by the keys of factur-x. Pure: the frozen copies alone."""

from __future__ import annotations

import re
from typing import Any

from stdnum.fr import siren

# ISO 6523: the register of French companies, and the addresses of the reform's directory, which begin with their numbers.
SIREN, FRENCH_ADDRESS = "0002", "0225"
EMAIL = "EM"
# France and its overseas departments, whose companies are in its register and its reform.
_FRENCH = frozenset({"FR", "GP", "GF", "MQ", "RE", "YT"})
_ADDRESS = re.compile(r"[A-Za-z0-9+_.-]{1,100}")

# Electronic address schemes (EAS) that are the VAT numbers of the member states.
_VAT_ADDRESS = {
    "AT": "9914",
    "BE": "9925",
    "BG": "9926",
    "HR": "9934",
    "CY": "9928",
    "CZ": "9929",
    "EE": "9931",
    "DE": "9930",
    "GR": "9933",
    "HU": "9910",
    "IE": "9935",
    "LV": "9939",
    "LT": "9937",
    "LU": "9938",
    "MT": "9943",
    "NL": "9944",
    "PL": "9945",
    "PT": "9946",
    "RO": "9947",
    "SK": "9950",
    "SI": "9949",
    "ES": "9920",
}

Party = dict[str, Any]


def seller_party(seller: dict[str, Any], *, without_vat: bool) -> Party:
    """The seller; without its VAT number where the law says that what is supplied is outside of VAT (BR-O-02)."""
    number = siren_of(seller)
    party = _postal(seller["legal_name"], seller)
    party["biz_name"] = seller["trade_name"]
    party["legal_info"] = " ".join(
        part for part in (seller["legal_form"], seller["share_capital"], seller["registration"], seller["trade_register"]) if part
    )
    party |= _legal(seller, number)
    if number:
        party |= {"einvoicing_addr": number, "einvoicing_addr_schemeid": FRENCH_ADDRESS}
    else:
        party |= {"einvoicing_addr": seller["email"], "einvoicing_addr_schemeid": EMAIL}
    party["contacts"] = [{"name": seller["trade_name"], "phone": seller["phone"], "email": seller["email"]}]
    if seller.get("vat_number") and not without_vat:
        party["vat_identifier"] = compact(seller["vat_number"])
    elif not without_vat:
        party["tax_identifier"] = compact(seller["registration"])
    return party


def buyer_party(buyer: dict[str, Any], *, seller: dict[str, Any], without_vat: bool) -> Party:
    """The buyer, with the electronic address that is known of it (BT-49): the French rules want one on every document.

    A French company has its SIREN, one elsewhere in the EU its VAT number, anybody else the address for bills. Somebody without
    any of them has our reference of the account, in the seller's own part of the French directory: nothing is sent by it, as what
    consumers buy is reported and not sent through a platform.
    """
    number = siren_of(buyer)
    party = _postal(buyer["name"], buyer)
    if buyer.get("reference"):
        party["identifiers"] = {"": buyer["reference"]}
    party |= _legal(buyer, number)
    vat_number = compact(buyer.get("vat_number", ""))
    if vat_number and not without_vat:
        party["vat_identifier"] = vat_number
    scheme = _VAT_ADDRESS.get(buyer.get("country", ""))
    if number:
        address = number, FRENCH_ADDRESS
    elif vat_number and scheme:
        address = vat_number, scheme
    elif buyer.get("billing_email"):
        address = buyer["billing_email"], EMAIL
    elif (of_seller := siren_of(seller)) and _ADDRESS.fullmatch(str(buyer.get("reference", ""))):
        address = f"{of_seller}_{buyer['reference']}", FRENCH_ADDRESS
    else:
        address = seller["email"], EMAIL
    party["einvoicing_addr"], party["einvoicing_addr_schemeid"] = address
    return party


def siren_of(party: dict[str, Any]) -> str:
    """The nine digits of a company in France, of its registration number or of its establishment's; empty for anybody else."""
    if party.get("country") not in _FRENCH or party.get("kind") == "person":
        return ""
    found = re.sub(r"[\s.-]", "", str(party.get("registration", "")))
    return found[:9] if re.fullmatch(r"\d{9}(\d{5})?", found) and siren.is_valid(found[:9]) else ""


def treatment_of(buyer: dict[str, Any]) -> str:
    """What the reform does with a bill to this buyer (the note BAR): who has no SIREN in France is not in its directory."""
    if buyer.get("country") in _FRENCH:
        return "B2B" if siren_of(buyer) else "B2C"
    return "B2BINT" if buyer.get("kind") == "company" else "B2CINT"


def compact(number: str) -> str:
    """An identifier without the spaces and points that people write it with."""
    return re.sub(r"[\s.-]", "", number).upper()


def _legal(party: dict[str, Any], number: str) -> Party:
    if number:
        return {"legal_identifier": number, "legal_identifier_schemeid": SIREN}
    if party.get("registration") and party.get("kind") != "person":
        return {"legal_identifier": party["registration"]}
    return {}


def _postal(name: str, party: dict[str, Any]) -> Party:
    lines = [line.strip() for line in str(party.get("street", "")).splitlines() if line.strip()]
    # there are three lines for an address: what is more stands on the third
    lines = [*lines[:2], ", ".join(lines[2:])] if len(lines) > 2 else lines
    address = {f"addr_l{place}": line for place, line in enumerate(lines, start=1)}
    return {
        "name": name,
        **address,
        "postcode": party.get("postcode", ""),
        "city": party.get("city", ""),
        "country_code": party.get("country", ""),
    }
