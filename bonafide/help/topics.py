"""What there is help for, in order. A topic whose subject is switched off is not there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Text
from bonafide.operator import Operator


@dataclass(frozen=True)
class Topic:
    """``key`` stands in the address and names the template."""

    key: str
    title: Text
    lead: Text

    @property
    def template(self) -> str:
        return f"help/{self.key}.html"


BILLS = Topic("bills", _("Find and download a bill"), _("Where your bills are, what stands on one, and how to check it."))
PAY = Topic("pay", _("Pay a bill"), _("By card, by direct debit or by transfer, and what happens then."))
SAVED = Topic(
    "automatic-payment",
    _("Save a card, pay automatically"),
    _("If you like: bills are then paid on the day they are due. You never have to."),
)
LATE = Topic(
    "late",
    _("When a bill is late"),
    _("What follows and when, what to do if you cannot pay, and how a suspension ends."),
)


def topics(operator: Operator) -> tuple[Topic, ...]:
    """Those that hold here."""
    there = {BILLS: True, PAY: True, SAVED: operator.stripe.enabled, LATE: operator.dunning.enabled}
    return tuple(one for one, holds in there.items() if holds)


def topic(key: str, operator: Operator) -> Topic | None:
    """The one of that name; None when there is none, or not here."""
    return next((one for one in topics(operator) if one.key == key), None)
