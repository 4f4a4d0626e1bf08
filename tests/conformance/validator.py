"""The validators: where they come from, and what they say of files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
KEPT = HERE.parent.parent / ".venv" / "conformance"

VERSION = "2.26.0"
DIGEST = "42d7868cb68264874a7b8cab4c3587b03b23ccc7cd72373da917f66758bb9736"
JAR = KEPT / f"Mustang-CLI-{VERSION}.jar"
# Newer ones of this plugin first read a description of the whole project, which is not everywhere beside the program.
FETCH = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy"
CHECKS = ("PDF/A-3b", "PDF/UA-1", "Factur-X")


class NotHere(Exception):
    """Why the validators cannot run on this machine, in one line."""


class Verdict(NamedTuple):
    """What one check said of one file; ``why`` are its own words, empty for a good one."""

    good: bool
    why: tuple[str, ...]


def validator() -> Path:
    """The program, brought once by Maven and kept.

    :raises NotHere: without Java and its compiler, or without Maven and what it asks.
    """
    for name, what in (("java", "Java"), ("javac", "Java's compiler")):
        if shutil.which(name) is None:
            raise NotHere(f"{what} was not found ({name} on the PATH)")
    if not _is_ours():
        _fetch()
    return JAR


def _fetch() -> None:
    if shutil.which("mvn") is None:
        raise NotHere("Maven was not found (mvn on the PATH), which brings the validator")
    KEPT.mkdir(parents=True, exist_ok=True)
    artifact = f"-Dartifact=org.mustangproject:Mustang-CLI:{VERSION}:jar"
    command = ["mvn", "-B", "-q", FETCH, artifact, f"-DoutputDirectory={KEPT}"]
    done = subprocess.run(command, cwd=KEPT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), f"exit status {done.returncode}")
        raise NotHere(f"Maven could not bring Mustang-CLI {VERSION}: {said[:300]}")
    if not _is_ours():
        raise NotHere(f"what Maven brought is not the Mustang-CLI {VERSION} that this was written for")


def _is_ours() -> bool:
    return JAR.is_file() and sha256(JAR.read_bytes()).hexdigest() == DIGEST


def verdicts(*, jar: Path, files: Iterable[Path]) -> Mapping[str, Mapping[str, Verdict]]:
    """By the name of each file, what each check says of it; one process for all, as it compiles rules for half a minute.

    :raises RuntimeError: when it does not come to its end.
    """
    command = ["java", "-Xmx2G", "-Djava.awt.headless=true", "-cp", str(jar), str(HERE / "Verdict.java"), *map(str, files)]
    done = subprocess.run(command, cwd=KEPT, capture_output=True, text=True, errors="replace", timeout=3000, check=False)
    found: dict[str, dict[str, Verdict]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("VERDICT\t"):
            _mark, file, check, good, why = line.split("\t", 4)
            known = found.setdefault(file, {}).get(check, Verdict(good=True, why=()))
            words = (*known.why, why) if why else known.why
            found[file][check] = Verdict(good=known.good and good == "yes", why=words)
    if done.returncode:
        raise RuntimeError(
            f"the validator broke off: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'silently'}"
        )
    return found
