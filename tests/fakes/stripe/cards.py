"""Stripe's test cards and test IBANs: https://docs.stripe.com/testing."""

from __future__ import annotations

from dataclasses import dataclass

DECLINED = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "lost_card": "Your card was declined.",
    "stolen_card": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
# Those that are the error's code itself; the others come as decline_code of card_declined.
OWN_CODE = ("expired_card", "incorrect_cvc", "processing_error", "authentication_required")


@dataclass(frozen=True)
class Card:
    """``declines`` is the reason for which it is declined; ``attaches`` whether it can be saved all the same.

    ``authentication``: never, until it was set up ("setup"), or always.
    """

    number: str
    label: str
    brand: str = "visa"
    country: str = "US"
    declines: str = ""
    attaches: bool = True
    authentication: str = ""
    disputed: str = ""  # the reason
    refund: str = "succeeded"

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _bad(number: str, reason: str) -> Card:
    return Card(number, f"Visa, declined: {reason}", declines=reason, attaches=False)


CARDS = {
    "pm_card_visa": Card("4242424242424242", "Visa"),
    "pm_card_mastercard": Card("5555555555554444", "Mastercard", brand="mastercard"),
    "pm_card_fr": Card("4000002500000003", "Visa, France", country="FR"),
    "pm_card_de": Card("4000002760000016", "Visa, Germany", country="DE"),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", "Visa, 3-D Secure until set up", authentication="setup"),
    "pm_card_authenticationRequired": Card("4000002760003184", "Visa, 3-D Secure always", authentication="always"),
    "pm_card_chargeCustomerFail": Card(
        "4000000000000341", "Visa, declined once saved", declines="generic_decline", attaches=True
    ),
    "pm_card_chargeDeclined": _bad("4000000000000002", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": _bad("4000000000009995", "insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": _bad("4000000000009987", "lost_card"),
    "pm_card_chargeDeclinedStolenCard": _bad("4000000000009979", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": _bad("4000000000000069", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": _bad("4000000000000127", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": _bad("4000000000000119", "processing_error"),
    "pm_card_createDispute": Card("4000000000000259", "Visa, disputed as fraudulent", disputed="fraudulent"),
    "pm_card_createDisputeProductNotReceived": Card(
        "4000000000002685", "Visa, disputed as not received", disputed="product_not_received"
    ),
    "pm_card_pendingRefund": Card("4000000000007726", "Visa, refunds take time", refund="pending"),
    "pm_card_refundFail": Card("4000000000005126", "Visa, refunds fail later", refund="failed"),
}
BY_NUMBER = {card.number: card for card in CARDS.values()}


@dataclass(frozen=True)
class Account:
    """A bank account: what a debit from it comes to, and when ("" is after the usual business days)."""

    iban: str
    label: str
    ends: str = "succeeded"
    soon: bool = False  # within three minutes
    disputed: bool = False

    @property
    def country(self) -> str:
        return self.iban[:2]

    @property
    def bank_code(self) -> str:
        return self.iban[4:9] if self.country == "FR" else self.iban[4:12]


_ACCOUNTS = (
    Account("FR1420041010050500013M02606", "France, settles"),
    Account("FR3020041010050500013M02609", "France, settles after three minutes", soon=True),
    Account("FR8420041010050500013M02607", "France, fails", ends="failed"),
    Account("FR7920041010050500013M02600", "France, fails after three minutes", ends="failed", soon=True),
    Account("FR5720041010050500013M02608", "France, settles, is disputed", disputed=True),
    Account("DE89370400440532013000", "Germany, settles"),
    Account("DE08370400440532013003", "Germany, settles after three minutes", soon=True),
    Account("DE62370400440532013001", "Germany, fails", ends="failed"),
    Account("DE78370400440532013004", "Germany, fails after three minutes", ends="failed", soon=True),
    Account("DE35370400440532013002", "Germany, settles, is disputed", disputed=True),
)
ACCOUNTS = {account.iban: account for account in _ACCOUNTS}
