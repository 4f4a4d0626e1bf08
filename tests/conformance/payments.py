"""The fake Stripe beside Stripe's published description: what is asked of the fake in tests is asked of ``stripe-mock`` too.

The tests that speak to the fake run once more and leave a journal. Each kind of request in it goes to ``stripe-mock``, which
must accept what the fake accepts (a decline is an acceptance) and refuse what the fake refuses as malformed; the fields of the
answers must be of one kind; and every answer and event of the fake must be as the description has it, to the last field. That
description is of 2026-08-26, the newest that the Go module has; the SDK speaks 2026-10-28.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import requests

from tests.conformance.shapes import Description, unlike
from tests.conformance.stripe_mock import description, running, stripe_mock
from tests.conformance.validator import HERE, NotHere
from tests.fakes.stripe.server import JOURNAL

ROOT = HERE.parent.parent
SENDERS = ("tests/fakes/test_stripe.py", "tests/fakes/test_stripe_requests.py", "tests/payments")
# Answers that say nothing of the request's form: no key, another's account, at work, a key used twice, too many, our fault.
SILENT = (401, 403, 409, 429, 500, 502, 503)
Entry = dict[str, Any]


def compare() -> tuple[list[str], str]:
    """What is wrong, and what was looked at.

    :raises NotHere: without stripe-mock.
    """
    program, described = stripe_mock(), Description(description())
    with tempfile.TemporaryDirectory(prefix="bonafide-stripe-") as folder:
        wrong = _left_by_tests(Path(folder))
        journal = [json.loads(line) for file in Path(folder).glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    asked = list(_kinds(entry for entry in journal if "template" in entry))
    events = [entry["event"] for entry in journal if "event" in entry]
    if not asked or not events:
        return [*wrong, "the tests that speak to the fake Stripe left no journal"], "no request"
    with running(program) as address:
        found = {fault for entry in asked for fault in of_request(described, address, entry)}
        drifted = drift(described, address, asked, events)
    found |= {fault for entry in journal if "template" in entry for fault in of_answer(described, entry)}
    found |= {fault for event in events for fault in of_event(described, event)}
    types = {event["type"] for event in events}
    looked = (
        f"{len(asked)} kinds of requests to Stripe by stripe-mock, {len(journal) - len(events)} answers and {len(events)} events"
        f" of {len(types)} types by Stripe's description of {described.version}"
    )
    unseen = [f"nothing is found wrong with {what}" for what, faults in drifted.items() if not faults]
    return [*wrong, *sorted(found), *unseen], f"{looked}, {len(drifted)} spoiled ones"


def _left_by_tests(folder: Path) -> list[str]:
    """Run them; what is wrong with that."""
    senders = [sender for sender in SENDERS if (ROOT / sender).exists()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not browser", *senders]
    variables = {**os.environ, JOURNAL: str(folder), "DATABASE_URL": ""}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    last = (done.stdout.strip().splitlines() or ["nothing said"])[-1]
    return [f"the tests that speak to the fake Stripe failed: {last}"] if done.returncode else []


def _kinds(entries: Iterable[Entry]) -> Iterator[Entry]:
    """One of each: the same address, the same parameters, the same end."""
    known = set()
    for entry in entries:
        names = tuple(sorted(name for name, _value in parse_qsl(entry["form"], keep_blank_values=True)))
        kind = (entry["method"], entry["template"], names, entry["malformed"], entry["status"])
        if kind not in known and entry["status"] not in SILENT and not _of_its_key(entry):
            known.add(kind)
            yield entry


def _of_its_key(entry: Entry) -> bool:
    return bool(entry["answer"].get("error", {}).get("type") == "idempotency_error")


def name_of(entry: Entry) -> str:
    return f"{entry['method']} {entry['template']}"


def of_request(described: Description, address: str, entry: Entry) -> list[str]:
    """Whether both take it, and answer alike. stripe-mock overlooks some nested names, so the description is asked too."""
    headers = {"Authorization": "Bearer sk_test_123", "Content-Type": "application/x-www-form-urlencoded"}
    query = f"?{entry['form']}" if entry["method"] == "GET" else ""
    body = entry["form"] if entry["method"] == "POST" else None
    theirs = requests.request(entry["method"], f"{address}{entry['path']}{query}", headers=headers, data=body, timeout=30)
    names = [name for name, _value in parse_qsl(entry["form"], keep_blank_values=True)]
    unknown = [name for name in names if not described.takes(entry["method"], entry["path"], name)]
    said = "" if theirs.ok else theirs.json().get("error", {}).get("message", "refused")
    said = said or (f"has no parameter {', '.join(unknown)}" if unknown else "")
    what = f"{name_of(entry)} {entry['form'][:200]}: the fake"
    if entry["malformed"]:
        return [] if said else [f"{what} refuses ({entry['answer']['error']['message']}), Stripe takes it"]
    if said:
        return [f"{what} takes it ({entry['status']}), Stripe does not: {said}"]
    if entry["status"] != 200:
        return []
    return [f"{name_of(entry)}: {fault} in stripe-mock's answer" for fault in unlike(entry["answer"], theirs.json())]


def of_answer(described: Description, entry: Entry) -> list[str]:
    """Whether what the fake answered is as described."""
    schema = described.answer(entry["method"], entry["path"], good=entry["status"] == 200)
    if schema is None:
        return [] if entry["status"] == 404 else [f"{name_of(entry)} is not described"]
    return [f"{name_of(entry)}: {fault}" for fault in described.faults(schema, entry["answer"])]


def of_event(described: Description, event: Mapping[str, Any]) -> list[str]:
    """Whether there is such an event, and its object is as described."""
    name, thing = event["type"], event["data"]["object"]
    unknown = [] if name in described.event_types else [f"no event of Stripe's is called {name}"]
    faults = described.faults(described.schemas["event"], event) + described.faults(described.schemas[thing["object"]], thing)
    return unknown + [f"event {name}: {fault}" for fault in faults]


# --- That drift would be seen ---
def drift(described: Description, address: str, asked: list[Entry], events: list[Entry]) -> dict[str, list[str]]:
    """What is found in requests, answers and events that we spoil; it has to be something in each."""
    paid = next(entry for entry in asked if name_of(entry) == "POST /v1/payment_intents" and entry["status"] == 200)
    intent, event = paid["answer"], events[0]
    refusal = {"malformed": True, "answer": {"error": {"message": "no"}}}
    return {
        "a nested parameter that Stripe has not": of_request(
            described, address, paid | {"form": paid["form"] + "&automatic_payment_methods[bogus]=1"}
        ),
        "a parameter that Stripe has not": of_request(described, address, paid | {"form": paid["form"] + "&bogus=1"}),
        "a parameter that Stripe wants": of_request(
            described, address, paid | {"form": paid["form"].replace("amount=", "amont=")}
        ),
        "a refusal of what Stripe takes": of_request(described, address, paid | refusal),
        "an amount that is a text": of_request(described, address, paid | {"answer": intent | {"amount": "12000"}}),
        "a status that Stripe has not": of_answer(described, paid | {"answer": intent | {"status": "paid"}}),
        "a field that Stripe has not": of_answer(described, paid | {"answer": intent | {"paid": True}}),
        "a field that is missing": of_answer(described, paid | {"answer": {k: v for k, v in intent.items() if k != "created"}}),
        "an event that Stripe has not": of_event(described, event | {"type": "payment_intent.paid"}),
    }


__all__ = ["NotHere", "compare"]
