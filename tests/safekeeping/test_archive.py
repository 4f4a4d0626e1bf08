"""A backup's file: the same bytes for the same content, and every damage is noticed before anything is used."""

import gzip
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bonafide.safekeeping import archive
from bonafide.safekeeping.archive import BackupBroken, BackupTooNew, read, write

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY, OTHER_KEY = bytes(range(32)), bytes(reversed(range(32)))
FACTS = {"product": "0.1.0", "made_at": "2026-11-25T12:00:00Z", "database": "sqlite", "migrations": []}


@pytest.fixture
def members(tmp_path: Path) -> list[tuple[str, Path]]:
    found = []
    for name, content in {
        "database.sqlite3": b"rows" * 50_000,
        "operator.toml": b"[identity]",
        "documents/2026/a.pdf": b"%PDF a",
    }.items():
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        found.append((name, path))
    return found


def made(file: Path, members: list[tuple[str, Path]], facts: dict[str, object] = FACTS, key: bytes = KEY) -> Path:
    write(file, members=members, facts=dict(facts), made_at=NOW, key=key)
    return file


def test_the_same_content_gives_the_same_bytes_and_comes_out_as_it_went_in(members, tmp_path):
    first, second = made(tmp_path / "a", members), made(tmp_path / "b", members)
    assert first.read_bytes() == second.read_bytes()
    manifest = read(first, into=tmp_path / "out")
    assert list(manifest.members) == [name for name, _path in members]
    for name, path in members:
        assert (tmp_path / "out" / name).read_bytes() == path.read_bytes()


def test_a_file_cut_anywhere_is_refused(members, tmp_path):
    whole = made(tmp_path / "a", members).read_bytes()
    for length in (0, 5, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(BackupBroken):
            read(tmp_path / "cut")


def test_a_byte_flipped_anywhere_is_refused(members, tmp_path):
    whole = made(tmp_path / "a", members).read_bytes()
    for place in range(12, len(whole), max(1, len(whole) // 40)):
        (tmp_path / "b").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BackupBroken):
            read(tmp_path / "b")


def repacked(file: Path, target: Path, change) -> Path:
    """The same tar, with its members as (name, bytes) changed on the way."""
    with gzip.open(file) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        entries = {entry.name: tar.extractfile(entry).read() for entry in tar}
    with gzip.open(target, "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for name, content in change(entries).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return target


def told(entries: dict[str, bytes], **changed: object) -> dict[str, bytes]:
    return entries | {archive.MANIFEST: json.dumps(json.loads(entries[archive.MANIFEST]) | changed).encode()}


def test_what_is_edited_is_refused_in_whatever_part(members, tmp_path):
    file = made(tmp_path / "a", members)
    assert read(repacked(file, tmp_path / "same", lambda entries: entries))  # unpacking and packing alone harm nothing
    for words, change in {
        "operator.toml is not as the backup was made": lambda e: e | {"operator.toml": b"[other]"},
        "documents/2026/a.pdf is not as": lambda e: {name: c for name, c in e.items() if name != "documents/2026/a.pdf"},
        "documents/b.pdf is not as": lambda e: {"documents/b.pdf": b"", **e},
        "manifest.json is not as": lambda e: told(e, made_at="2026-11-20T12:00:00Z"),
        "manifest.json is missing": lambda e: {name: c for name, c in e.items() if name != archive.MANIFEST},
        "does not belong": lambda e: {"../evil": b"", **e},
        "'/etc/passwd' does not belong": lambda e: {"/etc/passwd": b"", **e},
    }.items():
        with pytest.raises(BackupBroken, match=words):
            read(repacked(file, tmp_path / "edited", change), into=tmp_path / words.replace("/", "-"))
    assert not (tmp_path / "evil").exists()


def test_a_later_format_is_named(members, tmp_path):
    file = made(tmp_path / "a", members)
    with pytest.raises(BackupTooNew, match="format 2"):
        read(repacked(file, tmp_path / "b", lambda entries: told(entries, format=2)))


def test_a_link_is_refused(members, tmp_path):
    with gzip.open(tmp_path / "a", "wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        entry = tarfile.TarInfo("documents/link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(entry)
    with pytest.raises(BackupBroken, match="does not belong"):
        read(tmp_path / "a", into=tmp_path / "out")


def test_a_draft_that_fails_leaves_neither_itself_nor_the_old_file_changed(tmp_path):
    file = tmp_path / "backup"
    file.write_bytes(b"the one before")

    def fail() -> None:
        with archive.draft_of(file) as draft:
            draft.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    assert file.read_bytes() == b"the one before"
