"""``bonafide audit``, ``bonafide sweep`` and ``bonafide attest``."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from bonafide.errors import Refused
from bonafide.terms import chain


class EvidenceRefused(Refused):
    """A file that is no evidence, or an attestation that cannot be entered."""


@click.command(epilog="Example: bonafide audit --json")
@click.option("--json", "as_json", is_flag=True, help='Print {"clauses": [{"id", "state", "checked_at", "evidence"}]}.')
@click.option(
    "--verify",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check nothing here: verify a downloaded chain of evidence, offline.",
)
def audit(as_json: bool, file: Path | None) -> None:  # noqa: FBT001 - click passes flags so
    """Check every promise now and write down what was found; exit status 1 when one is not kept."""
    if file:
        _verify(file)
        return
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bonafide.settings")
    django.setup()
    from django.conf import settings

    from bonafide.terms import audit as running
    from bonafide.terms.versions import operator_in_force

    now = datetime.now(UTC)
    running.audit(operator=operator_in_force(operator=settings.OPERATOR, now=now), now=now)
    found = running.standings(now=now, today=now.astimezone(settings.OPERATOR.zone).date())
    whole = running.verify_own_chain()
    if as_json:
        click.echo(json.dumps({"clauses": [_as_dict(one) for one in found]}, ensure_ascii=False))
    else:
        for one in found:
            click.echo(f"{one.state:9} {one.clause.id:4} {_line(one)}")
    if isinstance(whole, chain.Broken):
        click.echo(f"bonafide: the chain of evidence does not hold: {whole}", err=True)
    sys.exit(1 if isinstance(whole, chain.Broken) or any(one.state == running.State.FAILING for one in found) else 0)


def _line(one: Any) -> str:
    from django.utils import translation

    with translation.override("en"):
        if one.fault:
            return f"{one.clause.title}: {one.fault}"
        if one.evidence:
            return f"{one.clause.title}: {one.clause.counted % one.evidence.counts}"
        if one.attestation:
            return f"{one.clause.title}: {one.attestation.by}, {one.attestation.capacity}, until {one.attestation.until}"
        return f"{one.clause.title}: nobody has attested it ('bonafide attest {one.clause.id} --help')"


def _as_dict(one: Any) -> dict[str, object]:
    from bonafide.terms.publish import standing_as_dict

    return standing_as_dict(one)


def _verify(file: Path) -> None:
    """:raises EvidenceRefused: when the file is not a chain, or does not hold."""
    try:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        keys = {str(name): bytes.fromhex(public) for name, public in lines[0]["keys"].items()}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise EvidenceRefused(f"{file}: expected the chain of evidence as /promises/evidence.jsonl gives it") from None
    result = chain.verify(entries=lines[1:], keys=keys)
    if isinstance(result, chain.Broken):
        raise EvidenceRefused(f"{file}: the chain does not hold: {result}")
    click.echo(f"{result.entries} entries hold, signed by {', '.join(keys)}; the last is {result.digest}")


@click.command(epilog='Example: bonafide attest D1 --by "Camille Nordin" --as "managing director" --until 2027-02-01')
@click.argument("clause")
@click.option("--by", required=True, help="Who signs: a person's name. It is published.")
@click.option("--as", "capacity", required=True, help="In which capacity.")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it holds; at most a year.")
def attest(clause: str, by: str, capacity: str, until: datetime) -> None:
    """Stand for a promise that no machine can prove, by name and until a day."""
    from django.conf import settings

    from bonafide.terms.attest import attest as enter

    today: date = datetime.now(UTC).astimezone(settings.OPERATOR.zone).date()
    entered = enter(clause_id=clause, by=by, capacity=capacity, today=today, last_day=until.date())
    click.echo(f"{entered.clause} is attested by {entered.by} until {until:%Y-%m-%d}")


@click.command(epilog="Example: bonafide sweep --json")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help='Print {"logs": {...}, "addresses": {table: rows}, "emptied", "deleted", "held", "faults"}.',
)
def sweep(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Delete now what was promised to be kept no longer; the schedule does it every hour."""
    from django.conf import settings

    from bonafide.privacy.sweep import sweep_old_logs
    from bonafide.privacy.sweep_rows import due_rows, sweep_rows
    from bonafide.terms.tasks import told
    from bonafide.terms.versions import operator_in_force

    now = datetime.now(UTC)
    operator = operator_in_force(operator=settings.OPERATOR, now=now)
    swept = sweep_old_logs(operator=operator, now=now)
    due = sum(due_rows(operator=operator, now=now).values())
    with click.progressbar(length=due, label="Tables", file=sys.stderr) as bar:
        rows = sweep_rows(operator=operator, now=now, on_batch=bar.update)
    oldest = swept.oldest.strftime("%Y-%m-%dT%H:%M:%SZ") if swept.oldest else None
    if as_json:
        logs = {
            "files": swept.files,
            "lines_deleted": swept.lines_deleted,
            "files_deleted": swept.files_deleted,
            "held": swept.held,
            "oldest": oldest,
            "faults": swept.faults,
        }
        click.echo(json.dumps({"logs": logs, **dataclasses.asdict(rows)}))
    else:
        done = f"{swept.lines_deleted} lines and {swept.files_deleted} files deleted"
        click.echo(f"logs: {done}; {swept.files} files, oldest line {oldest}")
        click.echo(f"tables: {told(rows)}")
        for fault in swept.faults:
            click.echo(f"bonafide: {fault}: give the file to the user that runs Bonafide", err=True)
        for fault in rows.faults:
            click.echo(f"bonafide: {fault}: run 'bonafide sweep' again, and look at the log if it stays", err=True)
    sys.exit(1 if swept.faults or rows.faults else 0)
