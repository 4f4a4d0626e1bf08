"""Secrets that must be read again (of authenticator apps) are kept encrypted, under a key of their own."""

from __future__ import annotations

from bonafide import sealing
from bonafide.sealing import Unreadable

__all__ = ["Unreadable", "seal", "unseal"]

PURPOSE = b"bonafide: secrets of authenticator apps"


def seal(text: str) -> str:
    return sealing.seal(text, purpose=PURPOSE)


def unseal(sealed: str) -> str:
    """:raises Unreadable: when none of the keys opens it."""
    return sealing.unseal(sealed, purpose=PURPOSE)
