"""The sentences on a bill as the notes of an e-invoice (BG-1): which one is the penalty, which the fee, which the discount.

An invoice keeps its sentences as they were printed, in its language. What they are about is read from how ``billing.mentions``
writes them; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _

# UNTDID 4451 as XP Z12-012 uses it: fee for recovery, penalty for late payment, discount for early payment.
FEE, PENALTY, DISCOUNT = "PMT", "PMD", "AAB"
# What becomes of the document in the reform: B2B, B2BINT, B2C, B2CINT, OUTOFSCOPE.
TREATMENT = "BAR"


class Note(NamedTuple):
    """A sentence and its subject code, which is empty for what has none."""

    code: str
    text: str


def notes_of(*, mentions: Sequence[str], language: str, kind: str) -> tuple[Note, ...]:
    """Each sentence with its code, in their order, to a ``kind`` of buyer (``person`` or ``company``).

    A company is always told all three by ``billing.mentions``. The French rules (BR-FR-05) want the three on every document, so a
    consumer's says that the law gives no such claim.
    """
    notes = [Note(_code(sentence, language), sentence) for sentence in mentions]
    if kind == "company":
        return tuple(notes)
    with translation.override(language):
        return (
            *notes,
            Note(FEE, _("The fixed fee for the costs of recovery is owed between companies only.")),
            Note(PENALTY, _("Penalties for late payment are owed between companies only.")),
            Note(DISCOUNT, _("No discount is given for early payment.")),
        )


def on_debits(*, mentions: Sequence[str], language: str) -> bool:
    """Whether the bill says that the seller owes its VAT at issue and not when it is paid (CGI art. 269, 2 c)."""
    pattern = _patterns(language)["debits"][0]
    return any(pattern.fullmatch(sentence) for sentence in mentions)


def _code(sentence: str, language: str) -> str:
    for code in (FEE, PENALTY, DISCOUNT):
        if any(pattern.fullmatch(sentence) for pattern in _patterns(language)[code]):
            return code
    return ""


@cache
def _patterns(language: str) -> dict[str, tuple[re.Pattern[str], ...]]:
    """How each kind of sentence reads, with anything in its places."""
    with translation.override(language):
        sentences = {
            FEE: (
                _(
                    "A customer who pays late also owes a fixed fee of %(fee)s EUR for the costs of recovery "
                    "(article D441-5 of the French Commercial Code)."
                ),
                _("A customer who pays late also owes a fixed fee of %(fee)s EUR for the costs of recovery."),
            ),
            PENALTY: (
                _(
                    "Late payment bears a penalty of %(rate)s a year from the day after the due date, without reminder "
                    "(article L441-10 of the French Commercial Code)."
                ),
                _("Late payment bears a penalty of %(rate)s a year from the day after the due date, without reminder."),
            ),
            DISCOUNT: (_("Discount for early payment: %(terms)s."), _("No discount is given for early payment.")),
            "debits": (_("The supplier has opted to pay VAT on the basis of debits."),),
        }
    return {code: tuple(map(_pattern, texts)) for code, texts in sentences.items()}


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in re.split(r"%\(\w+\)s", sentence)))
