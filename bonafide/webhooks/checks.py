"""Refusals at the start: an endpoint that nothing could be signed for, or that wants kinds that there are not."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error

from bonafide.operator_webhooks import ALL
from bonafide.webhooks.kinds import KINDS
from bonafide.webhooks.sign import BadSecret, secrets_of


def secrets_are_there(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds. Secrets are not shown."""
    return [found for endpoint in settings.OPERATOR.webhooks if (found := _fault(endpoint.id, endpoint.secret_name))]


def _fault(code: str, name: str) -> Error | None:
    try:
        secrets_of(settings.WEBHOOK_SECRETS.get(code, ""))
    except BadSecret as reason:
        return Error(
            f"{name} {reason}: expected whsec_ and 24 to 64 random bytes in base64 in the environment (or {name}_FILE), such as "
            'what echo "whsec_$(openssl rand -base64 32)" prints; two with a space between while it is changed',
            id="webhooks.E001",
        )
    return None


def kinds_are_known(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above."""
    known = {kind.name for kind in KINDS}
    return [
        Error(
            f'webhooks: {endpoint.id!r} wants {kind!r}, which is no kind of event: expected ["{ALL}"] or some of '
            f"{', '.join(sorted(known))}",
            id="webhooks.E002",
        )
        for endpoint in settings.OPERATOR.webhooks
        for kind in endpoint.events
        if kind not in known and kind != ALL
    ]
