"""``make bench``: every benchmark on SQLite, and again on PostgreSQL where its programs are there.

.venv/bin/python -m bench [ingest bill_run bill_memory pdf sessions sweep request auto_pay webhook] [-- options of the benchmark]
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests import postgres

BENCHMARKS = ("ingest", "bill_run", "bill_memory", "pdf", "sessions", "sweep", "request", "auto_pay", "webhook")
ON_SQLITE_ALONE = ("pdf",)  # no database is in what it measures


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all; the number that failed."""
    names = [name for name in arguments if name in BENCHMARKS] or list(BENCHMARKS)
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    failed = sum(run(name, "", options) for name in names)
    on_postgresql = [name for name in names if name not in ON_SQLITE_ALONE]
    folder = postgres.binaries()
    if not folder:
        print("PostgreSQL: left out, no server programs were found")
        return failed
    if on_postgresql:
        with postgres.private_server(folder) as address:
            failed += sum(run(name, address, options) for name in on_postgresql)
    return failed


def run(name: str, address: str, options: list[str]) -> int:
    """One benchmark in a process of its own; 1 when it failed."""
    print(f"\n=== {name} on {'PostgreSQL' if address else 'SQLite'} ===", flush=True)
    command = [sys.executable, "-m", f"bench.{name}", *options]
    return int(subprocess.run(command, env={**os.environ, "DATABASE_URL": address}).returncode != 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
