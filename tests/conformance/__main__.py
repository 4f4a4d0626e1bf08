"""``make conformance``: a bill of every kind before the validators of its standards, and our Stripe beside Stripe's description.

Mustang's says whether it is Factur-X in the profile EN 16931, veraPDF whether it is PDF/A-3b and PDF/UA-1. Documents that we
spoil go with them and must be refused, so that a validator that says yes to everything is seen. Where Java, Maven or what Maven
asks is missing, what was left out is named and the exit status is 0; it is 1 for any verdict that is not as it should be. The
second part, in ``payments.py``, wants Go in the same way.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DATABASE_URL"] = ""

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tests.conformance import payments  # noqa: E402
from tests.conformance.documents import documents, of_the_sample, spoiled  # noqa: E402
from tests.conformance.validator import CHECKS, NotHere, Verdict, validator, verdicts  # noqa: E402
from tests.documents.e_invoices import CASES  # noqa: E402


def main() -> int:
    """Both parts; the exit status."""
    return of_documents() | of_payments()


def of_documents() -> int:
    """Make the documents, ask, and tell; the exit status."""
    try:
        jar = validator()
    except NotHere as reason:
        say(f"conformance: left out: {len(CASES)} documents by {', '.join(CHECKS)}: {reason}")
        return 0
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory(prefix="bonafide-conformance-") as folder:
        good = documents(folder=Path(folder)) | of_the_sample(folder=Path(folder))
        bad = spoiled(folder=Path(folder))
        found = verdicts(jar=jar, files=[*good.values(), *(file for file, _check in bad.values())])
    wrong = [line for name, file in good.items() for line in told(name, found.get(file.name, {}))]
    for name, (file, check) in bad.items():
        verdict = found.get(file.name, {}).get(check)
        if verdict is None or verdict.good:
            wrong.append(f"{check} says yes to a document with {name}")
    for line in wrong:
        say(f"  {line}")
    say(f"conformance: {len(good)} documents by {', '.join(CHECKS)}, {len(bad)} spoiled ones: {len(wrong)} wrong verdicts")
    return bool(wrong)


def of_payments() -> int:
    """Ask the fake Stripe and stripe-mock the same, and tell; the exit status."""
    try:
        wrong, looked = payments.compare()
    except NotHere as reason:
        say(f"conformance: left out: the fake Stripe beside Stripe's description: {reason}")
        return 0
    for line in wrong:
        say(f"  {line}")
    say(f"conformance: {looked}: {len(wrong)} wrong")
    return bool(wrong)


def told(name: str, found: Mapping[str, Verdict]) -> list[str]:
    """Print the verdicts on one document; what is wrong with it."""
    marks = [f"{check} {'yes' if check in found and found[check].good else 'NO'}" for check in CHECKS]
    say(f"{'  '.join(marks)}   {name}")
    missing = [f"{name}: {check} said nothing" for check in CHECKS if check not in found]
    return missing + [
        f"{name}: {check}: {why}" for check, verdict in found.items() if not verdict.good for why in verdict.why or ("refused",)
    ]


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this program's output is what it prints


if __name__ == "__main__":
    try:
        status = main()
    finally:
        import shutil

        shutil.rmtree(settings.INSTANCE.home, ignore_errors=True)
    sys.exit(status)
