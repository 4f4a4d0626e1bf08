"""Evidence as a chain: each entry covers the one before it, and the operator's key signs each. Pure of Django.

An entry's digest is the SHA-256 of the previous digest (64 hexadecimal digits), a line feed, and the entry's content as JSON with
sorted names and no blanks. The signature is Ed25519 (RFC 8032) over the digest's 32 bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

GENESIS = "0" * 64
CONTENT = ("number", "clause", "at", "kept", "counts", "fault", "key")


@dataclass(frozen=True)
class Whole:
    """The chain holds: how many entries, and the digest of the last, which vouches for all before it."""

    entries: int
    digest: str


@dataclass(frozen=True)
class Broken:
    """The first entry that does not hold, and why."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"entry {self.number}: {self.why}"


def digest_of(*, content: Mapping[str, Any], previous: str) -> str:
    """The digest of an entry; ``content`` has exactly the names of ``CONTENT``."""
    told = json.dumps({name: content[name] for name in CONTENT}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{told}".encode()).hexdigest()


def sign(key: Ed25519PrivateKey, digest: str) -> str:
    """The signature over a digest, as hexadecimal text."""
    return key.sign(bytes.fromhex(digest)).hex()


def name_of(public: bytes) -> str:
    """Short name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def verify(*, entries: Iterable[Mapping[str, Any]], keys: Mapping[str, bytes]) -> Whole | Broken:
    """Read a chain from its first entry on.

    :param entries: content as in ``CONTENT`` with ``digest`` and ``signature`` as hexadecimal text, in order.
    :param keys: raw public keys (32 bytes) by their names.
    """
    reading = _Reading()
    for broken in reading.faults(entries, keys):
        return broken
    return Whole(reading.number, reading.digest)


def faults(*, entries: Iterable[Mapping[str, Any]], keys: Mapping[str, bytes]) -> Iterator[Broken]:
    """Every entry that does not hold. Reading goes on behind it, with what stands there for given."""
    return _Reading().faults(entries, keys)


class _Reading:
    """Where a reader of the chain is: the number and the digest of the entry before."""

    number, digest = 0, GENESIS

    def faults(self, entries: Iterable[Mapping[str, Any]], keys: Mapping[str, bytes]) -> Iterator[Broken]:
        for entry in entries:
            why = fault_of(entry=entry, number=self.number + 1, previous=self.digest, keys=keys)
            if why:
                yield Broken(self.number + 1, why)
            self.number = int(entry.get("number", self.number + 1))
            self.digest = str(entry.get("digest", ""))


def fault_of(*, entry: Mapping[str, Any], number: int, previous: str, keys: Mapping[str, bytes]) -> str:
    """Why an entry does not hold as number ``number`` after the digest ``previous``; empty when it does."""
    if missing := [name for name in (*CONTENT, "digest", "signature") if name not in entry]:
        return f"{', '.join(missing)} missing"
    if entry["number"] != number:
        return f"it is numbered {entry['number']}: an entry was added, removed or moved"
    if digest_of(content=entry, previous=previous) != entry["digest"]:
        return "its content is not what was signed: it, or one before it, was changed by hand"
    public = keys.get(str(entry["key"]))
    if public is None or name_of(public) != entry["key"]:
        return f"its key {entry['key']} is not among the published ones"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(str(entry["signature"])), bytes.fromhex(entry["digest"]))
    except (InvalidSignature, ValueError):
        return "its signature is not that of the operator's key"
    return ""
