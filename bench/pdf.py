"""Bills rendered per second, by one process, against bare Typst on the same template and the same data.

    .venv/bin/python -m bench.pdf [--bills 20] [--rounds 9] [--lines 20]

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
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Taken:
    """Seconds for each bill: on the clock, and of the processor, which another program's load leaves alone."""

    clock: float
    processor: float


def taken(work: Callable[[list[Any]], object], items: list[Any]) -> Taken:
    clock, processor = time.perf_counter(), time.process_time()
    work(items)
    return Taken((time.perf_counter() - clock) / len(items), (time.process_time() - processor) / len(items))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bills", type=int, default=20, help="bills in a round (20)")
    parser.add_argument("--rounds", type=int, default=9, help="rounds (9)")
    parser.add_argument("--lines", type=int, default=20, help="lines on a bill (20)")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    taken(ours, issued(5, options.lines))  # fonts, caches
    rounds: dict[str, list[Taken]] = {"bare Typst": [], "ours": [], "with claim and file": []}
    for _round in range(options.rounds):
        rounds["ours"].append(taken(ours, issued(options.bills, options.lines)))
        rounds["bare Typst"].append(taken(bare, [prepared(key) for key in issued(options.bills, options.lines)]))
        render_pending(now=ISSUED, limit=3 * options.bills)
        rounds["with claim and file"].append(
            taken(lambda keys: render_pending(now=ISSUED, limit=len(keys)), issued(options.bills, options.lines))
        )
    print(f"{options.lines} lines a bill, {options.rounds} rounds of {options.bills} bills, one process, SQLite")
    for name, times in rounds.items():
        speed = statistics.median(1 / each.clock for each in times)
        pairs = list(zip(rounds["bare Typst"], times, strict=True))
        clock = statistics.median(floor.clock / each.clock for floor, each in pairs)
        processor = statistics.median(floor.processor / each.processor for floor, each in pairs)
        print(f"{name:>20}: {speed:6.1f} bills/s   {clock:5.2f} of the floor   {processor:5.2f} of it in processor time")
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(home, ignore_errors=True)
