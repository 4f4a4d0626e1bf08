"""How long Stripe waits until an event is acknowledged, beside a view that only stores the body.

    .venv/bin/python -m bench.webhook [--rounds 6] [--seconds 3] [--rate 200]

A real server as ``serve`` starts it (granian, with all middleware) gets signed events of 3 kB at a steady rate on 16 connections,
in turn at our address, which verifies, stores once and has a worker nudged, and at one that inserts the body into a bare table.
Whoever begins changes; of each round the p99 is taken, and of these the median, as others may be at the machine. Latency is
counted from when a request was due, so that waiting counts: on a machine that cannot keep up it says nothing. No worker runs
meanwhile: one waiting task is found each time. DATABASE_URL names a PostgreSQL server on which a database bench_webhook is made
and dropped.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import count
from pathlib import Path

import psycopg
import stripe

NAME, SECRET, AIM, CONNECTIONS = "bench_webhook", "whsec_bench", 1.5, 16
home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
text = (Path(__file__).parent.parent / "tests" / "instance" / "operator.toml").read_text(encoding="utf-8")
text = text.replace("[service]\n", "[service]\ntrial = true\n", 1)
(home / "operator.toml").write_text(text + '\n[stripe]\nenabled = true\naccount = "acct_bench"\n', encoding="utf-8")
SERVER = os.environ.get("DATABASE_URL", "")
if SERVER:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = SERVER.rsplit("/", 1)[0] + f"/{NAME}"
os.environ |= {
    "BONAFIDE_HOME": str(home),
    "DJANGO_SETTINGS_MODULE": "bench.webhook_settings",
    "STRIPE_SECRET_KEY": "sk_test_bench",
    "STRIPE_WEBHOOK_SECRET": SECRET,
}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.webhook_urls import TABLE  # noqa: E402
from bonafide.payments.stripe.models import Hook  # noqa: E402

_serial = count(1)
FILLER = {f"field_{n}": "x" * 40 for n in range(55)}


def event() -> bytes:
    name = f"evt_{next(_serial)}"
    thing = {"id": f"pi_{name}", "object": "payment_intent", **FILLER}
    made = {"id": name, "object": "event", "type": "payment_intent.succeeded", "livemode": False, "data": {"object": thing}}
    return json.dumps(made).encode()


def steady(port: int, path: str, rate: int, seconds: float) -> list[float]:
    """Latencies in seconds of ``rate`` requests a second, each sent when it is due."""
    due = [n / rate for n in range(int(rate * seconds))]
    bodies = [event() for _ in due]
    signed = [stripe.WebhookSignature.generate_signature_header(body.decode(), SECRET) for body in bodies]
    taken: list[float] = [0.0] * len(due)
    numbers, lock, start = iter(range(len(due))), threading.Lock(), time.perf_counter() + 0.05

    def send() -> None:
        there = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return there.close()
            time.sleep(max(0.0, start + due[number] - time.perf_counter()))
            headers = {"Stripe-Signature": signed[number], "Content-Type": "application/json", "Host": "localhost"}
            there.request("POST", path, bodies[number], headers)
            answer = there.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            taken[number] = time.perf_counter() - start - due[number]

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def measure(port: int, rounds: int, seconds: float, rate: int) -> None:
    paths = ("/stripe/events", "/bare")
    for path in paths:
        steady(port, path, rate, 1)
    times: dict[str, list[float]] = {path: [] for path in paths}
    slow: dict[str, list[float]] = {path: [] for path in paths}
    for number in range(rounds):
        for path in paths if number % 2 else reversed(paths):
            taken = steady(port, path, rate, seconds)
            times[path] += taken
            slow[path].append(statistics.quantiles(taken, n=100)[98])
    ours, bare = (statistics.median(slow[path]) for path in paths)
    middle = {path: 1000 * statistics.median(taken) for path, taken in times.items()}
    each = ", ".join(f"{mine / floor:.2f}" for mine, floor in zip(*slow.values(), strict=True))
    print(
        f"acknowledged at {rate}/s: p99 {1000 * ours:.1f} ms (median {middle['/stripe/events']:.1f})   bare view p99 "
        f"{1000 * bare:.1f} ms (median {middle['/bare']:.1f})   ratio {ours / bare:.2f} (aim: at most {AIM})   "
        f"{len(times['/bare'])} requests each, in rounds of {each}   load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    assert Hook.objects.count() == len(times["/stripe/events"]) + rate


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rounds", type=int, default=6)
    asked.add_argument("--seconds", type=float, default=3)
    asked.add_argument("--rate", type=int, default=200)
    given = asked.parse_args()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        serial = "bigserial PRIMARY KEY" if postgresql else "integer PRIMARY KEY"
        cursor.execute(TABLE.format(serial=serial, blob="bytea" if postgresql else "BLOB"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--blocking-threads", "4"]
    command = [sys.executable, "-m", "granian", *options, "--no-ws", "--log-level", "warning", "bonafide.wsgi:application"]
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.2)
        measure(port, given.rounds, given.seconds, given.rate)
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    try:
        main()
    finally:
        connection.close()
        shutil.rmtree(home, ignore_errors=True)
        if SERVER:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
