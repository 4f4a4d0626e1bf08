"""Refusals at the start: Stripe without its keys, with those of the wrong mode, or at an address that is not its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error

from bonafide.operator import Operator
from bonafide.outgoing.processors import is_own

_TEST, _LIVE = ("sk_test_", "rk_test_"), ("sk_live_", "rk_live_")


def stripe_has_its_keys(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds. No secret is ever in a message."""
    operator: Operator = settings.OPERATOR
    if not operator.stripe.enabled:
        return []
    found = [
        Error(
            f"{name} in the environment is empty while stripe.enabled is true in operator.toml: expected {what}; "
            f"set {name} (or {name}_FILE), or stripe.enabled = false",
            id="stripe.E001",
        )
        for name, value, what in (
            ("STRIPE_SECRET_KEY", settings.STRIPE_SECRET_KEY, "the secret key of your account"),
            ("STRIPE_WEBHOOK_SECRET", settings.STRIPE_WEBHOOK_SECRET, "the signing secret of your endpoint (whsec_...)"),
        )
        if not value
    ]
    return found + _of_the_right_mode(operator)


def _of_the_right_mode(operator: Operator) -> list[Error]:
    key, trial = settings.STRIPE_SECRET_KEY, operator.service.trial
    wanted = _TEST if trial else _LIVE
    if not key or key.startswith(wanted):
        return []
    said = "a test key" if key.startswith(_TEST) else "a live key" if key.startswith(_LIVE) else "no secret key of Stripe's"
    return [
        Error(
            f"STRIPE_SECRET_KEY in the environment is {said}, and service.trial is {str(trial).lower()} in operator.toml: "
            f"expected one that begins with {' or '.join(wanted)}; set that one, or change service.trial",
            id="stripe.E002",
        )
    ]


def stripe_is_where_it_is(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above: keys and payments go to Stripe, or for trying out to a host that is ours."""
    url, operator = settings.STRIPE_API_URL, settings.OPERATOR
    if not url:
        return []
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme in ("http", "https") and host and is_own(host=host, operator=operator):
        return []
    return [
        Error(
            f"STRIPE_API_URL in the environment names {host or 'no host'!r}, which is not ours: expected this machine or "
            "one of network.own_hosts in operator.toml; leave it empty for Stripe itself",
            id="stripe.E003",
        )
    ]
