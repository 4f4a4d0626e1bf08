"""What each format's reader makes of its rows, and of files that are not of its format."""

import io
from typing import Any

import pytest

from bonafide.usage.drafts import Draft, Rejection
from bonafide.usage.readers import csv_file, focus, jsonl
from bonafide.usage.readers.lines import BLOCK, LONGEST_LINE, UnreadableFile, text_lines

HEADER = b"id,account,meter,time,quantity\n"


def read(module: Any, content: bytes | str) -> list[Draft | Rejection]:
    data = content.encode() if isinstance(content, str) else content
    return list(module.Reader(stream=io.BytesIO(data), name="file"))


def refusal(module: Any, content: bytes | str) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(module, content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# --- lines ---


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_lines_come_whole_wherever_the_pieces_are_cut(size: int, end: bytes) -> None:
    data = "é".encode() + b"x" * size + b"\n\n" + "ü".encode() * size + end
    assert list(text_lines(stream=io.BytesIO(data), name="file")) == data.decode().splitlines(keepends=True)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert list(text_lines(stream=io.BytesIO(b"\xef\xbb\xbfid\n"), name="file")) == ["id\n"]


@pytest.mark.parametrize("before", [0, 3, BLOCK])
def test_a_broken_encoding_is_named_with_line_and_byte(before: int) -> None:
    data = b"line\n" * before + b"caf\xe9,1\nmore\n"
    with pytest.raises(
        UnreadableFile, match=rf"^file line {before + 1}, byte 4: 0xe9 is not UTF-8: save the file again as UTF-8$"
    ):
        list(text_lines(stream=io.BytesIO(data), name="file"))


def test_a_broken_encoding_in_a_last_line_without_end_is_found_too() -> None:
    with pytest.raises(UnreadableFile, match="line 2, byte 2: 0xe2"):
        list(text_lines(stream=io.BytesIO("a\nb€".encode()[:-1]), name="file"))


def test_utf_16_is_called_by_its_name() -> None:
    assert refusal(csv_file, "id,account".encode("utf-16")) == "file is UTF-16: expected UTF-8; save it again as UTF-8"


def test_an_enormous_line_is_refused_without_reading_on() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            assert self.given < 4 * LONGEST_LINE, "read on and on"
            return b"x" * size

    with pytest.raises(UnreadableFile, match=r"^file line 1 is longer than 1048576 bytes"):
        list(text_lines(stream=Endless(), name="file"))


# --- CSV ---


def test_csv_columns_beyond_the_known_are_dimensions() -> None:
    content = "region,id,account,meter,time,quantity,unit,size\nnorth,1,acme,m,t,5,GB,\n"
    row = ["north", "1", "acme", "m", "t", "5", "GB", ""]
    assert read(csv_file, content) == [
        Draft(2, "csv", "1", "acme", "m", "t", "5", {"region": "north"}, "GB", "", row, '{"region":"north"}')
    ]


def test_csv_may_name_its_source() -> None:
    content = "id,account,meter,time,quantity,source\n1,a,m,t,5,router\n2,a,m,t,5,\n"
    assert [draft.source for draft in read(csv_file, content)] == ["router", "csv"]


def test_csv_rows_are_numbered_as_a_spreadsheet_does() -> None:
    content = HEADER.decode() + '1,a,m,t,"5\n6"\n\n2,a,m,t\n3,a,m,t,5\n'
    found = read(csv_file, content)
    assert [row.position for row in found] == [2, 4, 5]
    assert found[1] == Rejection(4, "4 fields: expected 5, as in the header", ["2", "a", "m", "t"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "file row 1: column id is missing: expected a header such as id,account,meter,time,quantity"),
        ("a,b\n1,2\n", "file row 1: column id is missing: expected a header such as id,account,meter,time,quantity"),
        ("id,account,meter,time,quantity,id\n", "file row 1: column 'id' stands there twice: expected each column once"),
        (
            HEADER + b'1,a,m,t,5\n2,a,m,"t,5\n',
            "file row 3: unexpected end of data: expected CSV, with quotes closed and doubled inside",
        ),
        (HEADER + b'1,a,m,"t"x,5\n', "file row 2: ',' expected after '\"': expected CSV, with quotes closed and doubled inside"),
    ],
)
def test_what_is_not_csv_of_usage_is_refused_in_one_line(content: bytes | str, reason: str) -> None:
    assert refusal(csv_file, content) == reason


