"""The sentences that the law asks for on a bill, in its language and in order.

Sources: CGI ann. II art. 242 nonies A; C. com. L441-9, L441-10 and D441-5; Directive 2006/112/EC art. 44, 58, 59c, 196 and 226.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.countries import country_name
from bonafide.billing.tax import REVERSE_CHARGE
from bonafide.billing.tax.places import known_place
from bonafide.languages import written_day
from bonafide.money import format_exact
from bonafide.operator import Operator
from bonafide.operator_tax import Sentence


def mentions_of(
    *,
    operator: Operator,
    language: str,
    kind: str,
    categories: tuple[str, ...],
    owed: bool,
    due_on: date,
    treatment: str = "",
    taxed_in: str = "",
) -> tuple[str, ...]:
    """What a bill to a ``kind`` of buyer (``person`` or ``company``) must say besides its figures.

    ``categories`` are the tax categories on it; ``owed`` is whether anything is to be paid by ``due_on``. ``treatment`` is the
    key of what decided the tax (``tax.Treatment``) and ``taxed_in`` the code of the place whose VAT it is.
    """
    if not treatment and REVERSE_CHARGE in categories:
        treatment = "reverse_charge"
    return _mentions(_Facts.of(operator), language, kind, treatment, taxed_in, owed, due_on)


def reason_of(*, key: str, language: str, own: tuple[Sentence, ...] = ()) -> str:
    """Why no tax is charged, for the line of the tax itself (EN 16931 BT-120); ``key`` is that of ``tax.Treatment``.

    The operator's ``own`` sentence goes first, but for reverse charge, where the law says the word.
    """
    if not key:
        return ""
    said = next((sentence for sentence in own if sentence.of == key), None)
    if said and key != "reverse_charge":
        return said.fr if language == "fr" else said.en
    return _reason(key, language)


@lru_cache(maxsize=64)
def _reason(key: str, language: str) -> str:
    with translation.override(language):
        return {
            "reverse_charge": _("Reverse charge"),
            "outside_company": _("Outside the scope of VAT"),
            "outside_consumer": _("Outside the scope of VAT"),
            "not_applied": _("VAT does not apply there, article 294 of the CGI"),
            "franchise": _("VAT not applicable, article 293 B of the CGI"),
            "small_enterprise": _("Exempt: scheme for small enterprises"),
            "exempt": _("Exempt from VAT"),
        }[key]


class _Facts(NamedTuple):
    """What of the operator's file is said; compared by value, so that one text serves all bills alike."""

    trial: bool
    penalty: str
    fee: Decimal
    discount: str
    on_debits: bool
    french: bool
    own: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, operator: Operator) -> _Facts:
        return cls(
            trial=operator.service.trial,
            penalty=operator.billing.late_penalty,
            fee=operator.billing.recovery_fee,
            discount=operator.billing.early_payment_discount,
            on_debits=operator.tax.vat_on_debits,
            french=operator.identity.country == "FR",
            own=tuple((sentence.of, sentence.en, sentence.fr) for sentence in operator.tax.sentences),
        )


@lru_cache(maxsize=256)
def _mentions(
    facts: _Facts,
    language: str,
    kind: str,
    treatment: str,
    taxed_in: str,
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
        sentences += _on_tax(facts, treatment, taxed_in, language)
        if facts.on_debits:
            sentences.append(_("The supplier has opted to pay VAT on the basis of debits."))
        return tuple(sentences)


def _on_tax(facts: _Facts, treatment: str, taxed_in: str, language: str) -> list[str]:
    """What the law asks to say about the VAT; nothing where it is that of home."""
    own = next(((en, fr) for of, en, fr in facts.own if of == treatment), None)
    if own:
        return [own[language == "fr"]]
    said = {
        "reverse_charge": _("Reverse charge: the customer owes the VAT (articles 44 and 196 of Directive 2006/112/EC)."),
        "outside_company": _("Outside the scope of VAT: the customer is outside the EU (article 44 of Directive 2006/112/EC)."),
        "outside_consumer": _("Outside the scope of VAT: the customer is outside the EU (article 58 of Directive 2006/112/EC)."),
        "not_applied": _("VAT does not apply in French Guiana and Mayotte (article 294 of the French tax code, CGI)."),
        "franchise": _("VAT not applicable, article 293 B of the French tax code (CGI)."),
        "small_enterprise": _("Exempt from VAT: scheme for small enterprises (article 284 of Directive 2006/112/EC)."),
        "destination": _("VAT of the customer\u2019s country, %(country)s (article 58 of Directive 2006/112/EC).")
        % {"country": country_name(known_place(taxed_in).country if taxed_in else "", language)},
    }.get(treatment)
    return [said] if said else []


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
