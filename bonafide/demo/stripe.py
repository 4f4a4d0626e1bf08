"""Whether bills of the demo are paid by Stripe: where the environment has a test key, and not otherwise. No money moves."""

from __future__ import annotations

import re
import secrets
from collections.abc import MutableMapping

from bonafide.errors import Refused

KEY, ACCOUNT, HOOKS = "STRIPE_SECRET_KEY", "STRIPE_ACCOUNT", "STRIPE_WEBHOOK_SECRET"
_TEST = ("sk_test_", "rk_test_")


class NoTestKey(Refused):
    """The environment's key of Stripe is not one for trying out, or it is not said whose it is."""


def account_in(environment: MutableMapping[str, str]) -> str:
    """The account at Stripe that the demo is paid by; empty without a key.

    Without a secret for what Stripe tells, one is made up: then only what the console asks Stripe itself is known.

    :raises NoTestKey:
    """
    key, account = environment.get(KEY, ""), environment.get(ACCOUNT, "")
    if not key:
        return ""
    if not key.startswith(_TEST):
        raise NoTestKey(f"{KEY} is no test key (sk_test_...): a demo takes no other; unset it, or set a test key")
    if not re.fullmatch(r"acct_[A-Za-z0-9]{1,60}", account):
        raise NoTestKey(f"{ACCOUNT} is missing: expected the account that {KEY} is of (acct_..., see Stripe's settings)")
    if not environment.get(HOOKS):
        environment[HOOKS] = f"whsec_{secrets.token_hex(24)}"
    return account


def with_stripe(text: str, *, account: str) -> str:
    """The operator's file with its part about Stripe set for this account, or switched off where that is empty."""
    said = ["enabled = true", f'account = "{account}"', 'methods = ["card", "sepa_debit"]'] if account else ["enabled = false"]
    found = re.search(r"(?ms)^\[stripe\]\n(.*?)(?=^\[|\Z)", text)
    if found is None:
        return f"{text.rstrip()}\n\n[stripe]\n" + "\n".join(said) + "\n"
    kept = [line for line in found[1].splitlines() if not re.match(r"(enabled|account|methods) = ", line)]
    body = "\n".join([*said, *kept])
    return f"{text[: found.start(1)]}{body}\n{text[found.end(1) :]}"
