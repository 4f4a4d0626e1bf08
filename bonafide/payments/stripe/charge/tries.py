"""When a bill is tried to be charged, and again: day 0, and the operator's days after it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Declines after which the same card is not asked again by itself: it is gone, or its bank wants to see the person first. Banks
# and card schemes count repeated attempts on these against who makes them (https://docs.stripe.com/declines/codes).
HARD = frozenset(
    {
        "authentication_required",
        "bank_account_closed",
        "account_closed",
        "debit_not_authorized",
        "do_not_try_again",
        "expired_card",
        "fraudulent",
        "incorrect_number",
        "invalid_account",
        "invalid_account_number",
        "lost_card",
        "merchant_blacklist",
        "new_account_information_available",
        "no_account",
        "payment_intent_mandate_invalid",
        "payment_method_unavailable",
        "pickup_card",
        "restricted_card",
        "resource_missing",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "stop_payment_order",
        "amount_too_fine",
        "amount_too_small",
        "amount_too_large",
    }
)


@dataclass(frozen=True)
class Try:
    """One attempt of a bill by itself: on which day of the operator's calendar, and how it ended."""

    day: date
    code: str = ""
    succeeded: bool = False


def next_try(*, tries: Sequence[Try], retry_days: Sequence[int], first_day: date) -> date | None:
    """The day from which the bill is tried next; None when it is not any more.

    :param tries: those so far, the first one first.
    :param first_day: before which it is not tried at all.
    """
    if not tries:
        return first_day
    if any(one.succeeded for one in tries) or tries[-1].code in HARD or len(tries) > len(retry_days):
        return None
    return max(first_day, tries[0].day + timedelta(days=retry_days[len(tries) - 1]))
