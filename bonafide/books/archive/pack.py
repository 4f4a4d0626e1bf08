"""A ZIP whose bytes depend on its content alone, written as it comes: members, a manifest of them, a signature."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bonafide.billing.seal import canonical
from bonafide.errors import Refused

MANIFEST, SIGNATURE = "manifest.jsonl", "signature.json"


class FileThere(Refused):
    """The file is there already, and what was archived is not overwritten."""


class Pack:
    """An open archive. Of each member only its name stays in memory; the list of digests waits in a file."""

    def __init__(self, file: IO[bytes], listed: IO[bytes], *, year: int) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._listed = listed
        self._moment = (year, 12, 31, 23, 59, 58)
        self.members = 0

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a member and note its digest."""
        digest, size = self._write(name, pieces)
        self._listed.write(bytes(canonical({"name": name, "size": size, "sha256": digest})) + b"\n")
        self.members += 1

    def close(self, *, facts: dict[str, Any], key: Ed25519PrivateKey) -> None:
        """Write the manifest (a line of facts, then the list of members), sign it, and end the archive."""
        digest, _size = self._write(MANIFEST, self._manifest(facts))
        signature = key.sign(f"bonafide archive\n{digest}\n".encode()).hex()
        told = {"algorithm": "Ed25519", "key": key.public_key().public_bytes_raw().hex(), "signature": signature}
        self._write(SIGNATURE, [bytes(canonical(told)) + b"\n"])
        self.end()

    def end(self) -> None:
        """Write no more; also of an archive that is given up. A second call does nothing."""
        self._zip.close()

    def _manifest(self, facts: dict[str, Any]) -> Iterator[bytes]:
        yield bytes(canonical(facts)) + b"\n"
        self._listed.seek(0)
        while piece := self._listed.read(1 << 20):
            yield piece

    def _write(self, name: str, pieces: Iterable[bytes]) -> tuple[str, int]:
        info = zipfile.ZipInfo(name, self._moment)
        info.create_system, info.external_attr, info.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
        digest, size = sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        return digest.hexdigest(), size


@contextmanager
def packing(path: Path, *, year: int) -> Iterator[Pack]:
    """An archive at ``path``, there whole once the block ends well, and otherwise not at all; for its owner alone.

    :raises FileThere: when something is there already, before or after. :raises OSError: when it cannot be written.
    """
    refused = FileThere(f"{path} is there already: an archive is never overwritten, name another file")
    if path.exists():
        raise refused
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file, tempfile.TemporaryFile(dir=path.parent) as listed:
            pack = Pack(file, listed, year=year)
            try:
                yield pack
            finally:
                pack.end()
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # which never replaces what is there
        except FileExistsError:
            raise refused from None
    finally:
        draft.unlink(missing_ok=True)
