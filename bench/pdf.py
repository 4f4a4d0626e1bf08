"""Bills rendered per second against the bare libraries on the same data: as paper alone, and as e-invoices that were validated.

    .venv/bin/python -m bench.pdf [--bills 20] [--rounds 9] [--lines 20]

First by one process: what the worker does for a bill (read the invoice, format it, make its data, typeset it, stamp it) against
the one call of Typst, given finished JSON and finished data. Then by two: a month's usage rated and its bills issued with
``[einvoice] validated = true``, from the totals to the files on disk, against the sum of bare Typst, bare stamping and the bare
rules (Saxon in the same process), each by two processes at once. They alternate, on bills of their own, since Typst remembers
what it has already laid out. Medians are over the rounds.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

# The processes of the second part are started anew and share the first one's instance.
OURS = "BONAFIDE_BENCH_PDF_HOME"
home = Path(os.environ.get(OURS) or tempfile.mkdtemp(prefix="bonafide-bench-"))
if OURS not in os.environ:
    shutil.copy(Path(__file__).parent.parent / "tests" / "instance" / "operator.toml", home)
os.environ.update({"BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings", OURS: str(home)})

import django  # noqa: E402

django.setup()

import msgspec  # noqa: E402
import typst  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db.models import Max  # noqa: E402

from bonafide.billing.models import Invoice  # noqa: E402
from bonafide.documents import typeset  # noqa: E402
from bonafide.documents.bill_data import bill_data  # noqa: E402
from bonafide.documents.einvoice.build import e_invoice  # noqa: E402
from bonafide.documents.einvoice.rules_worker import Rules  # noqa: E402
from bonafide.documents.einvoice.sources import EN16931, FRENCH, rules_file  # noqa: E402
from bonafide.documents.einvoice.stamp import stamp  # noqa: E402
from bonafide.documents.render_bill import render_bill  # noqa: E402
from bonafide.documents.render_pending import note_issued, render_pending  # noqa: E402
from bonafide.operator import EInvoice  # noqa: E402
from bonafide.pricing.models import Meter  # noqa: E402
from bonafide.pricing.rating import PerUnit  # noqa: E402
from tests.documents.bills import ISSUED, line, make_issued  # noqa: E402
from tests.factories.accounts import make_account  # noqa: E402
from tests.factories.billing import issue, make_meter, make_plan, use  # noqa: E402


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


def used(bills: int, lines: int) -> None:
    """Fresh accounts with usage of September that comes to so many lines, no two alike."""
    meter = Meter.objects.filter(code="machine-hours").first()
    if meter is None:
        meter = make_meter(code="machine-hours", group_by="machine")
        make_plan((meter, PerUnit(unit_price=Decimal("0.085"), split=True)))
    for _bill in range(bills):
        account = make_account(kind="company", registration="303265045", vat_number="FR40303265045")
        for number in range(lines):
            use(account, meter, str(100 + number), group=f"DEV1-L, machine {number} of {time.monotonic_ns()}")


def rated(bills: int, lines: int) -> list[int]:
    """Keys of fresh bills of such usage."""
    used(bills, lines)
    last = Invoice.objects.aggregate(last=Max("pk"))["last"] or 0
    issue(now=ISSUED)
    return list(Invoice.objects.filter(pk__gt=last).values_list("pk", flat=True))


def ours(keys: list[int]) -> None:
    for invoice in Invoice.objects.prefetch_related("lines", "taxes").filter(pk__in=keys):
        render_bill(invoice=invoice)


def bare(prepared: list[tuple[str, str]]) -> list[bytes]:
    return [
        typst.compile(
            str(typeset.TEMPLATES / "bill.typ"),
            root=str(typeset.TEMPLATES),
            font_paths=typeset._fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": data, "attached": xml},
            pdf_standards=["a-3b", "ua-1"],
            timestamp=ISSUED,
        )
        for data, xml in prepared
    ]


def bare_stamping(pdfs: list[bytes]) -> None:
    for pdf in pdfs:
        stamp(pdf=pdf)


rules: Rules | None = None


def bare_rules(xmls: list[str]) -> None:
    global rules
    rules = rules or Rules()
    for xml in xmls:
        assert rules.problems(files=[str(rules_file(name)) for name in (EN16931, FRENCH)], xml=xml) == []


def prepared(key: int) -> tuple[str, str]:
    invoice = Invoice.objects.get(pk=key)
    return msgspec.json.encode(bill_data(invoice=invoice)).decode(), e_invoice(invoice=invoice).decode()


def published(count: int) -> None:
    """So many of the bills that wait, validated and published; those that the other process took are left to it."""
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"einvoice": EInvoice(validated=True)})
    while count:
        outcome = render_pending(now=ISSUED, limit=count)
        assert not outcome.failed
        count -= outcome.done


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
    by_two(options.bills, options.rounds, options.lines)


def by_two(bills: int, rounds: int, lines: int) -> None:
    """Every document validated, on two processes, against the sum of the bare parts on two processes."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as one, context.Pool(1) as two:
        pools = (one, two)

        def seconds(work: Callable[[Any], object], *halves: Any) -> float:
            """Seconds for each bill when both processes do their half at once."""
            begun = time.perf_counter()
            for waiting in [pool.apply_async(work, (half,)) for pool, half in zip(pools, halves, strict=True)]:
                waiting.get(timeout=600)
            return (time.perf_counter() - begun) / (2 * bills)

        def measure() -> tuple[float, float, float, float]:
            ready = [[prepared(key) for key in rated(bills, lines)] for _half in pools]
            render_pending(now=ISSUED, limit=4 * bills)
            pdfs = [pool.apply(bare, (half,)) for pool, half in zip(pools, ready, strict=True)]
            fresh = [[prepared(key) for key in rated(bills, lines)] for _half in pools]
            render_pending(now=ISSUED, limit=4 * bills)
            used(2 * bills, lines)
            begun = time.perf_counter()
            assert issue(now=ISSUED).issued == 2 * bills
            note_issued()
            rating = (time.perf_counter() - begun) / (2 * bills)
            return (
                rating + seconds(published, bills, bills),
                seconds(bare, *fresh),
                seconds(bare_stamping, *pdfs),
                seconds(bare_rules, *[[xml for _data, xml in half] for half in fresh]),
            )

        measure()  # fonts, compiled rules, the processes that apply them
        taken_ = [measure() for _round in range(rounds)]
    print(
        f"\n{lines} lines a bill, {rounds} rounds of {bills} bills on each of two processes, rated, issued, all validated, SQLite"
    )
    for name, times in zip(("ours", "bare Typst", "bare stamping", "bare rules"), zip(*taken_, strict=True), strict=True):
        print(f"{name:>20}: {statistics.median(1 / each for each in times):6.1f} bills/s")
    ratio = statistics.median(sum(floors) / own for own, *floors in taken_)
    print(f"{'':>20}  {ratio:5.2f} of the sum of the bare parts (aim: 0.70)")


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(home, ignore_errors=True)
