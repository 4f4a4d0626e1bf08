"""``bonafide usage``."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from django.conf import settings

from bonafide.usage.import_file import FORMATS, Imported, import_file


@click.group()
def usage() -> None:
    """Take usage in.

    \b
    Example: bonafide usage import usage.csv --format csv
    """


@usage.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), required=True, help="How the file is written.")
@click.option("--create-accounts", is_flag=True, help="Make an account for each reference that has none yet.")
@click.option(
    "--skip-bad",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="REJECTS",
    help="Take in the good rows and write the bad ones to this new file, which can be imported once mended.",
)
def import_(file: Path, format_: str, create_accounts: bool, skip_bad: Path | None) -> None:  # noqa: FBT001 click passes by name
    """Take in a file of usage: all of it, or nothing when a row is bad.

    \b
    Example: bonafide usage import costs.csv --format focus --create-accounts
    Importing the same file again adds nothing. The formats are described in docs/api.md.
    """
    watched = sys.stderr.isatty()
    size = os.stat(file).st_size
    bar = click.progressbar(length=size, label=f"Reading {file.name}", file=sys.stderr) if watched else nullcontext()
    with bar as shown:
        done = import_file(
            path=file,
            format=format_,
            zone=ZoneInfo(settings.OPERATOR.service.time_zone),
            now=datetime.now(UTC),
            create_accounts=create_accounts,
            skip_bad=skip_bad,
            ahead=timedelta(minutes=settings.OPERATOR.billing.usage_ahead_minutes),
            on_progress=shown.update if shown else _unwatched,
        )
    _tell(done, file, skip_bad)


def _unwatched(_bytes: int) -> None:
    pass


def _tell(done: Imported, file: Path, rejects: Path | None) -> None:
    for reason in done.reasons:
        click.echo(reason, err=True)
    if done.rejected:
        click.echo(f"left out: {_counted(done.rejected, 'bad row')}, kept in {rejects}", err=True)
    if done.accounts_created:
        click.echo(f"created: {_counted(done.accounts_created, 'account')}")
    if done.accepted:
        click.echo(
            f"taken in from {file.name}: {_counted(done.accepted, 'event')}"
            + (f" ({done.duplicates} more already here)" if done.duplicates else "")
        )
    else:
        click.echo(f"nothing new in {file.name}: {_counted(done.duplicates, 'event')} already here")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
