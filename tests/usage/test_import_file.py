"""A file of usage, taken in whole or not at all."""

import csv
import io
import json
import os
import threading
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bonafide.accounts.models import Account
from bonafide.pricing.models import Meter
from bonafide.usage import commands
from bonafide.usage.import_file import FileRefused, Imported, import_file
from bonafide.usage.models import Batch, Event, Total
from bonafide.usage.readers.lines import UnreadableFile
from tests.factories.accounts import make_account
from tests.factories.usage import NOW, PARIS, make_meter, use

HEADER = "id,account,meter,time,quantity"
SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "focus_sample.csv"
needs_sample = pytest.mark.skipif(not SAMPLE.exists(), reason="the FOCUS sample is not here")
STATEMENT = [
    "Id,SubAccountId,SubAccountName,BillingCurrency,ChargePeriodStart,ProviderName,ServiceName,BilledCost,ChargeCategory",
    "1,/s/one,Atlas,USD,2024-08-31 23:30:00,AWS,Compute,1.25,Usage",
    "2,/s/one,Atlas,USD,2024-09-01T00:00:00Z,AWS,Compute,-0.000000000001,Credit",
    "3,two,NULL,USD,2024-09-30 23:59:59,Oracle,Storage,0.0000000000015,Tax",
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(*lines: str, name: str = "usage.csv") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return make


def take(path: Path, format: str = "csv", **values: Any) -> Imported:
    return import_file(path=path, format=format, zone=PARIS, now=NOW, **values)


def refused(path: Path, format: str = "csv", **values: Any) -> str:
    with pytest.raises((FileRefused, UnreadableFile)) as error:
        take(path, format, **values)
    assert "\n" not in str(error.value)
    assert not Event.objects.exists()
    assert not Batch.objects.exists()
    return str(error.value)


@pytest.fixture
def acme(db: None) -> Account:
    make_meter("m", unit="GB", scale=3)
    return make_account(reference="acme")


# --- FOCUS ---


@pytest.mark.django_db
def test_a_statement_keeps_signs_and_the_providers_own_days_and_makes_its_accounts(write: Callable[..., Path]) -> None:
    done = take(write(*STATEMENT), "focus", create_accounts=True)
    assert done == Imported(accepted=3, duplicates=0, rejected=0, accounts_created=2)
    meter = Meter.objects.get()
    assert (meter.code, meter.scale, meter.group_by) == ("focus-usd", 12, "service")
    assert list(Total.objects.order_by("day").values_list("account__reference", "day", "group_key", "quantity")) == [
        ("/s/one", 20240831, "Compute", 1_250_000_000_000),
        ("/s/one", 20240901, "Compute", -1),
        ("two", 20240930, "Storage", 2),
    ]
    one, two = Account.objects.order_by("reference")
    assert (one.name, two.name, one.kind, one.country, one.language, one.created_at) == (
        "Atlas",
        "two",
        "company",
        "FR",
        "en",
        NOW,
    )


@pytest.mark.django_db
def test_without_the_flag_an_unknown_account_is_an_error_with_its_remedy(write: Callable[..., Path]) -> None:
    assert refused(write(*STATEMENT), "focus") == (
        "usage.csv row 2: SubAccountId '/s/one' is unknown: expected the reference of an account; "
        "add --create-accounts to make it; 2 more rows are bad; nothing was taken in "
        "(--skip-bad REJECTS would take in the good rows)"
    )


@pytest.mark.django_db
def test_accounts_of_a_refused_file_are_not_made(write: Callable[..., Path]) -> None:
    refused(write(*STATEMENT, "4,three,NULL,USD,never,AWS,Compute,1,Usage"), "focus", create_accounts=True)
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_the_same_charges_under_another_file_name_and_order_add_nothing(write: Callable[..., Path]) -> None:
    for columns in (slice(None), slice(1, None)):  # with the column Id, and without
        Event.objects.all().delete()
        lines = [",".join(line.split(",")[columns]) for line in STATEMENT]
        assert take(write(*lines), "focus", create_accounts=True).accepted == 3
        again = take(write(lines[0], *lines[:0:-1], name="other.csv"), "focus")
        assert (again.accepted, again.duplicates) == (0, 3)


@needs_sample
@pytest.mark.django_db
def test_a_real_statement_comes_to_its_own_sums_per_account_and_service() -> None:
    done = take(SAMPLE, "focus", create_accounts=True)
    assert (done.accepted, done.accounts_created) == (1000, 73)
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected[(row["SubAccountId"], row["ServiceName"])] += Decimal(row["BilledCost"])
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for reference, service, quantity in Total.objects.values_list("account__reference", "group_key", "quantity"):
        found[(reference, service)] += Decimal(quantity).scaleb(-12)
    assert found == expected
    assert {day // 100 for day in Total.objects.values_list("day", flat=True)} == {202409}
    again = take(SAMPLE, "focus")
    assert (again.accepted, again.duplicates, Event.objects.count()) == (0, 1000, 1000)


# --- bad files ---


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,nobody,m,2024-09-18T12:00:00Z,5", "account 'nobody' is unknown"),
        ("1,acme,n,2024-09-18T12:00:00Z,5", "meter 'n' is unknown: expected the code of a meter"),
        ("1,acme,m,2024-09-18T12:00:00Z,-5", "quantity '-5': expected zero or more: corrections are made by the operator"),
        ("1,acme,m,2024-09-18T12:00:00Z,1e16", "quantity '1e16': expected at most 1000000000000000, with the meter's 3 decimals"),
        ("1,acme,m,2024-09-18T12:00:00Z,much", "quantity 'much': expected a decimal number such as 12.5"),
        ("1,acme,m,2024-09-18 12:00,5", "time '2024-09-18 12:00': expected RFC 3339 with its offset"),
        ("1,acme,m,1999-09-18T12:00:00Z,5", "time '1999-09-18T12:00:00Z' is too old: expected 2000-01-01T00:00:00Z or later"),
        (
            "1,acme,m,2025-09-18T12:00:00Z,5",
            "time '2025-09-18T12:00:00Z' is in the future: expected 2024-11-15T12:00:00Z or earlier",
        ),
        ("1,acme,m,2024-09-18T12:00:00Z", "4 fields: expected 5, as in the header"),
        (",acme,m,2024-09-18T12:00:00Z,5", "id is missing: expected 1 to 200 printable characters"),
    ],
)
def test_one_bad_row_refuses_the_file_and_names_row_column_value_and_what_was_expected(
    acme: Account, write: Callable[..., Path], row: str, reason: str
) -> None:
    path = write(HEADER, "0,acme,m,2024-09-18T12:00:00Z,5", row)
    line = refused(path)
    assert line.startswith(f"usage.csv row 3: {reason}")
    assert line.endswith("; nothing was taken in (--skip-bad REJECTS would take in the good rows)")
    assert take(path, skip_bad=path.with_name("rejects.csv")).accepted == 1


