"""Refuse letters of information, take that back, and the link that does it with one click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from bonafide.errors import Refused
from bonafide.mail.models import Refusal
from bonafide.mail.purposes import Purpose, UndeclaredLetter, declared


class CannotRefuse(Refused):
    """There is no such purpose, or it cannot be refused."""


class NoSuchLink(Refused):
    """The link was never ours, or is not complete."""


@dataclass(frozen=True)
class Link:
    """Whom a link is about, and what it refuses."""

    user_id: int
    purpose: Purpose


def refuse(*, user_id: int, purpose: str, how: Refusal.How, now: datetime) -> bool:
    """From now on this person gets no such letters; False when it was so already, or there is no such person.

    :raises CannotRefuse: for what is not information.
    """
    refusable(purpose)
    if not get_user_model()._default_manager.filter(pk=user_id).exists():
        return False
    made: bool = Refusal.objects.get_or_create(user_id=user_id, purpose=purpose, defaults={"since": now, "how": how})[1]
    return made


def allow(*, user_id: int, purpose: str) -> bool:
    """Take a refusal back; False when there was none."""
    return Refusal.objects.filter(user_id=user_id, purpose=purpose).delete()[0] > 0


def refusable(code: str) -> Purpose:
    """:raises CannotRefuse:"""
    try:
        purpose = declared(code)
    except UndeclaredLetter:
        raise CannotRefuse(f"there are no letters for {code!r}") from None
    if not purpose.refusable:
        raise CannotRefuse(f"letters for {code!r} cannot be refused")
    return purpose


# --- The link -------------------------------------------------------------------------------------------------------------
def refuse_url(*, user_id: int, purpose: str) -> str:
    """The link of a letter: names the person by number and the purpose, is signed, and never ends. It holds no address."""
    path = reverse("refuse_letters", args=[_signer().sign(f"{user_id}.{purpose}")])
    return str(settings.OPERATOR.service.console_url).rstrip("/") + path


def read_link(token: str) -> Link:
    """:raises NoSuchLink:"""
    try:
        user_id, _, code = _signer().unsign(token).partition(".")
        return Link(int(user_id), refusable(code))
    except (BadSignature, ValueError, CannotRefuse):
        raise NoSuchLink("this link is not one of ours, or not complete") from None


def _signer() -> Any:
    return Signer(salt="bonafide.mail.refuse", sep=".")
