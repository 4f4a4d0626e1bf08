"""Secrets that must be read again (of authenticator apps) are kept encrypted, under a key of their own."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"bonafide: secrets of authenticator apps"


class Unreadable(Exception):
    """A text that was sealed under a key we no longer have, or that somebody changed."""


def seal(text: str) -> str:
    return _keys().encrypt(text.encode("utf-8")).decode("ascii")


def unseal(sealed: str) -> str:
    """:raises Unreadable: when none of the keys opens it."""
    try:
        return _keys().decrypt(sealed.encode("ascii", "replace")).decode("utf-8")
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    """The key of today first, then those it replaced; each derived (HKDF, RFC 5869) from an instance's secret key."""
    return MultiFernet([Fernet(_derived(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(secret_key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret_key.encode("utf-8"))
    return base64.urlsafe_b64encode(derived)
