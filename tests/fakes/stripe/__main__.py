"""``python -m tests.fakes.stripe [PORT] [--hooks URL --secret whsec_...]``: serve it alone until interrupted.

``--keep FILE`` remembers over restarts what it knows; what was still to happen by itself (a SEPA debit on its way) is forgotten.
``--with-input`` ends it with its standard input, so with whoever holds the other end, whatever ends that.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import threading
from contextlib import suppress
from pathlib import Path

from tests.fakes.stripe import FakeStripe, serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.stripe", description="A small Stripe to try things against.")
    parser.add_argument("port", nargs="?", type=int, default=12111)
    parser.add_argument("--key", default="sk_test_fake")
    parser.add_argument("--hooks", default="", metavar="URL", help="where to deliver events")
    parser.add_argument("--secret", default="", metavar="WHSEC", help="what they are signed with")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="remember what it knows in this file of its own")
    parser.add_argument("--with-input", action="store_true", help="end when standard input ends")
    given = parser.parse_args()
    with serving(port=given.port, key=given.key) as fake:
        if given.keep and given.keep.exists():
            remember(fake, given.keep)
        say(f"Stripe is at {fake.url}, its key is {fake.key}")
        if given.hooks:
            say(f"Events go to {given.hooks}, signed with {fake.controls.hooks_to(given.hooks, given.secret)['secret']}")
        with suppress(KeyboardInterrupt):
            sys.stdin.read() if given.with_input else threading.Event().wait()
        if given.keep:
            keep(fake, given.keep)


def keep(fake: FakeStripe, file: Path) -> None:
    with fake.state.lock:
        file.write_bytes(pickle.dumps((fake.state.things, fake.state.hidden)))


def remember(fake: FakeStripe, file: Path) -> None:
    things, fake.state.hidden = pickle.loads(file.read_bytes())
    fake.state.things |= things | {"webhook_endpoint": {}}


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this program's output is what it prints


if __name__ == "__main__":
    main()
