"""``bonafide payments``: charging by hand what the schedule charges by itself."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime

import click
from django.conf import settings

from bonafide.money import from_minor
from bonafide.operator import Operator
from bonafide.payments.stripe.charge.due import Counts, charge_due
from bonafide.payments.stripe.charge.one import Outcome
from bonafide.payments.stripe.charge.which import bills_due
from bonafide.payments.stripe.client import client


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be charged, and charge nothing.")
def charge(dry_run: bool) -> None:  # noqa: FBT001
    """Charge now what is due, as the schedule does every ten minutes; twice at the same time charges each bill once.

    \b
    Example: bonafide payments charge
    """
    operator: Operator = settings.OPERATOR
    client()  # says so when it is off
    now = datetime.now(UTC)
    if dry_run:
        _say_due(operator, now)
        return
    counts = _with_bar(operator, now) if sys.stderr.isatty() else charge_due(operator=operator, now=now)
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing is due")
    if counts[Outcome.UNANSWERED] or counts[Outcome.BROKEN]:
        click.echo("bonafide: what was not answered is taken up again by the next run", err=True)
        sys.exit(1)


def _with_bar(operator: Operator, now: datetime) -> Counts:
    with click.progressbar(length=0, label="Charging", file=sys.stderr) as bar:

        def begin(count: int) -> None:
            bar.length = count

        return charge_due(operator=operator, now=now, on_begin=begin, on_progress=bar.update)


def _say_due(operator: Operator, now: datetime) -> None:
    due = bills_due(operator=operator, now=now)
    sums: Counter[str] = Counter()
    for one in due:
        sums[one.currency] += one.amount_minor
        amount = f"{from_minor(one.amount_minor, one.currency)} {one.currency}"
        click.echo(f"{one.number:<20} {amount:>16}  {one.kind:<10}  try {one.tries + 1}")
    click.echo(f"{len(due)} would be charged" + "".join(f", {from_minor(sum_, code)} {code}" for code, sum_ in sums.items()))


COMMANDS = (charge,)
