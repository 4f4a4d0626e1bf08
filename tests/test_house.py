"""Rules about the house as a whole: its documents, its sizes, and what must never stand in it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.fakes.console import ROOT
from tests.test_cli import COMMANDS

LONGEST = {"bonafide": 400, "bench": 400, "tests": 500}
TEXTS = {".py", ".md", ".toml", ".html", ".txt", ".css", ".js", ".typ", ".lock", ".po", ".yml", ".yaml", ".cfg", ".sh", ""}
# Put together here so that this file does not hold what it looks for.
INDEX_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "test." + "pypi",
    "devpi" + ".",
    "artifact" + "ory",
]
OF_A_MACHINE = re.compile(r"(?<![\w.:/])/(?:" + "|".join(["ro" + "ot", "wo" + "rk", "Us" + "ers"]) + r")/\w")
OPERATORS = ["Nord" + "lys", "Fj" + "ord", "Scale" + "way"]


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project, by git where there is git."""
    if (ROOT / ".git").exists():
        names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        found = [ROOT / name for name in names]
    else:
        found = [path for top in ("bonafide", "tests", "bench", "docs", "examples") for path in (ROOT / top).rglob("*")]
    return tuple(path for path in found if path.is_file() and path.suffix in TEXTS)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- What must not stand anywhere -----------------------------------------------------------------------------------------
def test_no_file_names_where_packages_come_from() -> None:
    named = [(name_of(path), host) for path in tracked() for host in INDEX_HOSTS if host in read(path)]
    assert named == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    named = [(name_of(path), OF_A_MACHINE.findall(read(path))) for path in tracked() if OF_A_MACHINE.search(read(path))]
    assert named == []


@pytest.mark.parametrize("text", ["cd /ro" + "ot/x", "see /wo" + "rk/main", '"/Us' + 'ers/a"'])
def test_such_a_path_would_be_seen(text: str) -> None:
    assert OF_A_MACHINE.search(text)


def test_the_code_names_no_operator() -> None:
    """Who runs the service is in the operator's file; only the demo invents one."""
    code = [
        path for path in tracked() if name_of(path).startswith("bonafide/") and not name_of(path).startswith("bonafide/demo/")
    ]
    assert len(code) > 100
    assert [(name_of(path), name) for path in code for name in OPERATORS if name in read(path)] == []


# --- Sizes and explanations -----------------------------------------------------------------------------------------------
def test_no_module_is_long_without_a_reason() -> None:
    """A module may be longer when it says why, in a line with the words 'long because'."""
    sources = [path for path in tracked() if path.suffix == ".py" and "/migrations/" not in name_of(path)]
    long = {name_of(path): len(read(path).splitlines()) for path in sources if "long because" not in read(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST[name.split("/")[0]]} == {}


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in tracked()
        if path.name == "__init__.py"
        and name_of(path).startswith("bonafide/")
        and path.parent.name not in ("migrations", "templatetags", "management", "commands")
        and not ast.get_docstring(ast.parse(read(path)))
    ]
    assert silent == []


# --- Documents keep up with the code --------------------------------------------------------------------------------------
def commands_in(text: str) -> list[tuple[str, str]]:
    """Each line of a fenced block that calls ``bonafide`` or ``make``: (program, the words after it)."""
    blocks = re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    calls = [re.match(r"(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(bonafide|make)((?: .*)?)$", line) for line in lines]
    return [(call[1], call[2].split("  ")[0].split("#")[0].strip()) for call in calls if call]


def unknown(program: str, words: str) -> str:
    """What of a documented call does not exist; empty when all does."""
    if program == "make":
        targets = set(re.findall(r"(?m)^([a-z-]+):", read(ROOT / "Makefile")))
        return " ".join(word for word in words.split() if "=" not in word and word not in targets)
    path = ""
    rest = words.split()
    while rest and f"{path} {rest[0]}".strip() in COMMANDS:
        path = f"{path} {rest.pop(0)}".strip()
    if not path and rest and not rest[0].startswith("-"):
        return rest[0]
    options = {option for parameter in COMMANDS[path].params for option in (*parameter.opts, *parameter.secondary_opts)}
    return " ".join(
        word for word in rest if word.startswith("--") and word.split("=")[0] not in options | {"--help", "--version"}
    )


DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_in_the_documents_exists(path: Path) -> None:
    assert [(call, unknown(*call)) for call in commands_in(read(path)) if unknown(*call)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_between_documents_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", read(path))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    text = "```\nmake demmo\nbonafide bills isue 2024-09\nbonafide usage import f.csv --formt csv\n$ bonafide bogus\n```"
    assert [unknown(*call) for call in commands_in(text)] == ["demmo", "", "--formt", "bogus"]


def test_make_has_the_targets_that_others_build_on() -> None:
    makefile = read(ROOT / "Makefile")
    for target in ("setup", "demo", "test", "lint", "bench", "conformance", "screenshots", "docs", "messages"):
        assert re.search(rf"(?m)^{target}: .*## ", makefile), target


def test_the_lock_files_pin_every_dependency_with_hashes() -> None:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))
    for lock, wanted in (
        ("requirements.lock", project["project"]["dependencies"] + project["dependency-groups"]["build"]),
        ("requirements-dev.lock", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
    ):
        pinned = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", read(ROOT / lock)))
        blocks = re.split(r"(?m)^(?=[a-z])", read(ROOT / lock))
        assert all("--hash=sha256:" in block for block in blocks if "==" in block)
        for requirement in wanted:
            name = re.split(r"[\[<>=~!;, ]", requirement)[0].lower().replace("_", "-")
            assert name in pinned, f"{lock} lacks {name}: run 'make lock'"


# --- The contracts on imports bite ----------------------------------------------------------------------------------------
VIOLATIONS = {
    "Imports point down": ("mail/__init__.py", "import bonafide.billing.models"),
    "Arithmetic is pure": ("money.py", "import django.conf"),
    "Views are imported by urls alone": ("demo/build.py", "import bonafide.usage.views"),
    "Nobody speaks to Stripe": ("payments/transfers/match.py", "import stripe"),
}


def test_each_contract_on_imports_is_broken_by_a_breach_of_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bonafide", tmp_path / "bonafide", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for place, line in VIOLATIONS.values():
        module = tmp_path / "bonafide" / place
        module.write_text(f"{read(module)}\n{line}\n", encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    for contract in VIOLATIONS:
        broken = rf"(?m)^{contract}.* BROKEN( \(\d+ ignored imports?\))?$"
        assert re.search(broken, done.stdout), f"{contract}: {done.stdout}{done.stderr}"
