"""Decimal text to an exact integer in a meter's scale. Pure: no Django, no clock, no float."""

from __future__ import annotations

import re
from decimal import Decimal

from bonafide.money import plain, round_half_up, scaled

LARGEST_QUANTITY = 10**18

_NUMBER = re.compile(r"(-?)([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,2}))?")


def whole_units(quantity: str | int, *, scale: int, signed: bool, rounded: bool) -> int:
    """``quantity`` as a count of ``10**-scale`` units: ``"1.5"`` at scale 3 is 1500.

    :param signed: whether a negative quantity is taken.
    :param rounded: whether further decimals are rounded half up instead of refused.
    :raises ValueError: saying what was expected.
    """
    units: int = quantity * 10**scale if isinstance(quantity, int) else _of_text(quantity, scale, rounded=rounded)
    if units < 0 and not signed:
        raise ValueError("expected zero or more: corrections are made by the operator, not by negative usage")
    if not -LARGEST_QUANTITY <= units <= LARGEST_QUANTITY:
        raise ValueError(f"expected at most {plain(Decimal(LARGEST_QUANTITY).scaleb(-scale))}, with the meter's {scale} decimals")
    return units


def _of_text(text: str, scale: int, *, rounded: bool) -> int:
    found = _NUMBER.fullmatch(text)
    if not found:
        raise ValueError("expected a decimal number such as 12.5")
    sign, whole, decimals, power = found.groups("")
    if not power:
        kept = decimals.rstrip("0")
        if len(kept) <= scale:
            units = int(whole + kept.ljust(scale, "0"))
            return -units if sign else units
    value = Decimal(text)
    if rounded:
        value = round_half_up(value, scale)
    try:
        return scaled(value, scale)
    except ValueError:
        raise ValueError(f"expected at most {scale} decimals, the meter's own") from None
