"""What templates show of the providers that people can sign in with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import template

from bonafide.operator import Provider
from bonafide.sign_in.providers.declared import declared, name_of

register = template.Library()


@dataclass(frozen=True)
class Connection:
    """``pk`` is None while this provider is not connected; ``declared`` is False once the operator has taken it out."""

    id: str
    name: str
    pk: int | None = None
    who: str = ""
    since: datetime | None = None
    declared: bool = True


@register.simple_tag
def declared_providers() -> tuple[Provider, ...]:
    return declared()


@register.simple_tag
def connections_of(user: Any) -> list[Connection]:
    """Every connection of this person, then the providers that could be connected."""
    ids = {provider.id for provider in declared()}
    rows = SocialAccount.objects.filter(user=user).order_by("date_joined", "pk")
    connected = [
        Connection(
            id=row.provider,
            name=name_of(row.provider),
            pk=row.pk,
            who=str(row.extra_data.get("email") or row.extra_data.get("preferred_username") or ""),
            since=row.date_joined,
            declared=row.provider in ids,
        )
        for row in rows
    ]
    return connected + [
        Connection(id=one.id, name=one.name) for one in declared() if one.id not in {row.provider for row in rows}
    ]
