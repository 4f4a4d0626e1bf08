"""What can be passed on, and on which occasion: the codes that are kept, and how people read them."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Text


class Field(StrEnum):
    """A kind of data. Rows keep these names, never a value."""

    EMAIL = "email"
    USERNAME = "username"
    LETTER = "letter"
    VAT_NUMBER = "vat_number"
    SIGN_IN = "sign_in"
    ACCOUNT = "account"
    INVOICE = "invoice"
    PAYMENT = "payment"
    LANGUAGE = "language"
    BILL = "bill"
    NAME = "name"


_FIELDS: dict[str, Text] = {
    Field.EMAIL: _("the e-mail address"),
    Field.USERNAME: _("the username"),
    Field.LETTER: _("the text of the letter"),
    Field.VAT_NUMBER: _("the VAT number"),
    Field.SIGN_IN: _("that you signed in here"),
    Field.ACCOUNT: _("the reference of the account, and whether it is open"),
    Field.INVOICE: _("the number, dates and amounts of a bill"),
    Field.PAYMENT: _("the amount, day and reference of a payment"),
    Field.LANGUAGE: _("the language"),
    Field.BILL: _("the number of a bill and the amount"),
    Field.NAME: _("the name of the account"),
}

LETTER = "letter"  # the occasion of a letter that says no purpose of its own
VAT_CHECK = "vat_check"
SIGN_IN = "sign_in"
SAVE_METHOD = "save_method"
AUTO_PAYMENT = "auto_payment"
REFUND = "refund"
WEBHOOK = "webhook"
STRIPE_PAYMENT = "stripe_payment"
_OCCASIONS: dict[str, Text] = {
    LETTER: _("a letter to you"),
    VAT_CHECK: _("a check of the VAT number"),
    SIGN_IN: _("a sign-in with a provider"),
    SAVE_METHOD: _("saving a means of payment"),
    AUTO_PAYMENT: _("an automatic payment"),
    REFUND: _("a refund"),
    WEBHOOK: _("an event that our service is told"),
    STRIPE_PAYMENT: _("a payment with Stripe"),
}


def field_name(code: str) -> Text:
    """What people call it; the code itself where an old row has one that is no more."""
    return _FIELDS.get(code, code)


def occasion_name(code: str) -> Text:
    """The same of an occasion. A letter's is its purpose, which is for ``mail`` to name; here it is a letter."""
    return _OCCASIONS.get(code, _OCCASIONS[LETTER])
