"""Why a payment was declined, in words that help: never the bank's or Stripe's own text."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Text

_GENERAL = _("The bank declined it and did not say why; it tells its customers.")
_GONE = _("The card does not work any more.")
_ACCOUNT = _("The bank account cannot be debited.")
_WITHDRAWN = _("The debit was not allowed by the account’s holder, or the mandate was withdrawn.")
_WHY: dict[str, Text] = {
    "authentication_required": _("The bank wants to see that it is you who pays."),
    "insufficient_funds": _("There was not enough money, or the limit was reached."),
    "card_velocity_exceeded": _("The card’s limit was reached."),
    "withdrawal_count_limit_exceeded": _("The card’s limit was reached."),
    "expired_card": _("The card is over."),
    "lost_card": _GONE,
    "stolen_card": _GONE,
    "pickup_card": _GONE,
    "restricted_card": _("The card cannot be used for this payment."),
    "card_not_supported": _("The card cannot be used for this payment."),
    "currency_not_supported": _("The card cannot be used for this currency."),
    "incorrect_number": _("The card’s data are not right any more."),
    "incorrect_cvc": _("The card’s data are not right any more."),
    "invalid_account": _ACCOUNT,
    "account_closed": _ACCOUNT,
    "bank_account_closed": _ACCOUNT,
    "no_account": _ACCOUNT,
    "debit_not_authorized": _WITHDRAWN,
    "payment_intent_mandate_invalid": _WITHDRAWN,
    "processing_error": _("Something went wrong at the bank."),
    "issuer_not_available": _("The bank could not be reached."),
    "amount_too_fine": _("The payment could not be made this way."),
    "amount_too_small": _("The amount is too small for this means of payment."),
    "amount_too_large": _("The amount is too large for this means of payment."),
    "resource_missing": _("The means of payment is not there any more."),
    "payment_method_unavailable": _("The means of payment cannot be used at the moment."),
    "refused": _("The payment could not be made this way."),
}


def why(code: str) -> Text:
    """One sentence about a code of Stripe's (https://docs.stripe.com/declines/codes)."""
    return _WHY.get(code, _GENERAL)