def test_a_quote_that_never_closes_does_not_fill_the_memory() -> None:
    assert "field larger than field limit" in refusal(csv_file, HEADER + b'1,a,m,t,"' + b"5\n" * 200_000)


# --- NDJSON ---


def test_each_line_of_json_is_an_event() -> None:
    names = '"id":"1","source":"s","account":"a","meter":"m","time":"t"'
    line = f'{{{names},"quantity":5,"unit":"GB","dimensions":{{"n":7,"on":true,"x":"y"}}}}'
    assert read(jsonl, line + "\n\n") == [
        Draft(1, "s", "1", "a", "m", "t", 5, {"n": "7", "on": "true", "x": "y"}, "GB", "", line + "\n")
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON: input data was truncated"),
        ("[]", "expected object, got array"),
        ('{"id":"1"}', "missing field source"),
        ('{"id":null}', "expected str, got null in id"),
    ],
)
def test_a_line_that_is_no_event_is_answered_with_the_reason(line: str, reason: str) -> None:
    assert read(jsonl, f"\n{line}\n") == [Rejection(2, reason, line + "\n")]


# --- FOCUS ---

COLUMNS = ["BilledCost", "BillingCurrency", "ChargePeriodStart", "ProviderName", "ServiceName", "SubAccountId"]
CHARGE = ["-0.5", "USD", "2024-09-18 23:00:00", "AWS", "Compute", "42"]


def statement(*rows: list[str], columns: list[str] = COLUMNS) -> str:
    return "\n".join(",".join(row) for row in [columns, *rows]) + "\n"


@pytest.mark.django_db
def test_a_charge_is_an_event_on_the_meter_of_its_currency() -> None:
    columns = [*COLUMNS, "Id", "SubAccountName", "ChargeCategory", "RegionId", "ConsumedQuantity", "ConsumedUnit", "Tags"]
    row = [*CHARGE, "77", "Atlas", "Credit", "NULL", "2.5", "GB", "{}"]
    [draft] = read(focus, statement(row, columns=columns))
    assert (draft.source, draft.id, draft.account, draft.account_name) == ("focus:AWS", "77", "42", "Atlas")
    assert (draft.meter, draft.quantity, draft.time) == ("focus-usd", "-0.5", "2024-09-18 23:00:00")
    assert draft.dimensions == {"service": "Compute", "category": "Credit", "consumed_quantity": "2.5", "consumed_unit": "GB"}


@pytest.mark.django_db
def test_without_an_id_the_whole_row_is_the_identity_whatever_the_order_of_rows_and_columns() -> None:
    other = ["1", *CHARGE[1:]]
    first = read(focus, statement(CHARGE, other, CHARGE))
    assert len({draft.id for draft in first}) == 3
    back = read(focus, statement(*[row[::-1] for row in (other, CHARGE, CHARGE)], columns=COLUMNS[::-1]))
    assert {draft.id for draft in back} == {draft.id for draft in first}
    with_empty = read(focus, statement([*CHARGE, "NULL"], [*CHARGE, ""], columns=[*COLUMNS, "Tags"]))
    assert {draft.id for draft in with_empty} == {first[0].id, first[2].id}


@pytest.mark.django_db
def test_an_unknown_currency_is_a_bad_row_and_not_a_bad_file() -> None:
    wrong = [CHARGE[0], "XQX", *CHARGE[2:]]
    found = read(focus, statement(wrong, CHARGE))
    assert isinstance(found[0], Rejection)
    assert found[0].reason == "BillingCurrency: currency 'XQX' is unknown: expected an ISO 4217 code such as USD"
    assert isinstance(found[1], Draft)


def test_a_statement_that_lacks_a_column_is_refused() -> None:
    assert refusal(focus, statement(columns=COLUMNS[:-1])).startswith("file row 1: column SubAccountId is missing")
