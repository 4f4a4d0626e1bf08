"""``bonafide bills credit``, ``rectify`` and ``give-up``: what is done to bills that are issued."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import click
from django.conf import settings

from bonafide.billing.amend.changes import LineChange, read_changes
from bonafide.billing.amend.give_up import give_up, lost_of, unpaid
from bonafide.billing.amend.rectify import RectifyPreview, preview_rectified
from bonafide.billing.amend.rectify import rectify as replace
from bonafide.billing.correct import CreditRefused, line_asked, minor_of, preview_credit
from bonafide.billing.correct import credit as correct
from bonafide.billing.models import Invoice, Loss, Replacement
from bonafide.errors import Refused
from bonafide.money import exponent, from_minor
from bonafide.operator import Operator


class NoSuchBill(Refused):
    """No issued bill has the number given."""


@click.command()
@click.argument("number")
@click.option("--whole", is_flag=True, help="All that is left of the bill.")
@click.option("--amount", help="So much of it, before tax: 30.00")
@click.option("--line", "said", multiple=True, help="A line, or a part of it: 3, 3=12.50 (an amount), 3x2.5 (a quantity).")
@click.option("--reason", required=True, help="Why; the credit note says it.")
@click.option("--key", default="", help="Of your own: the same key again makes no second credit note.")
@click.option("--preview", is_flag=True, help="Show what it would say, and issue nothing.")
def credit(
    number: str,
    whole: bool,  # noqa: FBT001
    amount: str | None,
    said: tuple[str, ...],
    reason: str,
    key: str,
    preview: bool,  # noqa: FBT001
) -> None:
    """Take back an issued bill, some of its lines, or a part of it, by a credit note.

    An amount of a line is in the line's own terms, with tax where its price has it; --amount is before tax and spread over the
    rates of the bill.

    \b
    Example: bonafide bills credit F2024-000042 --line 3 --line 4=12.50 --reason "Outage of 12 September"
    """
    invoice = _issued(number)
    if [whole, amount is not None, bool(said)].count(True) != 1:
        raise CreditRefused("expected one of --whole, --amount or --line: what is to be taken back")
    operator, now = _operator(), datetime.now(UTC)
    lines = [line_asked(said=one, currency=invoice.currency) for one in said]
    # Without a key of the caller's, the same words for the same amount or lines of the same bill are the same credit note.
    what = f"lines {' '.join(sorted(said))}" if said else "whole"
    digest = sha256(f"{what} {reason}".encode() if said else reason.encode()).hexdigest()[:32]
    net = None if amount is None else minor_of(said=amount, currency=invoice.currency)
    what = what if net is None else str(net)
    key = key or f"command {number} {'lines' if said else what} {digest}"
    if preview:
        found = preview_credit(invoice=invoice, net_minor=net, lines=lines, today=now.astimezone(operator.zone).date())
        for line in found.lines:
            shown = line["net_minor"] if line["gross_minor"] is None else line["gross_minor"]
            click.echo(f"{_amount(shown, invoice.currency):>18}  {line['text']}")
        for tax in found.taxes:
            click.echo(f"{_amount(tax['tax_minor'], invoice.currency):>18}  VAT {tax['rate']} %")
        click.echo(f"{_amount(found.total_minor, invoice.currency):>18}  with tax")
        _print_after(found.open_minor, found.paid_back_minor, invoice.currency, f"bill {number}")
        return
    made = correct(invoice=invoice, net_minor=net, lines=lines, reason=reason, key=key, operator=operator, now=now)
    click.echo(f"credit note {made.number} for bill {number}: {_amount(made.total_minor, made.currency)} with tax")


@click.command()
@click.argument("number")
@click.option("--reason", required=True, help="Why; the corrected bill says it.")
@click.option(
    "--lines",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What is otherwise on its lines: a TOML or JSON file of tables such as [lines.3].",
)
@click.option("--key", default="", help="Of your own: the same key again makes no second corrected bill.")
@click.option("--preview", is_flag=True, help="Show what would change, and issue nothing.")
def rectify(number: str, reason: str, path: Path | None, key: str, preview: bool) -> None:  # noqa: FBT001
    """Replace a wrong bill by a corrected one.

    The buyer is the account as it is now, and the tax is decided anew for it. In the file a line has any of leave_out = true,
    quantity = "2.5", unit_price = "0.80", text = "..." and sort = "..." (which of your rates of VAT).

    \b
    Example: bonafide bills rectify F2024-000042 --reason "New address" --preview
    """
    invoice, operator = _issued(number), _operator()
    changes: dict[int, LineChange] = {}
    if path:
        try:
            changes = read_changes(text=path.read_text(encoding="utf-8"), name=str(path))
        except UnicodeDecodeError as error:
            raise Refused(f"{path}: expected text in UTF-8, {error.reason}") from None
    if preview:
        _print_rectified(preview_rectified(invoice=invoice, changes=changes, operator=operator))
        return
    digest = sha256(f"{sorted(changes.items())} {reason}".encode()).hexdigest()[:32]
    key = key or f"command {number} {digest}"
    there = Replacement.objects.filter(key=key).exists()
    made = replace(invoice=invoice, reason=reason, key=key, operator=operator, now=datetime.now(UTC), changes=changes)
    again = ", as it did already" if there else ""
    click.echo(f"bill {made.number} replaces bill {number}{again}: {_amount(made.total_minor, made.currency)} with tax")


@click.command("give-up")
@click.argument("number")
@click.option("--amount", help="So much of what is open, with tax: 30.00; all of it without.")
@click.option("--reason", required=True, help="Why, for your books; the customer is not told.")
@click.option("--key", default="", help="Of your own: the same key again gives up nothing more.")
def give_up_command(number: str, amount: str | None, reason: str, key: str) -> None:
    """Post what is open of a bill as a loss in the books; the customer owes it as before.

    When money comes after all, it is taken up again by itself.

    \b
    Example: bonafide bills give-up F2024-000042 --reason "Insolvent, court of Lyon, 12 May"
    """
    invoice, operator = _issued(number), _operator()
    minor = None if amount is None else minor_of(said=amount, currency=invoice.currency)
    digest = sha256(reason.encode()).hexdigest()[:32]
    said = key or f"command {number} {'all' if minor is None else minor} {digest}"
    there = Loss.objects.filter(key=said).exists()
    made = give_up(invoice=invoice, amount_minor=minor, reason=reason, key=said, operator=operator, now=datetime.now(UTC))
    verb = "was given up already" if there else "is given up"
    left = max(unpaid(invoice), 0) - lost_of(invoice)
    click.echo(
        f"bill {number}: {_amount(made.amount_minor, invoice.currency)} {verb} in the books, "
        f"{_amount(left, invoice.currency)} of it is still expected"
    )


def _operator() -> Operator:
    operator: Operator = settings.OPERATOR
    return operator


def _issued(number: str) -> Invoice:
    invoice = Invoice.objects.issued().select_related("account").filter(number=number).first()
    if invoice is None:
        raise NoSuchBill(f"no bill {number} is issued: 'bonafide bills list' shows those that are")
    return invoice


def _print_rectified(found: RectifyPreview) -> None:
    before, after, currency = found.before, found.after, found.before.currency
    for name, was, now in found.buyer:
        click.echo(f"{name.replace('_', ' ')}: {was or '-'} -> {now or '-'}")
    for position, was, now in found.lines:
        click.echo(f"line {position}: {was} -> {now or 'left out'}")
    if found.treatment_before != after.treatment.key:
        click.echo(f"VAT: {found.treatment_before or '-'} -> {after.treatment.key}")
    for name, old, new in (
        ("before tax", before.net_minor, after.net_minor),
        ("tax", before.tax_minor, after.tax_minor),
        ("in all", before.total_minor, after.total_minor),
    ):
        click.echo(f"{name + ':':<12} {_amount(old, currency):>18} -> {_amount(new, currency):>18}")
    if found.carried_minor:
        click.echo(f"{_amount(found.carried_minor, currency)} that was paid goes over")
    _print_after(found.open_minor, found.paid_back_minor, currency, "the corrected bill")


def _print_after(open_minor: int, back_minor: int, currency: str, name: str) -> None:
    click.echo(f"{_amount(open_minor, currency)} is then open on {name}")
    if back_minor:
        click.echo(f"{_amount(back_minor, currency)} was paid too much, and is to be paid back")


def _amount(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):,.{exponent(currency)}f} {currency}"


COMMANDS = (credit, rectify, give_up_command)
