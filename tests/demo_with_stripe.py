"""``make demo``: the demo with a stand-in for Stripe beside it, unless the environment has a test key of the real one.

This program becomes ``bonafide demo``. The stand-in holds the other end of a pipe that nobody writes to, and ends with it,
whatever ends the demo.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

KEY = "sk_test_stand_in"
ACCOUNT = "acct_1FakeBonafide"
ONLY_SHOWN = {"--code", "--help", "-h", "--no-serve"}


def main(arguments: list[str]) -> None:
    if not os.environ.get("STRIPE_SECRET_KEY"):
        console = option(arguments, "--port")
        port = free_port(int(console) if console.isdigit() else 8000)
        environment = {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_ACCOUNT": ACCOUNT,
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
            "STRIPE_API_URL": f"http://127.0.0.1:{port}",
        }
        os.environ.update(environment)
        if not ONLY_SHOWN & set(arguments):
            stand_in(port, environment["STRIPE_WEBHOOK_SECRET"], arguments)
    os.execv(sys.executable, [sys.executable, "-m", "bonafide.cli", "demo", *arguments])


def stand_in(port: int, secret: str, arguments: list[str]) -> None:
    kept = Path(f"{option(arguments, '--home') or 'bonafide-demo'}.stripe").resolve()
    if "--fresh" in arguments:
        kept.unlink(missing_ok=True)
    reads, writes = os.pipe()
    os.set_inheritable(writes, True)  # goes with us into the demo, and no further
    hooks = f"http://127.0.0.1:{option(arguments, '--port') or 8000}/stripe/events"
    command = [sys.executable, "-m", "tests.fakes.stripe", str(port), "--key", KEY, "--hooks", hooks, "--secret", secret]
    subprocess.Popen(
        [*command, "--keep", str(kept), "--with-input"], stdin=reads, stdout=subprocess.DEVNULL, start_new_session=True
    )
    os.close(reads)
    print("Bills can be paid on a stand-in for Stripe's pages: no money moves.", flush=True)  # noqa: T201 - a command


def option(arguments: list[str], name: str) -> str:
    """Its value, as ``--name value`` or ``--name=value``; empty where it is not given."""
    for at, word in enumerate(arguments):
        if word == name:
            return "".join(arguments[at + 1 : at + 2])
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def free_port(console: int) -> int:
    """The same for the same port of the console where it is free: pages that the console remembers are still there."""
    for wanted in (12111 + console % 1000, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    raise SystemExit("no port is free on this machine")


if __name__ == "__main__":
    main(sys.argv[1:])
