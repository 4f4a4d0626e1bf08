"""The programs that the operator's file names, by their ids."""

from __future__ import annotations

from django.conf import settings

from bonafide.errors import Refused
from bonafide.operator_webhooks import Webhook
from bonafide.webhooks.models import Endpoint


class NoSuchEndpoint(Refused):
    """The operator's file names no endpoint so."""


def endpoint_named(code: str) -> Webhook:
    """:raises NoSuchEndpoint:"""
    endpoints: tuple[Webhook, ...] = settings.OPERATOR.webhooks
    for endpoint in endpoints:
        if endpoint.id == code:
            return endpoint
    known = ", ".join(endpoint.id for endpoint in endpoints) or "none"
    raise NoSuchEndpoint(f"there is no endpoint {code!r}: [[webhooks]] of operator.toml names {known}")


def note_endpoints() -> None:
    """A row for each that the file names, so that how it fares can be shown before it was told anything."""
    named = [endpoint.id for endpoint in settings.OPERATOR.webhooks]
    missing = set(named) - set(Endpoint.objects.values_list("code", flat=True))
    for code in sorted(missing):
        Endpoint.objects.get_or_create(code=code)
