"""A backup as one file: a gzipped tar whose last member, ``manifest.json``, says what is in it. Pure of Django.

Members stand in one order, with one owner and one time, so that the same content at the same moment gives the same bytes. The
manifest is signed with the operator's evidence key: whoever edits a member must edit the manifest, and cannot sign it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bonafide.errors import Refused

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
_PIECE = 1 << 20
_KINDS = ("documents", "keys")

OnBytes = Callable[[int], None]


class BackupBroken(Refused):
    """The file is no backup, or not the whole of one, or not as it was written."""


class BackupTooNew(Refused):
    """A later version wrote it."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself, besides its members (name -> (size, sha256)). ``told`` is all of it, as it was signed."""

    told: dict[str, Any]

    @property
    def made_at(self) -> str:
        return str(self.told["made_at"])

    @property
    def database(self) -> str:
        return str(self.told["database"])

    @property
    def members(self) -> dict[str, tuple[int, str]]:
        return {one["name"]: (one["size"], one["sha256"]) for one in self.told["members"]}


@contextmanager
def draft_of(file: Path) -> Iterator[Path]:
    """A draft beside ``file`` that takes its place once the block has ended well, and is gone otherwise."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield draft
        os.replace(draft, file)
        _sync_folder(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def write(
    file: Path,
    *,
    members: Iterable[tuple[str, Path]],
    facts: dict[str, Any],
    made_at: datetime,
    key: bytes,
    on_bytes: OnBytes = lambda _count: None,
) -> Manifest:
    """Write members in the order given, then the manifest. ``key``: the 32 bytes of the signing key.

    :raises OSError: a half-written file may be left; give a draft.
    """
    seconds = int(made_at.timestamp())
    listed: list[dict[str, Any]] = []
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
            for name, path in members:
                with path.open("rb") as source:
                    size = os.fstat(source.fileno()).st_size
                    reading = _Hashing(source, on_bytes)
                    tar.addfile(_entry(name, size, seconds), reading)
                    listed.append({"name": name, "size": size, "sha256": reading.sha256.hexdigest()})
            manifest = _signed({"format": FORMAT, **facts, "members": listed}, key)
            text = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
            tar.addfile(_entry(MANIFEST, len(text), seconds), BytesIO(text))
        raw.flush()
        os.fsync(raw.fileno())
    return Manifest(manifest)


def read(file: Path, *, into: Path | None = None, on_bytes: OnBytes = lambda _count: None) -> Manifest:
    """Read a backup to its last byte and compare it with its manifest; ``into`` is a folder that its members are put into.

    :raises BackupBroken: :raises BackupTooNew: :raises OSError: when a member cannot be written.
    """
    found: dict[str, tuple[int, str]] = {}
    text = b""
    try:
        with (
            file.open("rb") as raw,
            gzip.GzipFile(fileobj=_Hashing(raw, on_bytes), mode="rb") as packed,  # type: ignore[call-overload]
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for entry in tar:
                source = tar.extractfile(entry) if entry.isreg() and _is_expected(entry.name) else None
                if source is None or entry.name in found:
                    raise BackupBroken(f"{file}: {entry.name!r} does not belong into a backup")
                if entry.name == MANIFEST:
                    text = source.read()
                else:
                    found[entry.name] = _take(source, into / entry.name if into else None)
            while packed.read(_PIECE):  # to the checksum at the very end
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise BackupBroken(f"{file}: cannot be read to its end ({error}): it is no backup, or was cut or damaged") from None
    manifest = _manifest(file, text)
    if found != manifest.members:
        wrong = sorted(name for name in found.keys() | manifest.members.keys() if found.get(name) != manifest.members.get(name))
        raise BackupBroken(f"{file}: {wrong[0]} is not as the backup was made ({len(wrong)} members differ): take another one")
    return manifest


def _manifest(file: Path, text: bytes) -> Manifest:
    if not text:
        raise BackupBroken(f"{file}: {MANIFEST} is missing: it is no backup, or was cut")
    try:
        told = json.loads(text)
        if told["format"] > FORMAT:
            raise BackupTooNew(f"{file}: format {told['format']} was written by a later version: restore it with that one")
        signature, public = bytes.fromhex(told.pop("signature")), bytes.fromhex(told["key"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _canonical(told))
        manifest = Manifest(told)
        missing = not manifest.made_at or DATABASES[manifest.database] not in manifest.members
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        missing = True
    if missing:
        raise BackupBroken(f"{file}: {MANIFEST} is not as the backup was made: it was edited, or is of another program")
    return manifest


def _signed(told: dict[str, Any], key: bytes) -> dict[str, Any]:
    private = Ed25519PrivateKey.from_private_bytes(key)
    told = {**told, "key": private.public_key().public_bytes_raw().hex()}
    return {**told, "signature": private.sign(_canonical(told)).hex()}


def _canonical(told: dict[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _is_expected(name: str) -> bool:
    """A name that we write, and that leads nowhere else."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or str(path) != name:
        return False
    return (len(path.parts) > 1 and path.parts[0] in _KINDS) or name in (MANIFEST, "operator.toml", *DATABASES.values())


def _take(source: IO[bytes], target: Path | None) -> tuple[int, str]:
    """Size and digest of what is read, which is written to ``target`` on the way."""
    reading = _Hashing(source, lambda _count: None)
    if target is None:
        while reading.read(_PIECE):
            pass
    else:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            shutil.copyfileobj(reading, written, _PIECE)
            written.flush()
            os.fsync(written.fileno())
    return reading.size, reading.sha256.hexdigest()


class _Hashing:
    """A stream that counts and digests what is read through it."""

    def __init__(self, source: IO[bytes], on_bytes: OnBytes) -> None:
        self.source, self.on_bytes = source, on_bytes
        self.size, self.sha256 = 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.size += len(piece)
        self.sha256.update(piece)
        self.on_bytes(len(piece))
        return piece


def _entry(name: str, size: int, seconds: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, seconds, 0o600
    return entry


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
