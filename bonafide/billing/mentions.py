"""The sentences that the law asks for on a bill, in its language and in order.

Sources: CGI ann. II art. 242 nonies A; C. com. L441-9, L441-10 and D441-5; Directive 2006/112/EC art. 44, 196 and 226.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.billing.tax import REVERSE_CHARGE
from bonafide.languages import written_day
from bonafide.money import format_exact
from bonafide.operator import Operator


def mentions_of(
    *, operator: Operator, language: str, kind: str, categories: tuple[str, ...], owed: bool, due_on: date
) -> tuple[str, ...]:
    """What a bill to a ``kind`` of buyer (``person`` or ``company``) must say besides its figures.

    ``categories`` are the tax categories on it; ``owed`` is whether anything is to be paid by ``due_on``.
    """
    return _mentions(_Facts.of(operator), language, kind, categories, owed, due_on)


class _Facts(NamedTuple):
    """What of the operator's file is said; compared by value, so that one text serves all bills alike."""

    trial: bool
    penalty: str
    fee: Decimal
    discount: str
    on_debits: bool
    french: bool

    @classmethod
    def of(cls, operator: Operator) -> _Facts:
        return cls(
            trial=operator.service.trial,
            penalty=operator.billing.late_penalty,
            fee=operator.billing.recovery_fee,
            discount=operator.billing.early_payment_discount,
            on_debits=operator.tax.vat_on_debits,
            french=operator.identity.country == "FR",
        )


@lru_cache(maxsize=256)
def _mentions(
    facts: _Facts,
    language: str,
    kind: str,
    categories: tuple[str, ...],
    owed: bool,  # noqa: FBT001 — cached by position
    due_on: date,
) -> tuple[str, ...]:
    with translation.override(language):
        sentences = []
        if facts.trial:
            sentences.append(_("Trial: this document is not a bill, and nothing on it is owed."))
        sentences.append(_("Category of what is supplied: services."))
        if owed:
            sentences.append(_("To be paid by %(day)s at the latest.") % {"day": written_day(due_on, language)})
        if kind == "company":
            sentences += _between_companies(facts, language)
        if REVERSE_CHARGE in categories:
            sentences.append(_("Reverse charge: the customer owes the VAT (articles 44 and 196 of Directive 2006/112/EC)."))
        if facts.on_debits:
            sentences.append(_("The supplier has opted to pay VAT on the basis of debits."))
        return tuple(sentences)


def _between_companies(facts: _Facts, language: str) -> list[str]:
    """Penalty, fixed fee and discount: only a company can be asked for the first two, and only a company is told of all."""
    penalty, fee = {"rate": facts.penalty}, {"fee": format_exact(facts.fee, language)}
    if facts.french:
        late = _(
            "Late payment bears a penalty of %(rate)s a year from the day after the due date, without reminder "
            "(article L441-10 of the French Commercial Code)."
        )
        recovery = _(
            "A customer who pays late also owes a fixed fee of %(fee)s EUR for the costs of recovery "
            "(article D441-5 of the French Commercial Code)."
        )
    else:
        late = _("Late payment bears a penalty of %(rate)s a year from the day after the due date, without reminder.")
        recovery = _("A customer who pays late also owes a fixed fee of %(fee)s EUR for the costs of recovery.")
    discount = _("Discount for early payment: %(terms)s.") % {"terms": facts.discount.rstrip(".")}
    return [late % penalty, recovery % fee, discount if facts.discount else _("No discount is given for early payment.")]
