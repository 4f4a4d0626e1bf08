"""``bonafide payments``: what runs by itself every hour, now."""

from __future__ import annotations

import sys

import click
from django.conf import settings
from django.utils import timezone

from bonafide.payments.stripe.compare import open_differences
from bonafide.payments.stripe.reconcile import reconcile as look_and_compare


@click.command(epilog="Example: bonafide payments reconcile")
def reconcile() -> None:
    """Look at what happened at Stripe since the last look, and compare its money with the books.

    Each sum that differs is one line, and the status is then 1.
    """
    found = look_and_compare(operator=settings.OPERATOR, now=timezone.now())
    for fault in found.faults:
        click.echo(f"not followed: {fault}", err=True)
    differ = open_differences()
    for difference in differ:
        click.echo(difference.said)
    click.echo(f"{found.looked} looked at, {found.movements} new movements, {len(differ)} differences")
    if differ or found.faults:
        sys.exit(1)


COMMANDS = (reconcile,)
