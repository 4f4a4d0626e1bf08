"""``bonafide export``: the books for the tax office and for accountants."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from django.conf import settings

from bonafide.billing.ledger.fec import NothingToExport, check_year, file_name, lines_of_year
from bonafide.operator import Operator


@click.group()
def export() -> None:
    """Write the books as files.

    \b
    Example: bonafide export fec 2026
    """


@export.command()
@click.argument("year", metavar="YEAR")
@click.option(
    "--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="Where to, by default here."
)
def fec(year: str, folder: Path) -> None:
    """Write the French FEC of a calendar year (LPF art. A47 A-1), named as the law has it.

    \b
    Example: bonafide export fec 2026
    """
    operator: Operator = settings.OPERATOR
    today = datetime.now(UTC).astimezone(operator.zone).date()
    if not (year.isascii() and year.isdigit() and len(year) == 4 and 1970 <= int(year) <= today.year):
        raise NothingToExport(f"year {year!r}: expected a calendar year up to {today.year}, such as {today.year - 1}")
    path = folder / file_name(year=int(year), operator=operator)
    count = check_year(year=int(year))
    lines = lines_of_year(year=int(year), operator=operator)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            if sys.stderr.isatty():
                with click.progressbar(lines, length=2 * count, label=f"FEC of {year}", file=sys.stderr) as bar:
                    file.writelines(bar)
            else:
                file.writelines(lines)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"{path}: {count} moves between accounts")
    if int(year) == today.year:
        click.echo(f"notice: {year} is not over: this is the file as it stands today")
