"""``bonafide sweep``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click
from django.conf import settings

from bonafide.privacy.sweep import sweep_old_logs
from bonafide.privacy.sweep_rows import held_addresses, sweep_rows


@click.command(epilog="Example: bonafide sweep --json")
@click.option(
    "--json", "as_json", is_flag=True, help='Print {"logs": {...}, "addresses": {table: erased}, "deleted": {table: rows}}.'
)
def sweep(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Delete now what was promised to be kept no longer; the schedule does it every hour."""
    now = datetime.now(UTC)
    swept = sweep_old_logs(operator=settings.OPERATOR, now=now)
    with click.progressbar(length=held_addresses(), label="Tables", file=sys.stderr) as bar:
        rows = sweep_rows(operator=settings.OPERATOR, now=now, on_batch=bar.update)
    oldest = swept.oldest.strftime("%Y-%m-%dT%H:%M:%SZ") if swept.oldest else None
    if as_json:
        told = {
            "files": swept.files,
            "lines_deleted": swept.lines_deleted,
            "files_deleted": swept.files_deleted,
            "oldest": oldest,
            "faults": swept.faults,
        }
        click.echo(json.dumps({"logs": told, "addresses": rows.addresses, "deleted": rows.deleted}))
    else:
        done = f"{swept.lines_deleted} lines and {swept.files_deleted} files deleted"
        click.echo(f"logs: {done}; {swept.files} files, oldest line {oldest}")
        erased, deleted = sum(rows.addresses.values()), sum(rows.deleted.values())
        click.echo(f"tables: {erased} IP addresses erased, {deleted} rows of history deleted")
        for fault in swept.faults:
            click.echo(f"bonafide: {fault}: give the file to the user that runs Bonafide", err=True)
    sys.exit(1 if swept.faults else 0)
