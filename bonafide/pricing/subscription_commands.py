"""``bonafide subscriptions``: put accounts on plans, let them change, and end it, on a day or at an instant."""

from __future__ import annotations

import json
from datetime import date, datetime

import click
from django.conf import settings

from bonafide.accounts.models import Account
from bonafide.errors import Refused
from bonafide.pricing.models import Plan, Subscription
from bonafide.pricing.subscribe import change_plan, end_subscription, subscribe


class UnknownName(Refused):
    """An account or a plan that there is not."""


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic in the types alone
    """A day, or an instant with its offset: (day on the operator's calendar, instant or None)."""

    name = "DAY|INSTANT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[date, datetime | None]:
        text = str(value)
        try:
            if len(text) == 10:
                return date.fromisoformat(text), None
            instant = datetime.fromisoformat(text)
            if instant.tzinfo is None:
                raise ValueError
        except ValueError:
            self.fail(
                f"{text!r}: expected a day such as 2026-10-15, or an instant with its offset such as 2026-10-15T10:30:00+02:00"
            )
        return instant.astimezone(settings.OPERATOR.zone).date(), instant


MOMENT = _Moment()
_Given = tuple[date, datetime | None]


@click.group()
def subscriptions() -> None:
    """Put accounts on plans, let them change plans, end it, and see who is on what.

    A DAY is on your own calendar, 2026-10-15; an INSTANT, for plans that are prorated by the second, has its offset,
    2026-10-15T10:30:00+02:00. What a part of a month owes is described in docs/prices.md.

    \b
    Example: bonafide subscriptions change C-1042 gold --on 2026-10-15
    """


@subscriptions.command()
@click.argument("account")
@click.argument("plan")
@click.option("--on", "start", type=MOMENT, required=True, help="When it begins.")
@click.option("--until", "end", type=MOMENT, help="The first day, or the instant, without the plan; by default it goes on.")
def start(*, account: str, plan: str, start: _Given, end: _Given | None) -> None:
    """Put ACCOUNT (its reference) on PLAN (its code).

    \b
    Example: bonafide subscriptions start C-1042 gold --on 2026-10-15
    """
    ends_on, ends_at = end or (None, None)
    done = subscribe(
        account=_account(account),
        plan=_plan(plan),
        starts_on=start[0],
        starts_at=start[1],
        ends_on=ends_on,
        ends_at=ends_at,
        zone=settings.OPERATOR.zone,
    )
    click.echo(_line(done))


@subscriptions.command()
@click.argument("account")
@click.argument("plan")
@click.option("--on", "start", type=MOMENT, required=True, help="When the plan before ends and this one begins.")
def change(*, account: str, plan: str, start: _Given) -> None:
    """Let ACCOUNT go over from the plan that it is on to PLAN. It ends when the plan before would have.

    \b
    Example: bonafide subscriptions change C-1042 gold --on 2026-10-15
    """
    done = change_plan(
        account=_account(account), plan=_plan(plan), starts_on=start[0], starts_at=start[1], zone=settings.OPERATOR.zone
    )
    click.echo(_line(done))


@subscriptions.command()
@click.argument("account")
@click.option("--on", "end", type=MOMENT, required=True, help="The first day, or the instant, without the plan.")
def end(*, account: str, end: _Given) -> None:
    """End the subscription of ACCOUNT; from then on it is on the default plan, if there is one.

    \b
    Example: bonafide subscriptions end C-1042 --on 2026-11-01
    """
    done = end_subscription(account=_account(account), ends_on=end[0], ends_at=end[1], zone=settings.OPERATOR.zone)
    click.echo(_line(done))


@subscriptions.command("list")
@click.option("--account", help="Only the account of this reference.")
@click.option("--json", "as_json", is_flag=True, help="Print an array for programs.")
def list_(*, account: str | None, as_json: bool) -> None:
    """Show who is, was and will be on which plan; accounts that are not shown are on the default plan.

    \b
    Example: bonafide subscriptions list --account C-1042
    """
    rows = Subscription.objects.select_related("account", "plan").order_by("account__reference", "starts_on")
    if account is not None:
        rows = rows.filter(account=_account(account))
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("No subscriptions: every account is on the default plan, if there is one")


def _as_json(row: Subscription) -> dict[str, str | None]:
    return {
        "account": row.account.reference,
        "plan": row.plan.code,
        "starts_on": row.starts_on.isoformat(),
        "starts_at": row.starts_at.isoformat() if row.starts_at else None,
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        "ends_at": row.ends_at.isoformat() if row.ends_at else None,
    }


def _line(row: Subscription) -> str:
    """``C-1042: plan gold from 2026-10-15, without end``."""
    start = _written(row.starts_on, row.starts_at)
    end = f"to before {_written(row.ends_on, row.ends_at)}" if row.ends_on else "without end"
    return f"{row.account.reference}: plan {row.plan.code} from {start}, {end}"


def _written(day: date, instant: datetime | None) -> str:
    return instant.astimezone(settings.OPERATOR.zone).isoformat() if instant else day.isoformat()


def _account(reference: str) -> Account:
    found = Account.objects.filter(reference=reference).first()
    if found is None:
        raise UnknownName(f"account {reference!r} is unknown: expected the reference of an account")
    return found


def _plan(code: str) -> Plan:
    found = Plan.objects.filter(code=code).first()
    if found is None:
        raise UnknownName(f"plan {code!r} is unknown: expected the code of a plan ('bonafide prices list' shows them)")
    return found
