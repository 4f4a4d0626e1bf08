"""Refusals at the start: what the operator's file promises about signing in must be there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error

from bonafide.sign_in.breached import BadBreachedList, refuse_bad_list
from bonafide.sign_in.passwords import breached_list
from bonafide.sign_in.providers.declared import declared


def breached_passwords_can_be_looked_up(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds."""
    path = breached_list()
    if path is None:
        return []
    try:
        refuse_bad_list(path)
    except BadBreachedList as error:
        return [Error(f"sign_in.breached_passwords: {error}", id="sign_in.E001")]
    return []


def providers_have_their_secrets(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above."""
    return [
        Error(
            f"sign_in.providers: {provider.id!r} has no client secret: set {provider.secret_name} (or ..._FILE)",
            id="sign_in.E002",
        )
        for provider in declared()
        if not settings.PROVIDER_SECRETS.get(provider.id)
    ]
