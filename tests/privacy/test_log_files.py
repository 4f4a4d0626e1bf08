"""Log lines go by the age of what they say, in every kind of file; nothing else is touched."""

import bz2
import gzip
import lzma
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.privacy.log_files import look_at_logs, sweep_logs, time_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CUTOFF = NOW - timedelta(days=90)
OLD, YOUNG = CUTOFF - timedelta(seconds=1), CUTOFF
STYLES = {
    "json": lambda at: f'{{"at":"{at:%Y-%m-%dT%H:%M:%S}.000001Z","ip":"192.0.2.1"}}',
    "common": lambda at: f'192.0.2.1 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" 200 1',
    "offset": lambda at: f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+02:00 client 192.0.2.1",
    "nginx error": lambda at: f"{at:%Y/%m/%d %H:%M:%S} [error] 7#7: client: 192.0.2.1",
    "syslog": lambda at: f"{at:%b %e %H:%M:%S} web haproxy[1]: 192.0.2.1:4711",
    "caddy": lambda at: f'{{"level":"info","ts":{int(at.timestamp())}.25,"ip":"192.0.2.1"}}',
}


def put(path: Path, text: str, *, changed: datetime = NOW) -> Path:
    opener = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "wb") as file:
        file.write(text.encode())
    os.utime(path, (changed.timestamp(), changed.timestamp()))
    return path


def sweep(folder: Path, **more):
    return sweep_logs(folders=[folder], cutoff=CUTOFF, **more)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("suffix", ["", ".1", ".gz", ".bz2", ".xz"])
def test_old_lines_go_and_young_ones_stay_in_every_style_and_kind_of_file(tmp_path, style, suffix):
    say = STYLES[style]
    path = put(tmp_path / f"access.log{suffix}", f"{say(OLD)}\n{say(YOUNG)}\n")
    swept = sweep(tmp_path)
    assert (swept.lines_deleted, swept.files_deleted, swept.faults) == (1, 0, [])
    assert swept.oldest == YOUNG
    opener = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "rb") as file:
        assert file.read().decode() == f"{say(YOUNG)}\n"


def test_a_file_with_nothing_young_goes_whole_whatever_its_own_date(tmp_path):
    path = put(tmp_path / "access.log.7.gz", STYLES["common"](OLD) + "\n", changed=NOW)
    assert sweep(tmp_path).files_deleted == 1
    assert not path.exists()


def test_a_copy_with_an_old_date_and_young_lines_stays(tmp_path):
    path = put(tmp_path / "access.log", STYLES["json"](NOW) + "\n", changed=NOW - timedelta(days=400))
    assert sweep(tmp_path).lines_deleted == 0
    assert path.exists()


def test_lines_without_a_time_belong_to_the_one_before(tmp_path):
    say = STYLES["json"]
    path = put(tmp_path / "error.log", f"begun\n{say(OLD)}\n  at 192.0.2.9\n{say(YOUNG)}\n  at 192.0.2.8\n")
    assert sweep(tmp_path).lines_deleted == 3
    assert path.read_text() == f"{say(YOUNG)}\n  at 192.0.2.8\n"


def test_a_file_in_which_no_time_can_be_read_is_as_old_as_its_last_change(tmp_path):
    put(tmp_path / "old.bin", "192.0.2.1\n", changed=OLD)
    put(tmp_path / "young.bin", "192.0.2.1\n", changed=YOUNG)
    swept = sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["young.bin"]
    assert (swept.unreadable, swept.oldest) == (2, YOUNG)


def test_what_is_held_stays_and_is_counted(tmp_path):
    say = STYLES["json"]
    path = put(tmp_path / "access.log", f"{say(OLD)}\n{say(OLD).replace('192.0.2.1', '198.51.100.7')}\n")
    swept = sweep(tmp_path, keep=lambda line: b"198.51.100.7" in line)
    assert (swept.held, swept.lines_deleted) == (1, 1)
    assert path.read_text().count("\n") == 1


def test_a_broken_archive_is_named_and_left(tmp_path):
    (tmp_path / "access.log.2.gz").write_bytes(b"\x1f\x8bnonsense")
    swept = sweep(tmp_path)
    assert len(swept.faults) == 1
    assert swept.faults[0].startswith("access.log.2.gz")
    assert (tmp_path / "access.log.2.gz").exists()


def test_rights_and_date_survive_and_no_draft_is_left(tmp_path):
    path = put(tmp_path / "access.log", f"{STYLES['json'](OLD)}\n{STYLES['json'](YOUNG)}\n", changed=NOW - timedelta(days=1))
    path.chmod(0o640)
    sweep(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mtime == (NOW - timedelta(days=1)).timestamp()
    assert [found.name for found in tmp_path.iterdir()] == ["access.log"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    outside = put(tmp_path / "letter.txt", STYLES["json"](OLD))
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "link.log").symlink_to(outside)
    sweep(folder)
    assert outside.exists()


def test_looking_deletes_nothing_and_a_second_sweep_finds_nothing(tmp_path):
    put(tmp_path / "access.log", f"{STYLES['json'](OLD)}\n{STYLES['json'](YOUNG)}\n")
    assert look_at_logs(folders=[tmp_path]).oldest == OLD
    assert sweep(tmp_path).lines_deleted == 1
    assert sweep(tmp_path).lines_deleted == 0
    assert look_at_logs(folders=[tmp_path, tmp_path / "not-there"]).oldest == YOUNG


def test_syslog_of_december_read_in_january_is_last_years():
    changed = datetime(2026, 1, 5, tzinfo=UTC)
    assert time_of(b"Dec 31 23:59:59 web x", changed=changed) == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert time_of(b"Feb 29 00:00:00 web x", changed=changed) == datetime(2024, 2, 29, tzinfo=UTC)


@given(st.binary(max_size=200))
def test_no_line_whatever_breaks_the_reading(line):
    time_of(line, changed=NOW)
