"""The operator's file of breached passwords: found by seeking, refused at the start when it is not what it should be."""

import random
from hashlib import sha1
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from bonafide.sign_in import breached
from bonafide.sign_in.breached import BadBreachedList, is_breached, refuse_bad_list
from bonafide.sign_in.checks import breached_passwords_can_be_looked_up
from bonafide.sign_in.passwords import BreachedValidator

STOLEN = [f"stolen password number {n}" for n in range(3000)]


def digest(password):
    return sha1(password.encode()).hexdigest().upper()


def write(path, lines, end="\n"):
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return path


@pytest.fixture(scope="module")
def pwned(tmp_path_factory) -> Path:
    counts = random.Random(1)
    lines = [f"{one}:{counts.choice([1, 27, 52_372_427])}" for one in sorted(map(digest, STOLEN))]
    return write(tmp_path_factory.mktemp("pwned") / "pwned.txt", lines, "\r\n")


@pytest.fixture
def operator(settings, pwned):
    def with_list(path):
        sign_in = settings.OPERATOR.sign_in.model_copy(update={"breached_passwords": str(path)})
        settings.OPERATOR = settings.OPERATOR.model_copy(update={"sign_in": sign_in})

    with_list(pwned)
    return SimpleNamespace(with_list=with_list)


def test_asvs_6_2_12_each_password_of_the_file_is_found_and_no_other(pwned):
    assert all(is_breached(pwned, password) for password in STOLEN)
    assert not any(is_breached(pwned, f"another one {n}") for n in range(3000))


@pytest.mark.parametrize("count", range(5))
def test_the_shortest_files_work_too_with_and_without_a_last_line_end(tmp_path, count):
    lines = sorted(map(digest, STOLEN[:count]))
    for end in ("\n", ":3\r\n"):
        path = write(tmp_path / "few.txt", lines, end)
        path.write_bytes(path.read_bytes().rstrip())
        assert [password for password in STOLEN[:6] if is_breached(path, password)] == STOLEN[:count]


def test_a_look_up_reads_a_few_lines_however_long_the_file(pwned, monkeypatch):
    reads, first_line_from = [], breached._first_line_from
    monkeypatch.setattr(breached, "_first_line_from", lambda *given: reads.append(1) or first_line_from(*given))
    for password in ("another one", STOLEN[7]):
        reads.clear()
        is_breached(pwned, password)
        assert len(reads) <= pwned.stat().st_size.bit_length()


def test_a_password_of_the_file_is_refused_exactly_as_typed(operator):
    with pytest.raises(ValidationError, match="stolen passwords"):
        BreachedValidator().validate(STOLEN[0])
    BreachedValidator().validate(STOLEN[0].upper())
    BreachedValidator().validate(STOLEN[0] + " ")


def test_the_start_accepts_a_good_file(operator):
    assert breached_passwords_can_be_looked_up() == []


def test_the_start_refuses_a_file_that_is_missing(operator, tmp_path):
    operator.with_list(tmp_path / "nothing.txt")
    [refusal] = breached_passwords_can_be_looked_up()
    assert "nothing.txt cannot be read (No such file or directory): point sign_in.breached_passwords" in refusal.msg
    operator.with_list(tmp_path)
    [refusal] = breached_passwords_can_be_looked_up()
    assert "cannot be read" in refusal.msg


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        (["five", "plain", "words"], "expected 40 hexadecimal digits"),
        (sorted(map(digest, STOLEN), reverse=True), "not sorted by hash"),
        ([*sorted(map(digest, STOLEN)), "0" * 40], "not sorted by hash"),
        ([digest("a")[:32]], "expected 40 hexadecimal digits"),  # NTLM, of another of their files
    ],
    ids=["empty", "text", "by frequency", "one at the end", "ntlm"],
)
def test_the_start_refuses_a_file_of_another_kind(tmp_path, lines, said):
    path = write(tmp_path / "list.txt", lines)
    with pytest.raises(BadBreachedList, match=said) as refusal:
        refuse_bad_list(path)
    assert str(path) in str(refusal.value)


def test_a_file_that_vanished_lets_no_unchecked_password_pass_and_says_so_in_the_log(operator, tmp_path, caplog):
    operator.with_list(tmp_path / "nothing.txt")
    with pytest.raises(ValidationError, match="cannot be changed at this moment"):
        BreachedValidator().validate("four plain unrelated words")
    assert "nothing.txt cannot be read" in caplog.text
