"""``bonafide webhooks``: what the operator's service was told, sending it again, trying an endpoint out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import click
from django.conf import settings

from bonafide.errors import Refused
from bonafide.webhooks.deliver import take_turn
from bonafide.webhooks.endpoints import endpoint_named, note_endpoints
from bonafide.webhooks.models import Delivery, Endpoint
from bonafide.webhooks.replay import NothingToReplay, replay_since, send_test, switch_on
from bonafide.webhooks.replay import replay as send_again


class NotTaken(Refused):
    """The endpoint did not take what it was sent."""


@click.group()
def webhooks() -> None:
    """See what your service was told, send it again, try an endpoint out.

    \b
    Example: bonafide webhooks list --state failed
    """


@webhooks.command("list")
@click.option("--endpoint", metavar="ID", help="To this one alone.")
@click.option("--state", type=click.Choice(Delivery.State.values), help="In this state alone.")
@click.option("--kind", metavar="KIND", help="Of this kind alone, such as invoice.paid.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def list_(endpoint: str | None, state: str | None, kind: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001
    """List events with how far they were brought, the newest first; before them, how each endpoint fares.

    \b
    Example: bonafide webhooks list --endpoint service --state waiting
    """
    asked = {"endpoint": endpoint, "state": state, "event__kind": kind}
    rows = Delivery.objects.filter(**{name: value for name, value in asked.items() if value})
    found = rows.select_related("event__account").order_by("-event_id", "endpoint")[:limit]
    if as_json:
        click.echo(json.dumps([_as_dict(row) for row in found], indent=1))
        return
    _print_endpoints()
    for row in found:
        whose = row.event.account.reference if row.event.account else "-"
        at = row.event.at.astimezone(settings.OPERATOR.zone)
        how = f"{row.state}\t{row.tries} tries\t{row.answer}"
        click.echo(f"{row.pk}\t{at:%Y-%m-%d %H:%M}\t{row.event.kind}\t{whose}\t{row.endpoint}\t{how}")


def _print_endpoints() -> None:
    note_endpoints()
    urls = {named.id: named.url for named in settings.OPERATOR.webhooks}
    rows: Iterable[Any] = Endpoint.objects.with_health().order_by("code")
    for one in rows:
        off = f"off since {one.off_at:%Y-%m-%d %H:%M} ({one.off_because})" if one.off_at else "on"
        url = urls.get(one.code, "no longer in operator.toml")
        click.echo(f"{one.code}\t{url}\t{off}\t{one.waiting} waiting\t{one.failed} given up")


@webhooks.command()
@click.argument("number", type=int, required=False)
@click.option("--endpoint", "code", metavar="ID", help="Everything that this endpoint wants to know ...")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="... from the beginning of this day on.")
def replay(number: int | None, code: str | None, since: datetime | None) -> None:
    """Send again: what has this number in the list, or everything to one endpoint since a day. Ids stay what they were.

    \b
    Example: bonafide webhooks replay --endpoint service --since 2026-11-20
    """
    if (number is None) == (code is None) or (code is None) != (since is None):
        raise click.UsageError("expected a number, or --endpoint and --since together")
    now = datetime.now(UTC)
    if code is not None and since is not None:
        sent = replay_since(endpoint=endpoint_named(code), since=since.replace(tzinfo=settings.OPERATOR.zone), now=now)
    else:
        sent = send_again(deliveries=Delivery.objects.filter(pk=number or 0), now=now)
        if not sent:
            raise NothingToReplay(f"there is no delivery {number}: 'bonafide webhooks list' shows their numbers")
    click.echo(f"{sent} on their way")


@webhooks.command()
@click.argument("endpoint")
def test(endpoint: str) -> None:
    """Send an endpoint a test event now, and say what it answered.

    \b
    Example: bonafide webhooks test service
    """
    named, now = endpoint_named(endpoint), datetime.now(UTC)
    turn = take_turn(endpoint=named, now=now, limit=1, only=send_test(endpoint=named, now=now).pk)
    if not turn.delivered:
        raise NotTaken(f"{endpoint} did not take it: {turn.last}; it is tried again as events are")
    click.echo(f"{endpoint} took it: {turn.last}")


@webhooks.command("switch-on")
@click.argument("endpoint")
def switch_on_(endpoint: str) -> None:
    """Tell an endpoint again that was switched off; what waits for it goes out now.

    \b
    Example: bonafide webhooks switch-on service
    """
    endpoint_named(endpoint)
    click.echo("on again" if switch_on(endpoint=endpoint, now=datetime.now(UTC)) else "it was on")


def _as_dict(row: Delivery) -> dict[str, object]:
    return {
        "number": row.pk,
        "id": row.event.message_id,
        "type": row.event.kind,
        "at": row.event.at.isoformat(),
        "account": row.event.account.reference if row.event.account else None,
        "endpoint": row.endpoint,
        "state": row.state,
        "tries": row.tries,
        "answer": row.answer,
        "data": row.event.data,
    }
