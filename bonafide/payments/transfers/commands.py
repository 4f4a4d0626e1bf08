"""``bonafide payments import``: statements of the bank, each file whole or not at all."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from django.conf import settings

from bonafide.money import exponent, from_minor
from bonafide.payments.transfers.identify import kept
from bonafide.payments.transfers.import_statement import Imported, Looked, import_statement, look_at, read_own
from bonafide.payments.transfers.propose import Proposal, waiting


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be noted and booked, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def import_(files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes by name
    """Take in statements of the bank account: camt.053 or MT940.

    Money that came is noted once, whichever files tell of it, and booked at once where it is certain which bills it pays. The
    rest waits in the back office. When one of the files is wrong, nothing of any is taken in. Exit status 1 then, and when
    something certain could not be booked.

    \b
    Example: bonafide payments import 2026-11-02.xml 2026-11-03.xml
    Importing the same file again adds nothing.
    """
    now = datetime.now(UTC)
    lines = [_lines(path, now) for path in files]
    told = [
        _look(path, now, as_json=as_json) if dry_run else _take(path, now, count, as_json=as_json)
        for path, count in zip(files, lines, strict=True)
    ]
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "files": told, "waiting": waiting().count()}, ensure_ascii=False, indent=2))
    if any(one["faults"] for one in told):
        sys.exit(1)


COMMANDS = (import_,)


def _lines(path: Path, now: datetime) -> int:
    """How many movements of a file are kept.

    :raises StatementRefused: for a file that is wrong.
    """
    statements = read_own(content=path.read_bytes(), name=path.name, operator=settings.OPERATOR, now=now)
    return sum(kept(line) for statement in statements for line in statement.lines)


def _look(path: Path, now: datetime, *, as_json: bool) -> dict[str, Any]:
    looked = look_at(content=path.read_bytes(), name=path.name, operator=settings.OPERATOR, now=now)
    if not as_json:
        click.echo(f"{looked.name}: {_said(looked)}; {looked.certain} would be booked")
        for proposal in looked.proposals:
            click.echo(_row(proposal))
    return {
        **_as_dict(looked),
        "certain": looked.certain,
        "proposals": [_proposal(one) for one in looked.proposals],
        "faults": [],
    }


def _take(path: Path, now: datetime, lines: int, *, as_json: bool) -> dict[str, Any]:
    content = path.read_bytes()
    if sys.stderr.isatty():
        with click.progressbar(length=waiting().count() + lines, label=f"Booking {path.name}", file=sys.stderr) as bar:
            done = import_statement(content=content, name=path.name, operator=settings.OPERATOR, now=now, on_progress=bar.update)
    else:
        done = import_statement(content=content, name=path.name, operator=settings.OPERATOR, now=now)
    for fault in done.booked.faults:
        click.echo(f"bonafide: {fault}", err=True)
    if not as_json:
        click.echo(_taken(done))
    booked = {"payments": done.booked.payments, "returns": done.booked.returns}
    return {**_as_dict(done.looked), "booked": booked, "faults": done.booked.faults}


def _taken(done: Imported) -> str:
    parts = [_said(done.looked), f"{done.booked.payments} booked"]
    if done.booked.returns:
        parts.append(f"{done.booked.returns} taken back")
    parts.append(f"{done.waiting} waiting for a decision" if done.waiting else "none waiting")
    return f"{done.looked.name}: {', '.join(parts)}"


def _said(looked: Looked) -> str:
    if looked.again:
        return "imported before, nothing new"
    parts = [f"{looked.new} new"]
    if looked.known:
        parts.append(f"{looked.known} already known")
    if looked.went:
        parts.append(f"{looked.went} of your own payments left out")
    return ", ".join(parts)


def _as_dict(looked: Looked) -> dict[str, Any]:
    return {
        "file": looked.name,
        "format": str(looked.format),
        "statements": len(looked.statements),
        "again": looked.again,
        "new": looked.new,
        "known": looked.known,
        "own_payments": looked.went,
        "doubts": dict(Counter(one.doubt for told in looked.told for one in told if one.doubt)),
    }


def _proposal(one: Proposal) -> dict[str, Any]:
    return {
        "booked_on": one.line.booked_on.isoformat(),
        "amount_minor": one.line.amount_minor,
        "currency": one.line.currency,
        "certain": one.certain,
        "doubt": one.doubt,
        "bills": [
            {"number": share.bill.number, "amount_minor": share.amount_minor, "why": str(share.why)} for share in one.match.shares
        ],
        "rest_minor": one.rest_minor,
        "takes_back": one.receipt.reference if one.receipt else None,
    }


def _row(one: Proposal) -> str:
    amount = f"{from_minor(one.line.amount_minor, one.line.currency):,.{exponent(one.line.currency)}f} {one.line.currency}"
    bills = ", ".join(f"{share.bill.number} ({share.why})" for share in one.match.shares)
    if one.receipt:
        bills = f"takes back {one.receipt.reference}"
    what = "booked" if one.certain else one.doubt.replace("_", " ") or ("proposed" if one.can_be_taken else "unknown")
    return f"  {one.line.booked_on}  {amount:>18}  {what:<14}  {bills}".rstrip()
