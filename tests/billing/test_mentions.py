"""The sentences that the law asks for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bonafide.billing.mentions import mentions_of, reason_of
from bonafide.operator_tax import Sentence
from tests.factories.billing import operator

DUE = date(2024, 10, 3)


def said(
    *,
    kind: str = "company",
    categories: tuple[str, ...] = ("S",),
    owed: bool = True,
    language: str = "en",
    treatment: str = "",
    taxed_in: str = "",
    **sections: Any,
) -> list[str]:
    return list(
        mentions_of(
            operator=operator(**sections),
            language=language,
            kind=kind,
            categories=categories,
            owed=owed,
            due_on=DUE,
            treatment=treatment,
            taxed_in=taxed_in,
        )
    )


def test_a_company_is_told_everything_in_order() -> None:
    assert said() == [
        "Category of what is supplied: services.",
        "To be paid by 3 October 2024 at the latest.",
        "Late payment bears a penalty of 12.15 % a year from the day after the due date, without reminder "
        "(article L441-10 of the French Commercial Code).",
        "A customer who pays late also owes a fixed fee of 40 EUR for the costs of recovery "
        "(article D441-5 of the French Commercial Code).",
        "No discount is given for early payment.",
    ]


def test_a_person_is_not_told_what_holds_between_companies() -> None:
    assert said(kind="person") == ["Category of what is supplied: services.", "To be paid by 3 October 2024 at the latest."]


def test_reverse_charge_names_the_articles() -> None:
    assert said(categories=("AE",))[-1] == (
        "Reverse charge: the customer owes the VAT (articles 44 and 196 of Directive 2006/112/EC)."
    )
    assert not any("Reverse charge" in sentence for sentence in said())


SENTENCES = {
    "home": None,
    "below_threshold": None,
    "reverse_charge": "Reverse charge: the customer owes the VAT (articles 44 and 196 of Directive 2006/112/EC).",
    "outside_company": "Outside the scope of VAT: the customer is outside the EU (article 44 of Directive 2006/112/EC).",
    "outside_consumer": "Outside the scope of VAT: the customer is outside the EU (article 58 of Directive 2006/112/EC).",
    "not_applied": "VAT does not apply in French Guiana and Mayotte (article 294 of the French tax code, CGI).",
    "franchise": "VAT not applicable, article 293 B of the French tax code (CGI).",
    "small_enterprise": "Exempt from VAT: scheme for small enterprises (article 284 of Directive 2006/112/EC).",
    "destination": "VAT of the customer’s country, Portugal (article 58 of Directive 2006/112/EC).",
}


@pytest.mark.parametrize("treatment", SENTENCES)
def test_each_treatment_has_its_sentence_and_the_tax_of_home_has_none(treatment: str) -> None:
    sentences = said(kind="person", treatment=treatment, taxed_in="PT-20")
    assert sentences[2:] == [sentence for sentence in [SENTENCES[treatment]] if sentence]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_operators_own_sentence_goes_before_ours(language: str) -> None:
    own = Sentence(of="franchise", en="Mine.", fr="Le mien.")
    mine = said(kind="person", treatment="franchise", language=language, tax={"sentences": (own,)})
    assert mine[-1] == {"en": "Mine.", "fr": "Le mien."}[language]
    assert reason_of(key="franchise", language=language, own=(own,)) == mine[-1]
    reverse = Sentence(of="reverse_charge", en="Mine.", fr="Le mien.")
    said_by_law = {"en": "Reverse charge", "fr": "Autoliquidation"}[language]
    assert reason_of(key="reverse_charge", language=language, own=(reverse,)) == said_by_law


def test_every_treatment_without_tax_has_a_reason_and_every_other_none() -> None:
    for key in ("reverse_charge", "outside_company", "outside_consumer", "not_applied", "franchise", "small_enterprise"):
        assert 0 < len(reason_of(key=key, language="en")) <= 200
    assert reason_of(key="", language="en") == ""


def test_the_operators_own_choices_are_said() -> None:
    assert "The supplier has opted to pay VAT on the basis of debits." in said(tax={"vat_on_debits": True})
    assert "Discount for early payment: 1 % within 8 days." in said(billing={"early_payment_discount": "1 % within 8 days."})
    assert "9 %" in said(billing={"late_penalty": "9 %"})[2]
    assert "50 EUR" in said(billing={"recovery_fee": Decimal(50)})[3]


def test_a_trial_says_first_that_nothing_is_owed() -> None:
    assert said(service={"trial": True})[0] == "Trial: this document is not a bill, and nothing on it is owed."


def test_nothing_to_pay_has_no_day_to_pay_it() -> None:
    assert not any("To be paid" in sentence for sentence in said(owed=False))


def test_an_operator_elsewhere_does_not_cite_french_law() -> None:
    assert not any("French" in sentence for sentence in said(identity={"country": "BE"}))


@pytest.mark.parametrize(("language", "day"), [("en", "3 October 2024"), ("fr", "3 octobre 2024")])
def test_the_day_is_written_as_its_language_writes_it(language: str, day: str) -> None:
    assert any(day in sentence for sentence in said(language=language))
