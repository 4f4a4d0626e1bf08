"""``bonafide payments dunning``: what follows unpaid bills in the next days."""

from __future__ import annotations

import json
from datetime import datetime, time

import click
from django.conf import settings
from django.utils import timezone

from bonafide.in_force import operator_now
from bonafide.money import from_minor
from bonafide.payments.dunning.preview import as_json, preview


@click.command(epilog="Example: bonafide payments dunning --days 14")
@click.option("--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day's noon instead of now.")
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How many days ahead.")
@click.option("--json", "as_program", is_flag=True, help="Print one JSON object instead.")
def dunning(on: datetime | None, days: int, as_program: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show which letters, suspensions and closings come if nobody pays. Nothing is done."""
    now = datetime.combine(on.date(), time(12), settings.OPERATOR.zone) if on else timezone.now()
    operator = operator_now(now=now)
    found = preview(operator=operator, now=now, days=days)
    if as_program:
        click.echo(json.dumps(as_json(found), indent=2))
        return
    if not operator.dunning.enabled:
        click.echo("Nothing follows unpaid bills here: dunning.enabled is false in operator.toml, or does not hold yet")
        return
    for step in found.coming:
        amounts = ", ".join(f"{from_minor(minor, currency)} {currency}" for currency, minor in step.amounts.items())
        click.echo(f"{step.on}  {step.rung.value:<14} {step.account.reference:<24} {amounts}  {' '.join(step.numbers)}")
    for row in found.waiting:
        why = f"paused: {row.reason}" if row.paused else ", ".join(row.held)
        click.echo(f"waits       {'':<14} {row.account.reference:<24} {why}")
    if not found.coming and not found.waiting:
        click.echo(f"Nothing comes within {days} days")


COMMANDS = (dunning,)
