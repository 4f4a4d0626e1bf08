"""Stripe's own stand-in, ``stripe-mock``, and Stripe's published description, which comes inside it: where from, and started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.validator import KEPT, NotHere

MODULE, VERSION = "github.com/stripe/stripe-mock", "v0.203.0"
SUM = "h1:EzW7nb/fphqcAkgVRHAaC88OaAZo6SBWSl54cflDTio="
PROGRAM = KEPT / "stripe-mock"


def stripe_mock() -> Path:
    """The program, built once by Go from its module and kept beside the other validators; modules stay in Go's own cache.

    :raises NotHere: without Go, or without what it asks.
    """
    if shutil.which("go") is None:
        raise NotHere("Go was not found (go on the PATH), which brings stripe-mock")
    if not _is_ours():
        KEPT.mkdir(parents=True, exist_ok=True)
        _go("install", f"{MODULE}@{VERSION}", variables={"GOBIN": str(KEPT)})
    if not _is_ours():
        raise NotHere(f"what Go brought is not the stripe-mock {VERSION} that this was written for")
    return PROGRAM


def description() -> dict[str, Any]:
    """The OpenAPI description that the program was built with.

    :raises NotHere: when Go has it no longer and cannot bring it.
    """
    told = json.loads(_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))
    found: dict[str, Any] = json.loads((Path(told["Dir"]) / "embedded" / "openapi" / "spec3.json").read_text(encoding="utf-8"))
    return found


def _is_ours() -> bool:
    if not PROGRAM.is_file():
        return False
    told = subprocess.run(["go", "version", "-m", PROGRAM], capture_output=True, text=True, check=False).stdout
    return f"{MODULE}\t{VERSION}\t{SUM}" in told


def _go(*arguments: str, variables: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["go", *arguments],
        cwd=KEPT.parent,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise NotHere(f"Go could not bring {MODULE}@{VERSION}: {said[-1][:300]}")
    return done.stdout


@contextmanager
def running(program: Path) -> Iterator[str]:
    """Its address while it runs, on loopback.

    :raises NotHere: when it does not start.
    """
    command = [str(program), "-http-addr", "127.0.0.1:", "-https-addr", "127.0.0.1:"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"HTTP at address: (127\.0\.0\.1:\d+)", line):
                yield f"http://{found[1]}"
                break
        else:
            raise NotHere(f"stripe-mock ended with status {process.wait()}")
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
