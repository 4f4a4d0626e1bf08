"""Put a backup back: everything is verified before anything is touched, and the gate is shut before the first file moves.

Needs no Django: the folder may not hold an operator's file yet.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bonafide.errors import Refused
from bonafide.instance import Instance
from bonafide.operator import FILE_NAME
from bonafide.safekeeping import archive
from bonafide.safekeeping.databases import Database, database_of
from bonafide.safekeeping.progress import drawn
from bonafide.safekeeping.restored import shut

# App labels that are not the name of their folder.
_FOLDERS = {"console_sessions": "sessions"}


class CannotRestore(Refused):
    """The backup does not fit here, or something is there already; nothing was touched."""


@dataclass(frozen=True)
class Restored:
    """What was put back; ``kept`` names what was there already and stayed."""

    manifest: archive.Manifest
    documents: int
    kept: tuple[str, ...]


def restore(*, instance: Instance, file: Path, replace: bool, now: datetime) -> Restored:
    """Verify the whole backup beside its place, then move it in. The gate is shut until it was replayed.

    An operator's file and keys that are there stay: they are today's. Documents are added to those that are there.

    :param replace: whether a database with somebody in it may be given up.
    :raises CannotRestore: :raises BackupBroken: :raises BackupTooNew: :raises DatabaseRefused: everything is as it was.
    """
    home = instance.home
    database = database_of(instance)
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=home, prefix=".restoring-") as made:
            draft = Path(made)
            manifest = _unpacked(file, draft)
            refuse_misfit(file=file, manifest=manifest, database=database)
            if not replace and not database.is_empty():
                raise CannotRestore(
                    f"{home} holds another database ({database.called}): choose an empty folder with BONAFIDE_HOME,"
                    " or give it up with --replace"
                )
            database.refuse_others()
            shut(home, {**_told(manifest), "file": file.name, "restored_at": now.astimezone(UTC).isoformat(timespec="seconds")})
            database.put(draft / archive.DATABASES[database.kind])
            return Restored(manifest, *_moved(draft, home))
    except OSError as error:
        raise CannotRestore(
            f"{error.filename or home}: {error.strerror or error}: nothing is served from what is there"
        ) from None


def _unpacked(file: Path, draft: Path) -> archive.Manifest:
    if not file.is_file():
        raise CannotRestore(f"{file}: no such file: expected a backup that 'bonafide backup' made")
    with drawn("Reading", file.stat().st_size) as on_bytes:
        return archive.read(file, into=draft, on_bytes=on_bytes)


def refuse_misfit(*, file: Path, manifest: archive.Manifest, database: Database) -> None:
    """:raises CannotRestore: a backup of the other kind of database, or one that a later version made."""
    if manifest.database != database.kind:
        called = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[manifest.database]
        hint = "unset DATABASE_URL" if manifest.database == "sqlite" else "set DATABASE_URL to an empty database"
        raise CannotRestore(f"{file}: a backup of {called}, and this instance is on {database.called}: {hint}")
    unknown = [step for step in manifest.told["migrations"] if not _is_known(step)]
    if unknown:
        raise CannotRestore(
            f"{file}: made by version {manifest.told['product']}, this is {version('bonafide')} and does not know"
            f" {unknown[0]}: restore it with that version or a later one"
        )


def _is_known(step: str) -> bool:
    """Whether a migration is one of this version's; those of other packages are not looked at."""
    label, _dot, name = step.partition(".")
    folder = Instance.package_folder() / _FOLDERS.get(label, label)
    return not folder.is_dir() or (folder / "migrations" / f"{name}.py").exists()


def _told(manifest: archive.Manifest) -> dict[str, object]:
    wanted = ("made_at", "product", "database", "evidence", "erasures", "swept_at")
    return {name: manifest.told[name] for name in wanted}


def _moved(draft: Path, home: Path) -> tuple[int, tuple[str, ...]]:
    """Documents into their place; the operator's file and keys only where there are none. How many, and what stayed."""
    documents, kept = 0, []
    for source in _files(draft):
        name = source.relative_to(draft)
        target = home / name
        if name.parts[0] != "documents" and target.exists():
            if target.read_bytes() != source.read_bytes():
                kept.append(str(name))
            continue
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(source, target)
        documents += name.parts[0] == "documents"
    return documents, tuple(kept)


def _files(draft: Path) -> Iterator[Path]:
    expected = [draft / FILE_NAME, *sorted((draft / "documents").rglob("*")), *sorted((draft / "keys").rglob("*"))]
    yield from (path for path in expected if path.is_file())
