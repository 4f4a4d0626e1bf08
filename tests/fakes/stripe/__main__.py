"""``python -m tests.fakes.stripe [PORT] [--hooks URL --secret whsec_...]``: serve it alone until interrupted."""

from __future__ import annotations

import argparse
import threading
from contextlib import suppress

from tests.fakes.stripe import serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.stripe", description="A small Stripe to try things against.")
    parser.add_argument("port", nargs="?", type=int, default=12111)
    parser.add_argument("--key", default="sk_test_fake")
    parser.add_argument("--hooks", default="", metavar="URL", help="where to deliver events")
    parser.add_argument("--secret", default="", metavar="WHSEC", help="what they are signed with")
    given = parser.parse_args()
    with serving(port=given.port, key=given.key) as fake:
        say(f"Stripe is at {fake.url}, its key is {fake.key}")
        if given.hooks:
            say(f"Events go to {given.hooks}, signed with {fake.controls.hooks_to(given.hooks, given.secret)['secret']}")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this program's output is what it prints


if __name__ == "__main__":
    main()
