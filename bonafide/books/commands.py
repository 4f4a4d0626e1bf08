"""``bonafide books``: the report of a period, the closing of months, the archive of a year."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click
from django.conf import settings

from bonafide.billing.closings.close import close_months, open_months
from bonafide.billing.closings.models import Closing
from bonafide.billing.commands import MONTH
from bonafide.billing.report.compile import COLUMNS, BadPeriod, Report, by, one_stop_shop, report_of, rows_of
from bonafide.billing.report.receivables import NAMES
from bonafide.billing.report.revenue import Sold
from bonafide.books.archive.make import CannotArchive, archive_year, bills_of, lines_said
from bonafide.books.csv_file import csv_lines
from bonafide.money import exponent, from_minor
from bonafide.operator import Operator
from bonafide.periods import Month


class DayType(click.ParamType[date]):
    """A day on the command line."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            raise BadPeriod(f"day {value!r} is none: expected YYYY-MM-DD, for example 2024-09-30") from None


DAY = DayType()


@click.group()
def books() -> None:
    """Report revenue, VAT and receivables, close months, and archive years.

    \b
    Example: bonafide books report --from 2024-10-01 --to 2024-12-31
    """


@books.command()
@click.option("--from", "start", type=DAY, required=True, metavar="YYYY-MM-DD", help="The first day.")
@click.option("--to", "end", type=DAY, required=True, metavar="YYYY-MM-DD", help="The last day.")
@click.option("--as-of", type=DAY, metavar="YYYY-MM-DD", help="The day of which receivables are told; by default the last one.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every number as CSV, each customer too.")
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")
def report(start: date, end: date, as_of: date | None, as_csv: bool, as_json: bool) -> None:  # noqa: FBT001
    """Report revenue, VAT and receivables of any period; it equals the ledger to the cent ('bonafide bills verify').

    \b
    Example: bonafide books report --from 2024-10-01 --to 2024-12-31 --csv > 2024-q4.csv
    """
    if as_csv and as_json:
        raise click.UsageError("give either --csv or --json")
    found = report_of(start=start, end=end, as_of=as_of, operator=settings.OPERATOR)
    if as_csv:
        for line in csv_lines(columns=COLUMNS, rows=rows_of(found)):
            click.echo(line, nl=False)
    elif as_json:
        _print_json(found)
    else:
        _print_report(found)


@books.command()
@click.argument("month", type=MONTH, metavar="YYYY-MM")
def close(month: Month) -> None:
    """Close a month, and every month before it that is still open, for good. The console does it by itself, ten days after.

    A closed month keeps its sums under a seal, and the database takes no entry with a date in it any more.

    \b
    Example: bonafide books close 2024-10
    """
    operator: Operator = settings.OPERATOR
    with _drawn("Closing", sum(1 for _month in open_months(until=month))) as on_progress:
        made = close_months(until=month, operator=operator, now=datetime.now(UTC), on_progress=on_progress)
    for closing in made:
        click.echo(f"{closing} closed: {_closed(closing)}; seal {closing.seal}")
    if not made:
        click.echo(f"{month} is closed already")


@books.command()
@click.argument("year", type=click.IntRange(1970, 9998), metavar="YEAR")
@click.option(
    "--to", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE.zip", help="Where to."
)
@click.option("--open", "even_open", is_flag=True, help="Even if the year is not closed: as it stands today.")
def archive(year: int, path: Path, even_open: bool) -> None:  # noqa: FBT001
    """Write a year of the books into one signed file that anybody can verify offline: 'python3 verify.py FILE.zip'.

    In it are all bills as PDF and XML, the ledger and the FEC, closed months, payments, credit notes, and what taxes rest on.

    \b
    Example: bonafide books archive 2024 --to books-2024.zip
    """
    try:
        with _drawn(f"Books of {year}", bills_of(year=year)) as on_progress:
            done = archive_year(
                year=year,
                path=path.absolute(),
                operator=settings.OPERATOR,
                now=datetime.now(UTC),
                even_open=even_open,
                on_progress=on_progress,
            )
    except OSError as error:
        raise CannotArchive(f"{path}: {error.strerror or error}: choose a place with room that you may write") from None
    for line in lines_said(done=done, path=path):
        click.echo(line)


@contextmanager
def _drawn(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while a terminal watches; what is yielded is called with how much was done since."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def _closed(closing: Closing) -> str:
    return ", ".join(
        f"{_amount(one['total_minor'], one['currency'])} billed, {_amount(one['credited_minor'], one['currency'])} credited, "
        f"{_amount(one['settled_minor'], one['currency'])} paid"
        for one in closing.totals
    ) or "nothing booked"  # fmt: skip


def _print_json(found: Report) -> None:
    """An object whose rows are written one by one."""
    about = {"from": found.start, "to": found.end, "as_of": found.as_of, "home": found.home}
    head = json.dumps({name: str(value) for name, value in about.items()})
    separator = f'{head[:-1]}, "rows": [\n'
    for row in rows_of(found):
        click.echo(separator + json.dumps({name: value for name, value in row.items() if value}, ensure_ascii=False), nl=False)
        separator = ",\n"
    click.echo(f"{separator}]}}" if separator.startswith("{") else "\n]}")


def _print_report(found: Report) -> None:
    click.echo(f"Revenue from {found.start} to {found.end}")
    for (month, currency), apart in by(found, "month", "currency").items():
        _print_sold(f"{month[:7]} {currency}", apart, currency, found.home)
    click.echo("By tax: category, rate, whose VAT, where the customer is")
    for (category, rate, taxed_in, place, currency), apart in by(
        found, "category", "rate", "taxed_in", "place", "currency"
    ).items():
        _print_sold(f"{category} {rate} {taxed_in or '-'} {place}", apart, currency, found.home)
    shop = one_stop_shop(found)
    if shop:
        click.echo("One-stop shop")
    for (taxed_in, rate, currency), apart in shop.items():
        _print_sold(f"{taxed_in} {rate}", apart, currency, found.home)
    click.echo("VAT")
    for one in found.vat:
        home = "" if one.currency == found.home else f"  {_amount(one.tax_home, found.home):>18}"
        said = f"{one.item.replace('_', ' ')} {one.rate}"
        click.echo(f"  {said:<28} {_amount(one.tax_minor, one.currency):>18}{home}")
    click.echo(f"Receivables at the end of {found.as_of}: {', '.join(name.replace('_', ' ') for name in NAMES)}")
    for owed in found.receivables:
        ages = "".join(f"{_amount(minor, owed.currency):>18}" for minor in owed.ages)
        click.echo(f"  {_amount(owed.minor, owed.currency):>18}: {ages}")


def _print_sold(label: str, apart: dict[bool, Sold], currency: str, home: str) -> None:
    for credit, sold in apart.items():
        if sold.documents:
            amounts = (sold.net_minor, sold.tax_minor, sold.net_minor + sold.tax_minor)
            at_home = "" if currency == home else f"  {_amount(sold.net_home, home):>18} net"
            what = "credit notes" if credit else "bills"
            cells = "".join(f"{_amount(minor, currency):>18}" for minor in amounts)
            click.echo(f"  {label:<24} {sold.documents:>6} {what:<12}{cells}{at_home}")


def _amount(minor: int | None, currency: str) -> str:
    return "unknown" if minor is None else f"{from_minor(minor, currency):,.{exponent(currency)}f} {currency}"
