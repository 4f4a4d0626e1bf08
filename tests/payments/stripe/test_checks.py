"""What keeps the console from starting: Stripe without keys, with those of the other mode, or elsewhere. No secret is said."""

from __future__ import annotations

from typing import Any

import pytest

from bonafide.outgoing.processors import recipient_of
from bonafide.payments.stripe.checks import stripe_has_its_keys, stripe_is_where_it_is
from tests.factories.billing import operator


def said(settings: Any, *, key: str, hook: str = "whsec_x", trial: bool = True, url: str = "") -> list[str]:
    settings.OPERATOR = operator(
        stripe={"enabled": True, "account": "acct_1"}, service={"trial": trial}, network={"own_hosts": ("mail.nordlys.example",)}
    )
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_API_URL = key, hook, url
    return [error.msg for error in (*stripe_has_its_keys(), *stripe_is_where_it_is())]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"key": "sk_test_1"}, ""),
        ({"key": "rk_test_1"}, ""),
        ({"key": "sk_live_1", "trial": False}, ""),
        ({"key": "rk_live_1", "trial": False}, ""),
        ({"key": "sk_test_1", "url": "http://127.0.0.1:4242"}, ""),
        ({"key": "sk_test_1", "url": "http://mail.nordlys.example"}, ""),
        ({"key": ""}, "STRIPE_SECRET_KEY in the environment is empty"),
        ({"key": "sk_test_1", "hook": ""}, "STRIPE_WEBHOOK_SECRET in the environment is empty"),
        ({"key": "sk_live_1"}, "is a live key, and service.trial is true"),
        ({"key": "sk_test_1", "trial": False}, "is a test key, and service.trial is false"),
        ({"key": "pk_live_1", "trial": False}, "is no secret key of Stripe's"),
        ({"key": "sk_test_1", "url": "https://api.stripe.example"}, "names 'api.stripe.example', which is not ours"),
        ({"key": "sk_test_1", "url": "127.0.0.1:4242"}, "names 'no host'"),
    ],
)
def test_each_is_said_in_one_line_without_the_secret(settings: Any, given: dict[str, Any], wrong: str) -> None:
    found = said(settings, **given)
    assert [wrong in one for one in found] == ([True] if wrong else [])
    assert not any("\n" in one or "_1" in one or "whsec_x" in one for one in found)


def test_nothing_is_asked_of_an_operator_without_stripe(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert stripe_has_its_keys() == []
    assert recipient_of(host="api.stripe.com") is None


def test_stripe_is_somebody_who_gets_data_once_it_is_on() -> None:
    found = recipient_of(host="api.stripe.com", operator=operator(stripe={"enabled": True, "account": "acct_1"}))
    assert found is not None
    assert (found.id, found.country) == ("stripe", "IE")
