"""Where a consumer is: pieces of evidence become a place, or a contradiction for staff to decide. Pure.

Reg. (EU) 282/2011 art. 24b(d) and 24f: two items that do not contradict each other; one is enough for a small seller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bonafide.billing.tax.places import Place, known_place

BILLING_ADDRESS = "billing_address"
# What a consumer's own words are not: a third party said it.
KINDS = (BILLING_ADDRESS, "ip", "card", "bank", "vat_number", "phone", "other")


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One piece of evidence: ``place`` is a place's code, or for anything but an address perhaps only its country's."""

    kind: str
    place: str


@dataclass(frozen=True, slots=True)
class Located:
    """The place and the items that speak for it; ``contradicted`` are those that do not."""

    place: Place
    items: tuple[Item, ...]
    contradicted: tuple[Item, ...] = ()


class Contradiction(Exception):
    """The items name different places, and none is named by two more than any other."""


def locate(*, items: Iterable[Item]) -> Located:
    """The place that most items speak for, two at least when others contradict.

    An item that names a country speaks for each part of it as well: a French card for an address in Réunion.

    :raises Contradiction: when two places are equally well supported, or when they contradict each other one by one.
    """
    all_items = tuple(sorted(items))
    support = {code: tuple(item for item in all_items if _speaks_for(item, code)) for code in {item.place for item in all_items}}

    def weight(code: str) -> tuple[int, int]:
        return len(support[code]), sum(item.place == code for item in all_items)

    best, *others = sorted(support, key=lambda code: (*(-count for count in weight(code)), code))
    rivals = [code for code in others if not set(support[code]) <= set(support[best])]
    if rivals and (len(support[best]) < 2 or weight(rivals[0]) == weight(best)):
        raise Contradiction
    against = tuple(item for item in all_items if item not in support[best])
    return Located(known_place(best), support[best], against)


def _speaks_for(item: Item, code: str) -> bool:
    return item.place == code or (item.kind != BILLING_ADDRESS and known_place(code).country == item.place)
