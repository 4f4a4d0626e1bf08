"""Texts that must be read again are kept encrypted, each sort under a key of its own."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """A text that was sealed under a key we no longer have, or that somebody changed."""


def seal(text: str, *, purpose: bytes) -> str:
    """:param purpose: names the sort of text; what was sealed for one purpose cannot be read for another."""
    return _keys(purpose).encrypt(text.encode("utf-8")).decode("ascii")


def unseal(sealed: str, *, purpose: bytes) -> str:
    """:raises Unreadable: when none of the keys opens it."""
    try:
        return _keys(purpose).decrypt(sealed.encode("ascii", "replace")).decode("utf-8")
    except InvalidToken:
        raise Unreadable from None


def _keys(purpose: bytes) -> MultiFernet:
    """The key of today first, then those it replaced; each derived (HKDF, RFC 5869) from an instance's secret key."""
    return MultiFernet([Fernet(_derived(key, purpose)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(secret_key: str, purpose: bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode("utf-8"))
    return base64.urlsafe_b64encode(derived)
