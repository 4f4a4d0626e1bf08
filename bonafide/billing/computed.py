"""What a bill run computed: frozen, touching nothing. The writer only writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from msgspec import Raw

from bonafide.billing.tax import Treatment
from bonafide.billing.tax.locate import Item
from bonafide.billing.tax.rates import STANDARD_SORT
from bonafide.periods import Month

if TYPE_CHECKING:
    from bonafide.billing.balance.apply import Left, Use

Treatments = Mapping[str, Treatment]  # by sort of supply


class Detail(TypedDict):
    """A part of a line's quantity, informative; ``quantity`` is decimal text."""

    label: str
    quantity: str


class ComputedLine(NamedTuple):
    """A line in the buyer's language. ``quantity`` and ``unit_price`` are decimal text whose product rounds to ``net_minor``.

    ``sort`` is what kind of supply it is for the tax (``standard``, or a category of the operator's). From it ``taxed`` puts in
    category and rate, and where prices include the tax it moves the product to ``gross_minor`` and takes the net out of it.
    """

    text: str
    meter: str
    quantity: str
    unit: str
    unit_price: str
    net_minor: int
    details: tuple[Detail, ...] = ()
    tax_category: str = ""
    tax_rate: str = ""
    gross_minor: int | None = None
    sort: str = STANDARD_SORT


class ComputedTax(NamedTuple):
    """Base and tax of one category and rate, in minor units; ``rate`` is decimal text in percent."""

    category: str
    rate: str
    base_minor: int
    tax_minor: int
    reason_code: str
    reason: str


def main_of(treatments: Treatments) -> Treatment:
    """That of the standard sort of supply if it bears tax, else of the first by name that does, else of the first."""
    if len(treatments) == 1:
        return next(iter(treatments.values()))
    order = sorted(treatments, key=lambda sort: (not treatments[sort].rate, sort != STANDARD_SORT, sort))
    return treatments[order[0]]


@dataclass(frozen=True, slots=True)
class ThresholdSale:
    """A sale to a consumer elsewhere in the Union by a seller who is not registered for the one-stop shop.

    What was sold before it decides between the two treatments; ``facts`` go into the bill's basis either way.
    """

    below: Treatments
    beyond: Treatments
    facts: dict[str, object]
    limit_minor: int
    year: int


@dataclass(frozen=True, slots=True)
class ComputedBill:
    """One account's bill of one month, in minor units of ``currency``.

    ``seller`` is the same on every bill, so it comes as the JSON text it is kept as. ``tax_home_minor`` is the tax in the
    operator's own currency and ``exchange`` the rate used, when the bill is in another currency and a rate is known;
    ``home_currency_missing`` says that one should be but is not. ``treatments`` and ``tax_basis`` are what decided the tax, and
    ``gross`` whether prices include it; ``eu_consumer_minor`` is the net in the operator's own currency when it counts towards
    the threshold of art. 59c, and ``sale`` is there while that threshold still has a say. ``prepaid_minor`` is taken from what
    the customer paid in advance: ``payments`` of the ``purse``. ``discounts`` is what its lines use of vouchers and credits, and
    ``one_offs`` are the one-off charges on it with their positions.
    """

    account_id: int
    reference: str
    name: str
    month: Month
    currency: str
    language: str
    seller: Raw
    buyer: dict[str, object]
    lines: tuple[ComputedLine, ...]
    taxes: tuple[ComputedTax, ...]
    net_minor: int
    tax_minor: int
    treatments: Treatments
    tax_basis: Raw
    gross: bool = False
    prepaid_minor: int = 0
    eu_consumer_minor: int | None = None
    sale: ThresholdSale | None = None
    tax_home_minor: int | None = None
    exchange: dict[str, str] | None = None
    home_currency_missing: str = ""
    one_offs: tuple[tuple[int, int], ...] = ()
    discounts: tuple[Use, ...] = ()
    purse: tuple[Left, ...] = ()
    payments: tuple[Use, ...] = ()

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def treatment(self) -> Treatment:
        """The one that says most about the bill: where the supply is taxed is the same for all."""
        return main_of(self.treatments)


@dataclass(frozen=True, slots=True)
class Stopped:
    """An account that cannot be billed yet: why, and what to do about it, in one plain line.

    ``evidence`` is there when staff must say where the consumer is; ``mend`` is where it is mended (``runs/mend.py``).
    """

    account_id: int
    reference: str
    name: str
    reason: str
    evidence: tuple[Item, ...] = ()
    mend: str = ""