def test_a_unit_that_is_not_the_meters_is_refused(acme: Account, write: Callable[..., Path]) -> None:
    path = write(HEADER + ",unit", "1,acme,m,2024-09-18T12:00:00Z,5,MB")
    assert "row 2: unit 'MB': expected 'GB', the unit of meter m" in refused(path)
    assert take(write(HEADER + ",unit", "1,acme,m,2024-09-18T12:00:00Z,5,GB")).accepted == 1


@pytest.mark.parametrize("skip", [True, False])
def test_a_broken_encoding_refuses_the_file_whatever_may_be_skipped(acme: Account, tmp_path: Path, skip: bool) -> None:
    path = tmp_path / "usage.csv"
    path.write_bytes(f"{HEADER}\n1,acme,m,2024-09-18T12:00:00Z,5\n2,caf".encode() + b"\xe9,m,2024-09-18T12:00:00Z,5\n")
    rejects = tmp_path / "rejects.csv"
    line = refused(path, skip_bad=rejects if skip else None)
    assert line == "usage.csv line 3, byte 6: 0xe9 is not UTF-8: save the file again as UTF-8"
    assert [file.name for file in tmp_path.iterdir()] == ["usage.csv"]


def test_a_file_that_cannot_be_read_is_named(acme: Account, tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv").startswith(f"{tmp_path}/none.csv cannot be read (No such file or directory)")


def test_usage_of_a_closed_account_is_taken_up_to_its_end(acme: Account, write: Callable[..., Path]) -> None:
    Account.objects.update(closed_at=NOW.replace(month=9, day=18, hour=12))
    path = write(HEADER, "1,acme,m,2024-09-18T11:59:59Z,5", "2,acme,m,2024-09-18T12:00:00Z,5")
    assert "row 3: account 'acme' was closed before this time" in refused(path)


def test_an_identity_accepted_with_other_content_refuses_the_file(acme: Account, write: Callable[..., Path]) -> None:
    use(acme, Meter.objects.get(), "5", id="1", source="csv")
    batches = Batch.objects.count()
    path = write(HEADER, "0,acme,m,2024-09-18T12:00:00Z,5", "1,acme,m,2024-09-18T12:00:00Z,6")
    with pytest.raises(FileRefused, match=r"^usage.csv row 3: id '1' was already accepted with other content"):
        take(path)
    assert (Event.objects.count(), Batch.objects.count()) == (1, batches)
    rejects = path.with_name("rejects.csv")
    done = take(path, skip_bad=rejects)
    assert (done.accepted, done.duplicates, done.rejected) == (1, 0, 1)
    assert rejects.read_text() == f"{HEADER}\n1,acme,m,2024-09-18T12:00:00Z,6\n"
    assert Batch.objects.last().rejected == 1


# --- leaving bad rows out ---


def rows_of(format: str) -> tuple[list[str], str, str]:
    """A file with two bad rows, and what mends them."""
    if format == "csv":
        rows = [
            HEADER + ",note",
            "1,acme,m,2024-09-18T12:00:00Z,5,good",
            '2,acme,m,WHEN,5,"a ""bad"",',
            'one"',
            "3,acme,m,WHEN,7,",
        ]
        return rows, "WHEN", "2024-09-18T12:00:00Z"
    if format == "jsonl":
        event = {"source": "s", "account": "acme", "meter": "m", "quantity": 5}
        times = ["2024-09-18T12:00:00Z", "WHEN", "WHEN"]
        return [json.dumps({**event, "id": str(n), "time": time}) for n, time in enumerate(times)], "WHEN", times[0]
    return [*STATEMENT, *(f"{n},two,NULL,USD,WHEN,AWS,Compute,1,Usage" for n in (8, 9))], "WHEN", "2024-09-18 00:00:00"


@pytest.mark.parametrize("format", ["csv", "jsonl", "focus"])
def test_rejects_are_of_the_same_format_and_can_be_imported_once_mended(
    acme: Account, write: Callable[..., Path], format: str
) -> None:
    lines, wrong, right = rows_of(format)
    path = write(*lines)
    rejects = path.with_name("rejects")
    done = take(path, format, create_accounts=format == "focus", skip_bad=rejects)
    good = {"csv": 1, "jsonl": 1, "focus": 3}[format]
    assert (done.accepted, done.rejected, len(done.reasons)) == (good, 2, 2)
    assert "WHEN" in done.reasons[0]
    assert take(path, format, create_accounts=format == "focus", skip_bad=path.with_name("again")).duplicates == good
    rejects.write_text(rejects.read_text().replace(wrong, right))
    mended = take(rejects, format)
    assert (mended.accepted, mended.duplicates, mended.rejected) == (2, 0, 0)
    path.write_text(path.read_text().replace(wrong, right))
    whole = take(path, format)
    assert (whole.accepted, whole.duplicates) == (0, good + 2)


def test_a_file_of_rejects_is_never_overwritten_and_made_only_when_there_are_some(
    acme: Account, write: Callable[..., Path]
) -> None:
    path = write(HEADER, "1,acme,m,2024-09-18T12:00:00Z,5")
    rejects = path.with_name("rejects.csv")
    take(path, skip_bad=rejects)
    assert not rejects.exists()
    rejects.write_text("precious")
    with pytest.raises(FileRefused, match="is there already"):
        take(path, skip_bad=rejects)
    assert rejects.read_text() == "precious"


# --- the command ---


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(commands.usage, ["import", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


@pytest.mark.django_db
def test_the_command_says_what_it_did(write: Callable[..., Path]) -> None:
    path = write(*STATEMENT, "9,two,NULL,USD,never,AWS,Compute,1,Usage")
    rejects = path.with_name("rejects.csv")
    out, err = run(str(path), "--format", "focus", "--create-accounts", "--skip-bad", str(rejects))
    assert out == "created: 2 accounts\ntaken in from usage.csv: 3 events\n"
    assert "usage.csv row 5: ChargePeriodStart 'never': expected RFC 3339" in err
    assert f"left out: 1 bad row, kept in {rejects}" in err
    assert run(str(write(*STATEMENT)), "--format", "focus") == ("nothing new in usage.csv: 3 events already here\n", "")
    assert "Reading" not in err  # the bar is for a person at a terminal


def test_the_command_shows_how_far_it_is_to_a_person_who_watches(
    acme: Account, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(commands.sys, "stderr", shown)
    path = write(HEADER, *(f"{n},acme,m,2024-09-18T12:00:00Z,5" for n in range(20_000)))
    commands.import_.callback(file=path, format_="csv", create_accounts=False, skip_bad=None)
    assert "Reading usage.csv" in shown.getvalue()
    assert "100%" in shown.getvalue()


def test_the_help_has_an_example() -> None:
    assert "Example: bonafide usage import" in run("--help")[0]


# --- size ---

TWO_GB = 2 * 10**9
MIB = 2**20


def peak_of(work: Callable[[], None]) -> int:
    """The most bytes of Python's that were in use at a time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def piped(path: Path, pieces: Iterator[bytes]) -> threading.Thread:
    """A file that exists only while it is read."""
    os.mkfifo(path)

    def feed() -> None:
        with path.open("wb") as pipe:
            for piece in pieces:
                pipe.write(piece)

    thread = threading.Thread(target=feed)
    thread.start()
    return thread


def test_two_gigabytes_of_events_are_taken_in_with_flat_memory(acme: Account, tmp_path: Path) -> None:
    padding = b"x" * 100_000
    count = TWO_GB // len(padding)

    def events() -> Iterator[bytes]:
        for n in range(count):
            known = b'{"id":"%d","source":"s","account":"acme","meter":"m","time":"2024-09-18T12:00:00Z","quantity":%d,"note":"'
            yield known % (n, n) + padding + b'"}\n'

    path = tmp_path / "events.jsonl"
    feeder = piped(path, events())
    assert peak_of(lambda: take(path, "jsonl")) < 48 * MIB
    feeder.join()
    assert Total.objects.get().quantity == sum(range(count)) * 1000


@pytest.mark.django_db
def test_a_large_statement_without_ids_is_taken_in_with_flat_memory(tmp_path: Path) -> None:
    tags = b"x" * 10_000
    count = TWO_GB // 20 // len(tags)

    def charges() -> Iterator[bytes]:
        yield f"{STATEMENT[0].removeprefix('Id,')},Tags\n".encode()
        for n in range(count):
            yield f"one,One,USD,2024-09-{n % 30 + 1:02d}T00:00:00Z,AWS,Compute,0.{n // 2:06d},Usage,".encode() + tags + b"\n"

    path = tmp_path / "charges.csv"
    feeder = piped(path, charges())
    assert peak_of(lambda: take(path, "focus", create_accounts=True)) < 48 * MIB
    feeder.join()
    assert sum(Total.objects.values_list("quantity", flat=True)) == 2 * sum(range(count // 2)) * 10**6


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_memory_does_not_grow_with_the_number_of_rows(acme: Account, tmp_path: Path, format: str) -> None:
    def rows(count: int) -> Iterator[bytes]:
        if format == "csv":
            yield f"{HEADER}\n".encode()
            for n in range(count):
                yield b"%d,acme,m,2024-09-18T12:00:00Z,5\n" % n
        else:
            for n in range(count):
                yield b'{"id":"%d","source":"s","account":"acme","meter":"m","time":"2024-09-18T12:00:00Z","quantity":5}\n' % n

    peaks = []
    for count in (11_000, 33_000):
        Event.objects.all().delete()
        path = tmp_path / str(count)
        feeder = piped(path, rows(count))
        peaks.append(peak_of(lambda path=path: take(path, format)))
        feeder.join()
        assert Event.objects.count() == count
    assert peaks[1] < peaks[0] + 4 * MIB


def test_two_gigabytes_without_a_line_feed_are_refused_before_they_are_read(acme: Account, tmp_path: Path) -> None:
    path = tmp_path / "zeros.csv"
    with path.open("wb") as file:
        file.truncate(TWO_GB)  # a hole: nothing of it is on the disk
    read: list[int] = []

    def work() -> None:
        assert refused(path, on_progress=read.append).startswith("zeros.csv line 1 is longer than 1048576 bytes")

    assert peak_of(work) < 8 * MIB
    assert sum(read) < 4 * MIB


def test_rejects_of_a_pipe_that_only_the_database_knows_cannot_be_written_and_nothing_is_taken(
    acme: Account, tmp_path: Path
) -> None:
    use(acme, Meter.objects.get(), "5", id="1", source="csv")
    path = tmp_path / "pipe"
    feeder = piped(path, iter([f"{HEADER}\n0,acme,m,2024-09-18T12:00:00Z,5\n1,acme,m,2024-09-18T12:00:00Z,6\n".encode()]))
    with pytest.raises(FileRefused, match="row 3: was already accepted with other content"):
        take(path, skip_bad=tmp_path / "rejects")
    feeder.join()
    assert Event.objects.count() == 1
