"""Bills rendered per second, by one process, against bare Typst on the same template and the same data.

    .venv/bin/python -m bench.pdf [--bills 40] [--rounds 7] [--lines 20]

Ours is what the worker does for a bill: read the invoice, format it, typeset it. The floor is the one call of Typst, given
finished JSON. They alternate, on bills of their own, since Typst remembers what it has already laid out. Medians are over the
rounds.
"""

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

home = Path(tempfile.mkdtemp(prefix="bonafide-bench-"))
shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
os.environ.update({"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings"})

import django  # noqa: E402

django.setup()

import msgspec  # noqa: E402
import typst  # noqa: E402
from django.core.management import call_command  # noqa: E402

from bonafide.billing.models import Invoice  # noqa: E402
from bonafide.documents import typeset  # noqa: E402
from bonafide.documents.bill_data import bill_data  # noqa: E402
from bonafide.documents.render_bill import render_bill  # noqa: E402
from bonafide.documents.render_pending import render_pending  # noqa: E402
from tests.documents.bills import ISSUED, line, make_issued  # noqa: E402


def issued(bills: int, lines: int) -> list[int]:
    """Keys of fresh bills, no two alike."""
    return [
        make_issued(
            lines=[
                line(f"Instance DEV1-L, machine {bill}-{number} of {time.monotonic_ns()}", str(100 + number), "h", "0.085")
                for number in range(lines)
            ]
        ).pk
        for bill in range(bills)
    ]


def ours(keys: list[int]) -> None:
    for invoice in Invoice.objects.prefetch_related("lines", "taxes").filter(pk__in=keys):
        render_bill(invoice=invoice)


def bare(texts: list[str]) -> None:
    for data in texts:
        typst.compile(
            str(typeset.TEMPLATES / "bill.typ"),
            root=str(typeset.TEMPLATES),
            font_paths=typeset._fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            pdf_standards=["a-3b", "ua-1"],
            timestamp=ISSUED,
        )


def prepared(key: int) -> str:
    return msgspec.json.encode(bill_data(invoice=Invoice.objects.get(pk=key))).decode()


def rate(work: Callable[[list[Any]], None], items: list[Any]) -> float:
    """Items per second."""
    begun = time.perf_counter()
    work(items)
    return len(items) / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bills", type=int, default=40, help="bills in a round (40)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds (7)")
    parser.add_argument("--lines", type=int, default=20, help="lines on a bill (20)")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    rate(ours, issued(5, options.lines))  # fonts, caches
    measured: dict[str, list[float]] = {"ours": [], "bare Typst": [], "with claim and file": []}
    for _round in range(options.rounds):
        measured["ours"].append(rate(ours, issued(options.bills, options.lines)))
        measured["bare Typst"].append(rate(bare, [prepared(key) for key in issued(options.bills, options.lines)]))
        render_pending(now=ISSUED, limit=0)
        rest = len(issued(options.bills, options.lines))
        begun = time.perf_counter()
        done = render_pending(now=ISSUED, limit=rest).done
        measured["with claim and file"].append(done / (time.perf_counter() - begun))
    floor = statistics.median(measured["bare Typst"])
    print(f"{options.lines} lines a bill, {options.rounds} rounds of {options.bills} bills, one process, SQLite")
    for name, rates in measured.items():
        median = statistics.median(rates)
        print(f"{name:>20}: {median:7.1f} bills/s   {median / floor:5.2f} of the floor")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(home, ignore_errors=True)
