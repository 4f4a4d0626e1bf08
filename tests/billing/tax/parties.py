"""Sellers, buyers and days for the tests of tax."""

from datetime import date

from bonafide.billing.tax import Buyer, Rates, Seller, Treatment, decide, place_of

DAY = date(2026, 11, 30)
BUILT_IN = Rates()


def seller(country: str = "FR", postcode: str = "75011", vat_number: str = "FR44732829320", **values: object) -> Seller:
    return Seller(place_of(country, postcode), vat_number, **values)  # type: ignore[arg-type]


def buyer(country: str, postcode: str = "", *, kind: str = "person", vat_number: str = "") -> Buyer:
    return Buyer(kind, place_of(country, postcode), vat_number)


def company(country: str, postcode: str = "", vat_number: str = "") -> Buyer:
    return buyer(country, postcode, kind="company", vat_number=vat_number)


def treat(to: Buyer, by: Seller | None = None, *, on: date = DAY, beyond: bool = False, rates: Rates = BUILT_IN) -> Treatment:
    return decide(seller=by or seller(), buyer=to, on=on, rates=rates, beyond=beyond)
