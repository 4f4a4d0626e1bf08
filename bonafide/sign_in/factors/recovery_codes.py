"""Recovery codes: ten that each work once, for the day the phone is lost. Shown when they are made, and never again.

A code is 120 random bits, of which only the SHA-256 is kept: from 112 bits on nothing is gained by a slow hash (OWASP ASVS 5.0,
6.5.2), and a wrong one costs no second of computing. allauth keeps a seed from which all codes can be computed again instead;
its own class therefore never makes any here (``MFA_SUPPORTED_TYPES`` leaves them out), and finds none in the rows we make.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.db import transaction

COUNT = 10
LENGTH, GROUP = 24, 4
# Crockford's base 32: no letter that looks like a digit, and who types one anyway is understood.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")


class NothingToRecover(Exception):
    """The person has no second factor: there is nothing that codes would stand in for."""


def make_codes(*, user: Any, now: datetime) -> tuple[Authenticator, list[str]]:
    """Ten new codes; those from before stop working.

    :raises NothingToRecover: when the person has neither passkey nor authenticator app.
    """
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(COUNT)]
    with transaction.atomic():
        get_user_model().objects.select_for_update().get(pk=user.pk)  # two presses of the button make one set
        mine = Authenticator.objects.filter(user=user)
        if not mine.exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
            raise NothingToRecover
        mine.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
        kept = Authenticator.objects.create(
            user=user,
            type=Authenticator.Type.RECOVERY_CODES,
            data={"digests": [digest(code) for code in codes], "migrated_codes": []},
            created_at=now,
        )
    return kept, ["-".join(code[i : i + GROUP] for i in range(0, LENGTH, GROUP)) for code in codes]


def plain(text: str) -> str:
    """What was meant by what was typed: in capitals, without dashes and blanks."""
    return "".join(letter for letter in text.upper().translate(_MEANT) if letter in ALPHABET)


def looks_like_one(text: str) -> bool:
    return len(plain(text)) == LENGTH


def digest(code: str) -> str:
    """What is kept of a code."""
    return sha256(plain(code).encode("ascii")).hexdigest()


def use_up(kept: Authenticator, text: str) -> bool:
    """Whether the text is one of the codes; it is none any more. Call it with the row locked."""
    given = digest(text)
    left = [known for known in kept.data.get("digests", []) if not hmac.compare_digest(known, given)]
    if len(left) == len(kept.data.get("digests", [])):
        return False
    kept.data["digests"] = left
    kept.save(update_fields=["data"])
    return True


def left_of(user: Any) -> int:
    """How many codes a person has left."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(kept.data.get("digests", [])) if kept else 0
