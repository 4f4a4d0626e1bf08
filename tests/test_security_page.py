"""``docs/security.md`` ties every requirement it claims to tests that exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.fakes.console import ROOT

PAGE = ROOT / "docs" / "security.md"
# Of OWASP ASVS 5.0: what the console has to show.
CLAIMED = [
    *(f"3.3.{number}" for number in range(1, 5)),
    *(f"6.2.{number}" for number in range(1, 13)),
    *("6.3.1", "6.3.3", "6.3.4", "6.3.5", "6.3.7", "6.3.8", "6.4.3", "6.5.1", "6.5.2"),
    *("7.1.2", "7.2.3", "7.2.4", "7.3.1", "7.3.2", "7.4.1", "7.4.2", "7.4.3", "7.4.4", "7.4.5", "7.5.1", "7.5.2"),
    "8.4.1",
]
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(text: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Requirement, what we do, and the tests that show it."""
    for number, does, proof in ROW.findall(text):
        yield number, does, NAME.findall(proof)


@cache
def named_in(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def problems(text: str) -> list[str]:
    """Everything that is missing from the page, or named on it and not there."""
    found = {number: tests for number, _does, tests in rows(text)}
    missing = [f"{number} has no row" for number in CLAIMED if number not in found]
    bare = [f"{number} names no test" for number, tests in found.items() if not tests]
    dangling = [
        f"{number} names {file}::{name}, which is not there"
        for number, tests in found.items()
        for file, name in tests
        if name not in named_in(ROOT / file)
    ]
    return missing + bare + dangling


def test_every_requirement_has_its_row_and_every_row_tests_that_exist():
    assert problems(PAGE.read_text(encoding="utf-8")) == []


def test_no_requirement_has_two_rows():
    numbers = [number for number, _does, _tests in rows(PAGE.read_text(encoding="utf-8"))]
    assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda text: re.sub(r"(?m)^\| 7\.4\.1 \|.*\n", "", text), "7.4.1 has no row"),
        (lambda text: re.sub(r"(?m)^(\| 7\.4\.1 \|.*\|) .* \|$", r"\1 looked at |", text), "7.4.1 names no test"),
        (
            lambda text: re.sub(r"(?m)^(\| 7\.4\.1 \|.*)::(\w+)` \|$", r"\1::test_that_never_was` |", text),
            "test_that_never_was, which is not there",
        ),
    ],
)
def test_a_hole_in_the_page_is_found(broken, said):
    found = problems(broken(PAGE.read_text(encoding="utf-8")))
    assert len(found) == 1
    assert said in found[0]
