"""``bonafide bills``: rehearse, issue, list and verify; what is done to issued bills is in ``amend.commands``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import click
from django.conf import settings

from bonafide.accounts.models import User
from bonafide.billing.amend.commands import COMMANDS
from bonafide.billing.balance.commands import charge, grant
from bonafide.billing.compute import accounts_to_bill
from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.listing import bill_as_dict, computed_as_dict
from bonafide.billing.models import Invoice, Rehearsal
from bonafide.billing.rehearse import Rehearsed, Sums, flag_text, rehearse_month
from bonafide.billing.run import RunResult
from bonafide.billing.runs.ask import ask_rehearsal
from bonafide.billing.runs.issue_signed import issue_signed
from bonafide.billing.runs.models import Outcome
from bonafide.billing.runs.rehearse_all import rehearse_all
from bonafide.billing.runs.sign_off import newest_of, sign_off
from bonafide.billing.runs.signed import signed_for
from bonafide.billing.verify import Fault, verify_books
from bonafide.errors import Refused
from bonafide.money import exponent, from_minor
from bonafide.operator import Operator
from bonafide.periods import Month


class MonthType(click.ParamType[Month]):
    """A calendar month on the command line."""

    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        if isinstance(value, Month):
            return value
        try:
            return Month.parse(str(value))
        except ValueError as error:
            raise BadMonth(str(error)) from None


class BadMonth(Refused):
    """The month given is none."""


class BadRehearsal(Refused):
    """The rehearsal ended without a result."""


class NoSuchStaff(Refused):
    """The name given is no login of the staff that may do this."""


MONTH = MonthType()


@click.group()
def bills() -> None:
    """Rehearse, issue, list, correct and verify bills.

    \b
    Example: bonafide bills rehearse 2024-09 && bonafide bills issue 2024-09
    """


bills.add_command(grant)
bills.add_command(charge)


@bills.command()
@click.argument("month", type=MONTH, metavar="YYYY-MM")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
@click.option("--save", is_flag=True, help="Keep it as the month's rehearsal, to be signed off; a sign-off before it ends.")
def rehearse(month: Month, as_json: bool, save: bool) -> None:  # noqa: FBT001
    """Work out every bill of a month that is not issued yet, and write nothing, unless it is kept to be signed off.

    Shows each bill with its change since last month, marks what stands out, and says what would stop an account.

    \b
    Example: bonafide bills rehearse 2024-09
    """
    operator: Operator = settings.OPERATOR
    if save:
        _print_saved(_save(month, operator, as_json=as_json))
        return
    outcomes = rehearse_month(month=month, operator=operator)
    stopped: list[Stopped] = []
    sums = Sums()
    if as_json:
        rehearsed = list(outcomes)
        stopped = [outcome for outcome in rehearsed if isinstance(outcome, Stopped)]
        click.echo(json.dumps(_rehearsal(month, rehearsed), ensure_ascii=False, indent=2))
    else:
        click.echo(_row("account", "VAT", "total", "tax", "change", "", 32))
        notices: dict[str, int] = {}
        for outcome in outcomes:
            if isinstance(outcome, Stopped):
                stopped.append(outcome)
                continue
            click.echo(_rehearsed_row(outcome))
            if not outcome.skipped:
                sums.add(outcome.bill)
            if outcome.bill.home_currency_missing:
                notices[outcome.bill.home_currency_missing] = notices.get(outcome.bill.home_currency_missing, 0) + 1
        _print_sums(sums)
        for notice, count in notices.items():
            click.echo(f"notice: {notice}: the tax of {count} {_bills(count)} cannot be given in the currency of the books")
        for flag, count in sorted(sums.flags.items()):
            click.echo(f"notice: {count} {_bills(count)}: {flag_text(flag)}")
    _print_stops(stopped)
    if stopped:
        sys.exit(1)


@bills.command()
@click.argument("month", type=MONTH, metavar="YYYY-MM")
def issue(month: Month) -> None:
    """Issue the bills of a month that is over: numbered, sealed, and never changed again.

    May be repeated: accounts that have their bill are left alone, and those that were stopped are tried again.

    \b
    Example: bonafide bills issue 2024-09
    """
    operator: Operator = settings.OPERATOR
    now = datetime.now(UTC)
    signed_for(month=month, operator=operator)
    if sys.stderr.isatty():
        with click.progressbar(length=accounts_to_bill(month=month), label=f"Bills of {month}", file=sys.stderr) as bar:
            result = issue_signed(month=month, operator=operator, now=now, on_progress=bar.update)
    else:
        result = issue_signed(month=month, operator=operator, now=now)
    _print_result(month, result)
    if result.stopped or result.left_out:
        sys.exit(1)


@bills.command("sign-off")
@click.argument("month", type=MONTH, metavar="YYYY-MM")
@click.option("--by", "username", required=True, metavar="USERNAME", help="Who of the staff answers for it.")
@click.option("--note", default="", help="What was looked at; it is kept with the name.")
def sign_off_(month: Month, username: str, note: str) -> None:
    """Sign off the newest rehearsal of a month: exactly its bills go out, and the month takes no more usage.

    \b
    Example: bonafide bills sign-off 2024-09 --by camille --note "Outliers looked at"
    """
    person = User.objects.filter(username__iexact=username, is_staff=True, is_active=True).first()
    if person is None or not person.has_perm("billing.add_signoff"):
        raise NoSuchStaff(f"{username!r} is nobody of the staff who may sign bills off: name an active login of the staff")
    rehearsal = newest_of(month=month)
    signed = sign_off(rehearsal_id=rehearsal.pk, by=person, operator=settings.OPERATOR, now=datetime.now(UTC), note=note)
    count = rehearsal.sums.get("outcomes", {}).get("bill", 0)
    click.echo(f"{month}: {count} {_bills(count)} signed off by {signed.said_by}")


@bills.command("list")
@click.option("--month", type=MONTH, metavar="YYYY-MM", help="Only bills of this month.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array for programs.")
def list_(month: Month | None, as_json: bool) -> None:  # noqa: FBT001
    """List issued bills in the order of their numbers.

    \b
    Example: bonafide bills list --month 2024-09 --json
    """
    operator: Operator = settings.OPERATOR
    today = datetime.now(operator.zone).date()
    found = Invoice.objects.issued().with_state(today, losses=True).order_by("position")
    if month:
        found = found.of_month(month.key)
    if as_json:
        _print_array(found)
        return
    for invoice in found.select_related("account").iterator(chunk_size=1000):
        total = _amount(invoice.total_minor, invoice.currency)
        state = invoice.state.replace("_", " ")  # type: ignore[attr-defined]  # annotated by with_state
        if invoice.kind == Invoice.Kind.CREDIT_NOTE:
            state = "credit note"
        click.echo(f"{invoice.number}  {Month.from_key(invoice.month)}  {total:>16}  {state:<13}  {invoice.account.reference}")


@bills.command()
def verify() -> None:
    """Check the numbers, sums and seals of every issued bill, and all that hangs on them; the first that does not hold is named.

    After the bills: credit notes, payments, the ledger, the digests of usage files, closed months, and that the report of all
    days is what the ledger says.

    \b
    Example: bonafide bills verify
    """
    outcome = verify_books()
    if isinstance(outcome, Fault):
        click.echo(f"bonafide: {outcome}", err=True)
        sys.exit(1)
    click.echo(f"{outcome.bills} {_bills(outcome.bills)}: numbers without a gap, sums and seals hold; last seal {outcome.seal}")
    click.echo(
        f"ledger, report, {outcome.closings} closed months and {outcome.usage_files} digests of usage files agree with them"
    )


def _save(month: Month, operator: Operator, *, as_json: bool) -> Rehearsal:
    """Keep the month's rehearsal in its table; the pages of bill runs show it.

    :raises IsIssuing: while its bills go out. :raises BadRehearsal: when it ends without a result.
    """
    if as_json:
        raise click.UsageError("--save keeps the rehearsal for the back office: print JSON without it")
    rehearsal = ask_rehearsal(month=month, now=datetime.now(UTC))

    def keep(on_progress: Callable[[int], None]) -> Rehearsal | None:
        return rehearse_all(
            rehearsal_id=rehearsal.pk, operator=operator, clock=lambda: datetime.now(UTC), on_progress=on_progress
        )

    if sys.stderr.isatty():
        with click.progressbar(length=accounts_to_bill(month=month), label=f"Rehearsal of {month}", file=sys.stderr) as bar:
            kept = keep(bar.update)
    else:
        kept = keep(lambda _done: None)
    if kept is None:
        raise BadRehearsal(f"{month} is being rehearsed by another: see Bill runs in the back office")
    if kept.fault:
        raise BadRehearsal(kept.fault)
    return kept


def _print_saved(rehearsal: Rehearsal) -> None:
    """What was kept: its sums, how much of it to look at, and what stops, which fails."""
    sums = Sums()
    for currency, of_it in rehearsal.sums["currencies"].items():
        if "bills" in of_it:
            sums.bills[currency], sums.net_minor[currency] = of_it["bills"], of_it["net_minor"]
            sums.tax_minor[currency], sums.total_minor[currency] = of_it["tax_minor"], of_it["total_minor"]
    _print_sums(sums)
    month, odd = Month.from_key(rehearsal.month), sum(rehearsal.sums["odd"].values())
    click.echo(f"kept, {odd} to look at: /staff/bill-runs/{month}, then 'bonafide bills sign-off {month} --by USERNAME'")
    stopped = rehearsal.rows.filter(outcome=Outcome.STOPPED).select_related("account").order_by("account")
    _print_stops([Stopped(row.account_id, row.account.reference, row.account.name, row.reason) for row in stopped])
    if stopped:
        sys.exit(1)


for _command in COMMANDS:
    bills.add_command(_command)


def _print_array(found: object) -> None:
    """A JSON array, written row by row: a year of bills need not fit in memory."""
    separator = "[\n"
    for invoice in found.whole().iterator(chunk_size=1000):  # type: ignore[attr-defined]
        click.echo(separator + json.dumps(bill_as_dict(invoice), ensure_ascii=False), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[\n" else "\n]")


def _rehearsal(month: Month, outcomes: list[Rehearsed | Stopped]) -> dict[str, object]:
    rehearsed = [outcome for outcome in outcomes if isinstance(outcome, Rehearsed)]
    return {
        "month": str(month),
        "bills": [
            {
                **computed_as_dict(one.bill),
                "change_minor": one.change_minor,
                "outlier": one.outlier,
                "skipped": one.skipped,
                "prepaid_minor": one.bill.prepaid_minor,
                "notice": one.bill.home_currency_missing,
                "taxes": [tax._asdict() for tax in one.bill.taxes],
                "treatment": one.bill.treatment.key,
                "taxed_in": one.bill.treatment.taxed_in,
                "flags": list(one.bill.treatment.flags),
            }
            for one in rehearsed
        ],
        "stopped": [
            {"account": outcome.reference, "reason": outcome.reason} for outcome in outcomes if isinstance(outcome, Stopped)
        ],
    }


def _rehearsed_row(one: Rehearsed) -> str:
    bill = one.bill
    change = "new" if one.change_minor is None else _amount(one.change_minor, bill.currency, sign=True)
    mark = "no bill: zero" if one.skipped else one.outlier and f"<- {one.outlier}"
    if bill.prepaid_minor:
        mark = f"{mark} ({_amount(bill.prepaid_minor, bill.currency)} paid in advance)".lstrip()
    label = bill.reference if bill.reference == bill.name else f"{bill.reference} {bill.name}"
    return _row(
        label, _vat(bill), _amount(bill.total_minor, bill.currency), _amount(bill.tax_minor, bill.currency), change, mark, 32
    )


def _vat(bill: ComputedBill) -> str:
    """Category, rate and whose VAT it is: ``S 19 DE``, ``AE``."""
    decided = bill.treatment
    rates = "+".join(tax.rate for tax in bill.taxes)
    return f"{decided.category} {rates} {decided.taxed_in}" if decided.taxed_in else decided.category


def _row(label: str, vat: str, total: str, tax: str, change: str, mark: str, width: int) -> str:
    label = label if len(label) <= width else label[: width - 1] + "…"
    return f"{label:<{width}} {vat:<10} {total:>18} {tax:>16} {change:>16}  {mark}".rstrip()


def _print_sums(sums: Sums) -> None:
    for currency, count in sorted(sums.bills.items()):
        click.echo(
            f"{count} {_bills(count)}: {_amount(sums.net_minor[currency], currency)} before tax, "
            f"{_amount(sums.tax_minor[currency], currency)} tax, {_amount(sums.total_minor[currency], currency)} in all"
        )
    if not sums.bills:
        click.echo("nothing to bill")


def _print_result(month: Month, result: RunResult) -> None:
    parts = [f"{month}: {result.issued} issued"]
    if result.already:
        parts.append(f"{result.already} already there")
    if result.skipped_zero:
        parts.append(f"{result.skipped_zero} of zero skipped")
    if result.stopped:
        parts.append(f"{len(result.stopped)} stopped")
    if result.left_out:
        parts.append(f"{len(result.left_out)} left out")
    click.echo(", ".join(parts))
    _print_stops(result.stopped)
    for bill in result.left_out:
        click.echo(
            f"bonafide: account {bill.reference}: had no bill when {month} was signed off: rehearse it again, have it signed off",
            err=True,
        )


def _print_stops(stopped: list[Stopped]) -> None:
    for stop in stopped:
        click.echo(f"bonafide: account {stop.reference}: {stop.reason}", err=True)


def _bills(count: int) -> str:
    return "bill" if count == 1 else "bills"


def _amount(minor: int, currency: str, *, sign: bool = False) -> str:
    return f"{from_minor(minor, currency):{'+' if sign else ''},.{exponent(currency)}f} {currency}"
