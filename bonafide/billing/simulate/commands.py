"""``bonafide test-accounts``: try a price list over months that never were."""

from __future__ import annotations

from datetime import UTC, datetime, time

import click
from django.conf import settings

from bonafide.accounts.models import Account
from bonafide.billing.commands import MONTH
from bonafide.billing.models import SimulatedBill
from bonafide.billing.simulate.advance import advance as set_forward
from bonafide.billing.simulate.delete import delete_test_account
from bonafide.billing.simulate.generate import generate_usage
from bonafide.billing.simulate.make import SimulationRefused, make_test_account, simulated_account
from bonafide.billing.simulate.show import as_csv, simulated_months
from bonafide.money import exponent, from_minor
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("test-accounts")
def test_accounts() -> None:
    """Try a price list over simulated months: accounts with a clock of their own, which are never billed.

    \b
    Example: bonafide test-accounts create "New prices" --start 2027-01 --reference trial
             bonafide test-accounts use trial gpu 24 --from 2027-01-01 --to 2027-06-30
             bonafide test-accounts advance trial 2027-07-01
    """


@test_accounts.command()
@click.argument("name")
@click.option("--start", type=MONTH, required=True, metavar="YYYY-MM", help="The month with which its time begins.")
@click.option("--plan", metavar="CODE", help="The plan it is on; without it the default one.")
@click.option("--reference", default="", help="How usage names it; made up when left out.")
@click.option("--country", default="", metavar="CC", help="Where it says it is; the operator's country when left out.")
@click.option("--person", is_flag=True, help="A consumer instead of a company.")
def create(name: str, start: Month, plan: str | None, reference: str, country: str, person: bool) -> None:  # noqa: FBT001
    """Make a test account; its reference is printed.

    \b
    Example: bonafide test-accounts create "New prices" --start 2027-01 --plan standard
    """
    account = make_test_account(
        name=name,
        start=start,
        operator=settings.OPERATOR,
        plan=_plan(plan) if plan else None,
        country=country,
        kind=Account.Kind.PERSON if person else Account.Kind.COMPANY,
        reference=reference,
    )
    click.echo(account.reference)


@test_accounts.command()
@click.argument("reference")
@click.argument("meter")
@click.argument("per_day", metavar="QUANTITY")
@click.option("--from", "first", type=DAY, required=True, metavar="YYYY-MM-DD", help="The first day.")
@click.option("--to", "last", type=DAY, required=True, metavar="YYYY-MM-DD", help="The last day.")
def use(reference: str, meter: str, per_day: str, first: datetime, last: datetime) -> None:
    """Make up usage: so much of a meter on each day. The same again changes nothing, another quantity is added.

    \b
    Example: bonafide test-accounts use trial gpu 24 --from 2027-01-01 --to 2027-06-30
    """
    found = Meter.objects.filter(code=meter).first()
    if found is None:
        raise SimulationRefused(f"there is no meter {meter!r}: 'bonafide prices import' brings meters in")
    done = generate_usage(
        account=simulated_account(reference),
        meter=found,
        per_day=per_day,
        first=first.date(),
        last=last.date(),
        operator=settings.OPERATOR,
        now=datetime.now(UTC),
    )
    click.echo(f"{done.accepted} events made, {done.duplicates} already there")


@test_accounts.command()
@click.argument("reference")
@click.argument("to", type=DAY, metavar="YYYY-MM-DD")
def advance(reference: str, to: datetime) -> None:
    """Set the clock of a test account to the beginning of a day; each month that ends by then is worked out.

    \b
    Example: bonafide test-accounts advance trial 2027-07-01
    """
    operator: Operator = settings.OPERATOR
    instant = datetime.combine(to.date(), time(), tzinfo=operator.zone)
    for bill in set_forward(account=simulated_account(reference), to=instant, operator=operator):
        click.echo(f"{bill.of}  {_said(bill)}")


@test_accounts.command("list")
def list_() -> None:
    """List the test accounts, each with its time.

    \b
    Example: bonafide test-accounts list
    """
    for account in Account.objects.filter(is_test=True).select_related("clock").order_by("pk"):
        now = account.clock.now_at.astimezone(settings.OPERATOR.zone)
        click.echo(f"{account.reference}  {now:%Y-%m-%d %H:%M}  {account.name}")


@test_accounts.command()
@click.argument("reference")
@click.option("--csv", "as_file", is_flag=True, help="Every line as CSV.")
def show(reference: str, as_file: bool) -> None:  # noqa: FBT001
    """Show the simulated months of a test account.

    \b
    Example: bonafide test-accounts show trial --csv > trial.csv
    """
    account = simulated_account(reference)
    if as_file:
        click.echo(as_csv(account=account), nl=False)
        return
    for month in simulated_months(account=account):
        bill, change = month.bill, ""
        if month.change_minor is not None:
            change = f"  {from_minor(month.change_minor, bill.currency):+,.{exponent(bill.currency)}f}"
        click.echo(f"{bill.of}  {_said(bill)}{change}")


@test_accounts.command()
@click.argument("reference")
def delete(reference: str) -> None:
    """Delete a test account with all its usage and simulated bills. A real account is never deleted by this.

    \b
    Example: bonafide test-accounts delete trial
    """
    delete_test_account(account=simulated_account(reference))
    click.echo(f"{reference} is deleted")


def _plan(code: str) -> Plan:
    plan = Plan.objects.filter(code=code).first()
    if plan is None:
        raise SimulationRefused(f"there is no plan {code!r}: 'bonafide prices import' brings plans in")
    return plan


def _said(bill: SimulatedBill) -> str:
    if bill.problem:
        return bill.problem
    amounts = (f"{from_minor(minor, bill.currency):,.{exponent(bill.currency)}f}" for minor in (bill.net_minor, bill.total_minor))
    net, total = amounts
    return f"simulated: {net} {bill.currency} before tax, {total} with tax"
