"""Make a backup while the console serves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bonafide.errors import Refused
from bonafide.instance import Instance
from bonafide.safekeeping import archive
from bonafide.safekeeping.databases import database_of
from bonafide.safekeeping.progress import drawn


class CannotBackUp(Refused):
    """The file cannot be written there."""


@dataclass(frozen=True)
class BackedUp:
    """What is in the file: how many documents, its size in bytes."""

    documents: int
    size: int
    manifest: archive.Manifest


def back_up(*, instance: Instance, file: Path, with_keys: bool, now: datetime) -> BackedUp:
    """Database, documents, the operator's file and, if wanted, the keys, in one file that is there whole or not at all.

    The database is copied first: every document that it knows is in the folder by then.

    :raises CannotBackUp: :raises DatabaseRefused: nothing is left behind.
    """
    file = file.absolute()
    if file.is_relative_to(instance.documents):
        raise CannotBackUp(f"{file}: expected a place outside of {instance.documents}, which is backed up")
    database = database_of(instance)
    try:
        with ExitStack() as stack:
            draft = stack.enter_context(archive.draft_of(file))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.")))
            copied = folder / archive.DATABASES[database.kind]
            facts = database.copy(copied)
            members = [(copied.name, copied), *_files(instance, with_keys)]
            total = sum(path.stat().st_size for _name, path in members)
            on_bytes = stack.enter_context(drawn("Backup", total))
            manifest = archive.write(
                draft,
                members=members,
                facts={
                    "product": version("bonafide"),
                    "made_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "database": database.kind,
                    "with_keys": with_keys,
                    **facts.as_dict(),
                },
                made_at=now,
                key=instance.evidence_key(),
                on_bytes=on_bytes,
            )
    except OSError as error:
        raise CannotBackUp(f"{file}: {error.strerror or error}: choose a place with room that you may write") from None
    documents = sum(name.startswith("documents/") for name in manifest.members)
    return BackedUp(documents, file.stat().st_size, manifest)


def _files(instance: Instance, with_keys: bool) -> Iterator[tuple[str, Path]]:  # noqa: FBT001 - one caller
    """Everything else, by its name in the backup, in order."""
    yield "operator.toml", instance.operator_file
    for folder in ("documents", *(["keys"] if with_keys else [])):
        found = (path for path in (instance.home / folder).rglob("*") if path.is_file() and not path.is_symlink())
        yield from sorted((path.relative_to(instance.home).as_posix(), path) for path in found if not path.name.startswith("."))
