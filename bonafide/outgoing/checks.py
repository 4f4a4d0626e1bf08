"""Refusals at the start: settings that would send data to somebody whom nobody was told of."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error

from bonafide.operator import Operator
from bonafide.outgoing.processors import COVERED, STRIPE_HOST, may_be_reached

_REMEDY = "declare whose it is under [[processors]], or as your own under network.own_hosts"


def hosts_are_declared(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds."""
    operator: Operator = settings.OPERATOR
    return [
        Error(f"{key} = {host!r} is a host that was not declared: {_REMEDY}", id="outgoing.E001")
        for key, host in hosts_in_use(operator)
        if not may_be_reached(host=host, operator=operator)
    ]


def hosts_in_use(operator: Operator) -> list[tuple[str, str]]:
    """The hosts that settings make the console connect to, each with its key."""
    named = [("mail.host", operator.mail.host)] if operator.mail.delivery == "smtp" else []
    if operator.asks_vies:
        named.append(("tax.vies_url", urlsplit(operator.tax.vies_url).hostname or ""))
    named += [(f"webhooks: {endpoint.id!r}", endpoint.host) for endpoint in operator.webhooks]
    if operator.stripe.enabled:
        named.append(("STRIPE_API_URL", urlsplit(settings.STRIPE_API_URL).hostname or STRIPE_HOST))
    return named + [
        (f"sign_in.providers: {provider.id!r}", urlsplit(provider.issuer).hostname or "")
        for provider in operator.sign_in.providers
    ]


def processors_are_bound(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above: data leaves the EU and the EEA only with a safeguard (GDPR art. 44, 46)."""
    operator: Operator = settings.OPERATOR
    return [
        Error(
            f"processors: {processor.id!r} handles data in {processor.country}, outside the EU and the EEA, without a safeguard: "
            "say in its 'safeguard' what protects the data there (GDPR art. 46)",
            id="outgoing.E002",
        )
        for processor in operator.processors
        if processor.country not in COVERED and not processor.safeguard.strip()
    ]


def database_hosts() -> tuple[str, ...]:
    """The hosts of databases on other machines. The guard does not see these connections: C code makes them."""
    hosts = [str(database.get("HOST") or "") for database in settings.DATABASES.values()]
    return tuple(host for host in hosts if host and not host.startswith("/"))


def the_database_is_declared(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above."""
    return [
        Error(f"DATABASE_URL: {host!r} is a host that was not declared: {_REMEDY}", id="outgoing.E003")
        for host in database_hosts()
        if not may_be_reached(host=host)
    ]
