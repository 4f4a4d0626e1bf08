"""Which VAT services bear: seller, buyer and the day of supply become a treatment, or a named stop. Pure.

Services are taken to be supplied electronically, as those of a hosted service are (Reg. (EU) 282/2011 art. 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bonafide.billing.tax.places import Place, registration_in
from bonafide.billing.tax.rates import STANDARD_SORT, DatedRate, Rates

# UNTDID 5305 as EN 16931 uses it: standard rate (of whichever member state), reverse charge, exempt, outside the scope. Services
# whose place of supply is abroad are outside the scope (O); G is for goods that leave the Union.
STANDARD, ZERO_RATED, REVERSE_CHARGE, EXEMPT, OUTSIDE = "S", "Z", "AE", "E", "O"

ZERO = Decimal(0)


class Undecided(Exception):
    """Why no treatment holds, as one plain line with the remedy."""


@dataclass(frozen=True)
class Seller:
    """The operator: ``franchise`` for one who charges no VAT at home; ``oss`` is ``below_threshold`` or ``registered``."""

    place: Place
    vat_number: str
    franchise: bool = False
    oss: str = "below_threshold"


@dataclass(frozen=True)
class Buyer:
    """The customer: ``kind`` is ``person`` or ``company``; ``vat_number`` only when it may be relied on, else empty."""

    kind: str
    place: Place
    vat_number: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a supply is taxed.

    ``key`` names the rule; ``category`` is UNTDID 5305, ``rate`` in percent, and for no tax its VATEX code and the words that say
    why. ``taxed_in`` is the code of the place whose VAT it is, empty for none; ``dated`` the row that the rate is of. ``counts``:
    towards the threshold of art. 59c. ``flags`` tell staff what else the law asks of the operator.
    """

    key: str
    category: str
    rate: Decimal = ZERO
    taxed_in: str = ""
    reason_code: str = ""
    reason_key: str = ""
    flags: tuple[str, ...] = ()
    counts: bool = False
    dated: DatedRate | None = None


@dataclass(frozen=True)
class _Supply:
    """What is asked about: a sort of supply, completed on a day, and what rates there are."""

    on: date
    rates: Rates
    sort: str


def decide(*, seller: Seller, buyer: Buyer, on: date, rates: Rates, beyond: bool, sort: str = STANDARD_SORT) -> Treatment:
    """The treatment of services that ``seller`` supplies to ``buyer`` and that were completed ``on`` that day.

    ``sort``: the sort of supply that a rate is for. Where no VAT of ours is owed at all it makes no difference.

    ``beyond``: whether with this sale those to consumers elsewhere in the Union are more than the threshold of Directive
    2006/112/EC art. 59c, this calendar year or last. A company elsewhere in the Union without a number that may be relied on is
    a consumer (Reg. (EU) 282/2011 art. 18).

    :raises Undecided: when no rate is known, or the seller lacks what the law asks for.
    """
    home, there = seller.place, buyer.place
    supply = _Supply(on, rates, sort)
    if there.system == home.system:
        return _at_home(seller, there, supply)
    if not home.eu and home.system != "FR":
        raise Undecided(
            f"its place is {there.code}, and for a seller in {home.code}, outside the EU, only bills at home can be taxed here"
        )
    if not there.eu:
        return _outside(buyer)
    if _may_owe_it(buyer):
        return _reversed(seller)
    return _to_consumer(seller, there, supply, beyond=beyond)


def _at_home(seller: Seller, there: Place, supply: _Supply) -> Treatment:
    """Within one VAT system: France with Monaco and its overseas departments, or one member state."""
    if there.code in ("GF", "YT"):
        return Treatment("not_applied", OUTSIDE, reason_code="VATEX-EU-O", reason_key="not_applied")
    if seller.franchise:
        code = "VATEX-FR-FRANCHISE" if seller.place.system == "FR" else ""
        key = "franchise" if code else "small_enterprise"
        return Treatment(key, EXEMPT, reason_code=code, reason_key=key)
    return _taxed("home", there, supply)


def _outside(buyer: Buyer) -> Treatment:
    """The place of supply is outside the Union (art. 44 for companies, art. 58 for consumers). A company is taken at its word."""
    if buyer.kind == "company":
        return Treatment("outside_company", OUTSIDE, reason_code="VATEX-EU-O", reason_key="outside_company")
    flag = f"register:{buyer.place.system}" if registration_in(buyer.place.system) else f"look_up:{buyer.place.system}"
    return Treatment("outside_consumer", OUTSIDE, reason_code="VATEX-EU-O", reason_key="outside_consumer", flags=(flag,))


def _may_owe_it(buyer: Buyer) -> bool:
    """Whether it is a company with a number of the very state that it is in."""
    number = "".join(buyer.vat_number.split()).upper()
    return buyer.kind == "company" and number.startswith(buyer.place.vat_prefix)


def _reversed(seller: Seller) -> Treatment:
    if not seller.vat_number:
        raise Undecided(
            "its company owes the VAT by reverse charge, which takes a VAT number of yours as well: enter identity.vat_number"
        )
    return Treatment("reverse_charge", REVERSE_CHARGE, reason_code="VATEX-EU-AE", reason_key="reverse_charge")


def _to_consumer(seller: Seller, there: Place, supply: _Supply, *, beyond: bool) -> Treatment:
    """Art. 58, and below the threshold of art. 59c the seller's own state unless they chose otherwise."""
    if not seller.place.eu and seller.oss != "registered":
        raise Undecided(
            f"it is a consumer in {there.code}, which from {seller.place.code} is taxed there from the first sale: register for "
            'the one-stop shop and set tax.oss = "registered"'
        )
    if seller.oss == "registered":
        return _taxed("destination", there, supply, counts=True)
    if beyond:
        return _taxed("destination", there, supply, counts=True, flags=("oss_beyond_threshold",))
    home = _at_home(seller, seller.place, supply)
    if seller.franchise:
        return Treatment(home.key, home.category, reason_code=home.reason_code, reason_key=home.reason_key, counts=True)
    return _taxed("below_threshold", seller.place, supply, counts=True)


def _taxed(key: str, there: Place, supply: _Supply, *, counts: bool = False, flags: tuple[str, ...] = ()) -> Treatment:
    dated = supply.rates.on(there.rate_of, supply.on, supply.sort)
    if dated is None:
        sort = "" if supply.sort == STANDARD_SORT else f", with sort {supply.sort}"
        raise Undecided(
            f"no VAT rate is known for {there.rate_of} on {supply.on}{sort}: enter it under [[tax.rates]] in the operator's file"
        )
    if dated.exempt:
        return Treatment(
            "exempt",
            EXEMPT,
            taxed_in=there.code,
            reason_code=dated.exempt,
            reason_key="exempt",
            flags=flags,
            counts=counts,
            dated=dated,
        )
    category = STANDARD if dated.rate else ZERO_RATED
    return Treatment(key, category, dated.rate, there.code, flags=flags, counts=counts, dated=dated)
