"""Which bills somebody wants to see: by their state, in the words of a list."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from bonafide.billing.models import Invoice, InvoiceQuerySet, State


@dataclass(frozen=True)
class Shown:
    """``key`` stands in the address. A bill that is partly paid is still to be paid."""

    key: str
    label: str | Promise
    states: tuple[State, ...]


_TOGETHER = (
    Shown("draft", _("Drafts"), (State.DRAFT,)),
    Shown("open", _("To be paid"), (State.ISSUED, State.PARTLY_PAID)),
    Shown("overdue", _("Overdue"), (State.OVERDUE,)),
    Shown("paid", _("Paid"), (State.PAID,)),
)
_NAMED = {state for shown in _TOGETHER for state in shown.states}
# What staff can ask for; customers are not told what was given up in the books, which is overdue to them.
FOR_STAFF = (*_TOGETHER, *(Shown(state.value, capfirst(state.label), (state,)) for state in State if state not in _NAMED))
SHOWN = tuple(shown for shown in FOR_STAFF if State.UNCOLLECTIBLE not in shown.states)


def shown_as(key: str) -> Shown | None:
    """What is asked for; None for everything, and for a word that is none of them."""
    return next((shown for shown in FOR_STAFF if shown.key == key), None)


def in_states(bills: InvoiceQuerySet, shown: Shown) -> InvoiceQuerySet:
    """Of bills read ``with_state``, those; a credit note is no bill in any state."""
    return bills.filter(state__in=shown.states).exclude(kind=Invoice.Kind.CREDIT_NOTE)  # type: ignore[misc]  # with_state's
