"""The providers of the operator's file, as django-allauth wants them; there are no others, whatever the database holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from django.conf import settings

from bonafide.operator import Provider

PROTOCOL = "openid_connect"  # allauth's name for all of them


def declared() -> tuple[Provider, ...]:
    found: tuple[Provider, ...] = settings.OPERATOR.sign_in.providers
    return found


def named(provider_id: str) -> Provider | None:
    return next((provider for provider in declared() if provider.id == provider_id), None)


def name_of(provider_id: str) -> str:
    """What people call it; its id where it is not declared any more."""
    provider = named(provider_id)
    return provider.name if provider else provider_id


def apps() -> list[SocialApp]:
    """One for each, made for the moment and never kept."""
    return [
        SocialApp(
            provider=PROTOCOL,
            provider_id=provider.id,
            name=provider.name,
            client_id=provider.client_id,
            secret=settings.PROVIDER_SECRETS.get(provider.id, ""),
            settings={"server_url": provider.issuer, "oauth_pkce_enabled": True},
        )
        for provider in declared()
    ]


def may_be_at(provider: Provider, url: Any) -> bool:
    """Whether an address that the provider names is one that browsers or we may be sent to: encrypted, or on this machine."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and provider.is_local))


def is_origin_of(provider: Provider, url: str) -> bool:
    """Whether our pages let a browser go on there from a form: ``Content-Security-Policy`` names the same origins."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" in provider.origins_allowed
