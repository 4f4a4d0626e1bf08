"""What owners, and who looks after the bills, fill in about who is billed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from stdnum import exceptions
from stdnum.fr import siren, siret

from bonafide.accounts.countries import FRENCH_POST, SIREN, country_choices, country_name
from bonafide.accounts.email_form import PlainEmailField
from bonafide.accounts.models import LANGUAGES, Account
from bonafide.accounts.plain import plain_line
from bonafide.accounts.vat_numbers import WrongVatNumber, checked_number

_SIREN_DIGITS, _SIRET_DIGITS = 9, 14


def countries() -> list[tuple[str, str]]:
    return country_choices(_language())


def _language() -> str:
    return (get_language() or "en")[:2]


class CompanyForm(forms.Form):
    """Valid only as a whole: numbers must fit the country, and each other."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Who is billed"),
        choices=[
            (Account.Kind.COMPANY.value, gettext_lazy("A company: also an association, a public body, somebody self-employed")),
            (Account.Kind.PERSON.value, gettext_lazy("A person, for private use")),
        ],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("The full legal name, as it must stand on bills.")
    )
    street = forms.CharField(label=gettext_lazy("Street and number"), max_length=200)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=gettext_lazy("City"), max_length=100)
    country = forms.ChoiceField(label=gettext_lazy("Country"), choices=countries)
    registration = forms.CharField(
        label=gettext_lazy("Registration number"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "In France the SIREN (nine digits) or the SIRET (fourteen); elsewhere as your register writes it."
        ),
    )
    vat_number = forms.CharField(
        label=gettext_lazy("VAT number"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("With the letters of the country, such as DE136695976."),
    )
    billing_email = PlainEmailField(
        label=gettext_lazy("E-mail address for bills"),
        required=False,
        help_text=gettext_lazy("Where letters about bills go."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of bills"), choices=LANGUAGES)
    purchase_order = forms.CharField(
        label=gettext_lazy("Order reference"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Printed on every bill, if your bookkeeping needs one."),
    )
    # What the page was made from, so that nothing is written over that its reader has not seen.
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, token in AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = token

    def clean_name(self) -> str:
        return plain_line(self.cleaned_data["name"])

    def clean_street(self) -> str:
        return plain_line(self.cleaned_data["street"])

    def clean_postcode(self) -> str:
        return plain_line(self.cleaned_data["postcode"])

    def clean_city(self) -> str:
        return plain_line(self.cleaned_data["city"])

    def clean_registration(self) -> str:
        return plain_line(self.cleaned_data["registration"])

    def clean_purchase_order(self) -> str:
        return plain_line(self.cleaned_data["purchase_order"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        country = data.get("country")
        if not country:
            return data
        if data.get("kind") == Account.Kind.PERSON:
            for name in ("registration", "vat_number"):
                if data.get(name):
                    self.add_error(name, _("A person has none on bills. Leave it empty, or choose a company above."))
            return data
        self._check("registration", lambda text: checked_registration(text, country), data)
        self._check("vat_number", lambda text: checked_number(text=text, country=country), data)
        if country in FRENCH_POST and data.get("postcode") is not None and not re.fullmatch(r"\d{5}", data["postcode"], re.ASCII):
            self.add_error("postcode", _("A postcode in %s has five digits.") % country_name(country, _language()))
        if country in SIREN and data.get("registration") and data.get("vat_number"):
            self._fit_each_other(data["registration"], data["vat_number"])
        return data

    def _check(self, name: str, rule: Any, data: dict[str, Any]) -> None:
        """Put what ``rule`` makes of the text in its place, or its refusal under the field."""
        if data.get(name):
            try:
                data[name] = rule(data[name])
            except (ValidationError, WrongVatNumber) as refusal:
                self.add_error(name, refusal if isinstance(refusal, ValidationError) else str(refusal))

    def _fit_each_other(self, registration: str, vat_number: str) -> None:
        """A French VAT number ends with the SIREN of whom it was given to (CGI annexe 4 art. 286 ter A), as a SIRET begins."""
        if "registration" not in self.errors and "vat_number" not in self.errors and not vat_number.endswith(registration[:9]):
            self.add_error(
                "registration",
                _("It belongs to SIREN %(one)s, the VAT number to SIREN %(other)s: one of them is another company’s.")
                % {"one": siren.format(registration[:9]), "other": siren.format(vat_number[4:])},
            )


AUTOCOMPLETE = {
    "name": "organization",
    "street": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
    "billing_email": "email",
}


def checked_registration(text: str, country: str) -> str:
    """A SIREN or SIRET without spaces where the French register reaches, with its check digit; anything else as written.

    :raises ValidationError:
    """
    if country not in SIREN:
        return text
    digits = re.sub(r"[\s.-]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"\d+", digits, re.ASCII) or len(digits) not in (_SIREN_DIGITS, _SIRET_DIGITS):
        raise ValidationError(_("A SIREN has nine digits, a SIRET fourteen."))
    if not siren.is_valid(digits[:_SIREN_DIGITS]):
        raise ValidationError(_("Its check digit does not hold: there is a mistake in the first nine digits."))
    try:
        return str(siren.validate(digits) if len(digits) == _SIREN_DIGITS else siret.validate(digits))
    except exceptions.ValidationError:
        raise ValidationError(
            _("This is no SIRET of SIREN %s: there is a mistake in its last five digits.") % siren.format(digits[:9])
        ) from None
