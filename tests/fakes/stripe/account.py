"""The account itself, its balance, and where its events go."""

from __future__ import annotations

import secrets
from collections import Counter

from tests.fakes.stripe.errors import StripeError
from tests.fakes.stripe.forms import merged
from tests.fakes.stripe.state import State, Thing


def account(state: State) -> Thing:
    return {
        "id": state.account,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": state.country,
        "created": 1_700_000_000,
        "default_currency": "eur",
        "details_submitted": True,
        "email": "owner@example.org",
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def balance(state: State) -> Thing:
    """What is there, and what is on its way."""
    sums: dict[str, Counter[str]] = {"available": Counter(), "pending": Counter()}
    for one in state.things["balance_transaction"].values():
        sums[one["status"]][one["currency"]] += one["net"]
    shown = {
        name: [{"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency, amount in found.items()]
        for name, found in sums.items()
    }
    nothing = [{"amount": 0, "currency": "eur", "source_types": {"card": 0}}]
    return {
        "object": "balance",
        "available": shown["available"] or nothing,
        "livemode": False,
        "pending": shown["pending"] or nothing,
    }


def create_endpoint(state: State, params: Thing, secret: str = "") -> Thing:
    """With its secret, which Stripe tells at this one time only."""
    if not str(params["url"]).startswith(("http://", "https://")):
        raise StripeError(
            400, "Invalid URL: An explicit scheme (such as https) must be provided.", code="url_invalid", param="url"
        )
    thing = {
        "id": state.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": state.now(),
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged({}, params.get("metadata", {})),
        "status": "enabled",
        "url": params["url"],
    }
    state.add(thing, secret=secret or f"whsec_{secrets.token_urlsafe(24)}")
    return thing | {"secret": state.hidden[thing["id"]]["secret"]}


def delete_endpoint(state: State, thing: Thing) -> Thing:
    del state.things["webhook_endpoint"][thing["id"]]
    return {"id": thing["id"], "object": "webhook_endpoint", "deleted": True}


def endpoints(state: State) -> list[Thing]:
    """Each with its secret."""
    return [thing | {"secret": state.hidden[name]["secret"]} for name, thing in state.things["webhook_endpoint"].items()]
