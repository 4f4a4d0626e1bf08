"""A bank's file becomes movements that are noted once, and what is certain of them is booked.

First the whole file is noted, in one transaction; then each certain movement is booked in one of its own. What is cut off in
between is taken up by the next import, of whichever file: nothing is lost, and nothing is booked twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from bonafide.accounts.models import Account, User
from bonafide.billing.issue import lock_numbers
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.transfers.decide import AlreadyDecided, book, return_
from bonafide.payments.transfers.identify import Told, bare, identify, kept
from bonafide.payments.transfers.look_up import known_movements
from bonafide.payments.transfers.models import BankStatement, Decision, Format, Movement, told_of
from bonafide.payments.transfers.own_account import of_own_account
from bonafide.payments.transfers.propose import Proposal, propose, waiting
from bonafide.payments.transfers.read_camt053 import is_camt053
from bonafide.payments.transfers.read_statement import read_statement
from bonafide.payments.transfers.statement import Statement, StatementRefused


@dataclass(frozen=True)
class Looked:
    """What importing a file would do: its movements of ours, and what is proposed for those that are new.

    ``went`` counts what the operator paid, of which nothing is kept. ``again``: this very file was imported before.
    """

    name: str
    digest: str
    format: Format
    statements: tuple[Statement, ...]
    told: tuple[tuple[Told, ...], ...]
    proposals: tuple[Proposal, ...] = ()
    again: bool = False

    @property
    def new(self) -> int:
        return sum(one.known is None for told in self.told for one in told)

    @property
    def known(self) -> int:
        return sum(one.known is not None for told in self.told for one in told)

    @property
    def went(self) -> int:
        return sum(not kept(line) for statement in self.statements for line in statement.lines)

    @property
    def certain(self) -> int:
        return sum(proposal.certain for proposal in self.proposals)


@dataclass
class Booked:
    """What was booked by itself: payments, and returns of them; ``faults`` says in words what was refused, and still waits."""

    payments: int = 0
    returns: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Imported:
    """A file that was noted, what was booked then, and how many movements wait for somebody to decide."""

    looked: Looked
    booked: Booked
    waiting: int


def read_own(*, content: bytes, name: str, operator: Operator, now: datetime) -> tuple[Statement, ...]:
    """The statements of a file, which must be of the operator's account and of days that have come.

    :raises StatementRefused: for any other file.
    """
    name = _named(name)
    if operator.bank is None:
        raise StatementRefused(f"{name}: the operator's file names no account: fill in [bank] first")
    tomorrow = now.astimezone(operator.zone).date() + timedelta(days=1)
    found = []
    for number, statement in enumerate(read_statement(content=content, name=name), start=1):
        where = f"{name}: statement {number}"
        own = of_own_account(statement=statement, iban=operator.bank.iban, where=where)
        for line in own.lines:
            if not date(2000, 1, 1) <= line.booked_on <= tomorrow:
                raise StatementRefused(f"{where}: a movement booked on {line.booked_on}: expected a day that has come")
        lines = (replace(line, bank_reference=line.bank_reference.replace("\0", "")[:80]) for line in own.lines)
        found.append(replace(own, lines=tuple(lines)))
    return tuple(found)


def look_at(*, content: bytes, name: str, operator: Operator, now: datetime) -> Looked:
    """Read a file and say what importing it would do; writes nothing.

    :raises StatementRefused: for a file that is wrong, of another account, or of days that are still to come.
    """
    name = _named(name)
    looked = _identified(read_own(content=content, name=name, operator=operator, now=now), content, name)
    lines = [(one.line, one.doubt) for told in looked.told for one in told if one.known is None]
    return replace(looked, proposals=tuple(propose(lines=lines, now=now)))


def import_statement(
    *,
    content: bytes,
    name: str,
    operator: Operator,
    now: datetime,
    by: User | None = None,
    on_progress: Callable[[int], None] = lambda _movements: None,
) -> Imported:
    """Note the movements of a file, and book what is certain of all that waits. The same file again notes and books nothing.

    :param on_progress: told how many movements were gone through since it was told last.
    :raises StatementRefused: for a file that is wrong, of another account, or of days that are still to come: nothing is noted.
    """
    name = _named(name)
    statements = read_own(content=content, name=name, operator=operator, now=now)
    with transaction.atomic():
        lock_numbers()  # two imports at once note one after the other
        looked = _identified(statements, content, name)
        if not looked.again:
            _note(looked, now, by)
    booked = book_certain(operator=operator, now=now, on_progress=on_progress) if operator.transfers.book_certain else Booked()
    return Imported(looked, booked, waiting().count())


def book_certain(*, operator: Operator, now: datetime, on_progress: Callable[[int], None] = lambda _movements: None) -> Booked:
    """Book what is certain of everything that waits, each in a transaction of its own."""
    done, movements = Booked(), list(waiting())
    proposals = propose(lines=[(movement.as_line(), movement.doubt) for movement in movements], now=now)
    bills = Invoice.objects.in_bulk({share.bill.id for one in proposals if one.certain for share in one.match.shares})
    accounts = Account.objects.in_bulk({one.match.account_id for one in proposals if one.certain and one.match.account_id})
    for movement, proposal in zip(movements, proposals, strict=True):
        if proposal.certain:
            try:
                kind = _book(movement, proposal, bills, accounts, operator, now)
            except AlreadyDecided:
                pass  # by somebody at the same time
            except Refused as refusal:
                done.faults.append(str(refusal))
            else:
                done.payments += kind == Decision.Kind.BOOKED
                done.returns += kind == Decision.Kind.TAKEN_BACK
        on_progress(1)
    return done


def _book(
    movement: Movement,
    proposal: Proposal,
    bills: dict[int, Invoice],
    accounts: dict[int, Account],
    operator: Operator,
    now: datetime,
) -> str:
    if proposal.receipt is not None:
        return return_(movement=movement, receipt=proposal.receipt, operator=operator, now=now).kind
    shares = [(bills[share.bill.id], share.amount_minor) for share in proposal.match.shares]
    account = accounts.get(proposal.match.account_id or 0)
    return book(movement=movement, bills=shares, account=account, operator=operator, now=now).kind


def _named(name: str) -> str:
    """The name of a file as it is told and kept: no folder, nothing that a line cannot hold."""
    return (re.sub(r"[^\w .()+,=-]", "_", re.split(r"[\\/]", name)[-1]).strip() or "file")[:120]


def _identified(statements: tuple[Statement, ...], content: bytes, name: str) -> Looked:
    """What is new of the file, told by what was noted before."""
    digest = sha256(content).hexdigest()
    format = Format.CAMT053 if is_camt053(content) else Format.MT940
    again = BankStatement.objects.filter(digest=digest).exists()
    lines = [line for statement in statements for line in statement.lines if kept(line)]
    index = known_movements(iban=statements[0].iban, lines=lines)
    told = tuple(tuple(identify(statement=statement, format=format, index=index)) for statement in statements)
    return Looked(name, digest, format, statements, told, again=again)


def _note(looked: Looked, now: datetime, by: User | None) -> None:
    """The statements and their new movements; within the transaction that found them new."""
    for position, (statement, told) in enumerate(zip(looked.statements, looked.told, strict=True), start=1):
        days = [line.booked_on for line in statement.lines]
        ours = [line for line in statement.lines if kept(line)]
        new = [one for one in told if one.known is None]
        made = BankStatement.objects.create(
            iban=statement.iban,
            number=statement.number[:70],
            currency=statement.currency,
            format=looked.format,
            file=looked.name,
            digest=looked.digest,
            position=position,
            opening_minor=statement.opening_minor,
            closing_minor=statement.closing_minor,
            first_on=min(days, default=None),
            last_on=max(days, default=None),
            came=len(ours),
            went=len(statement.lines) - len(ours),
            noted=len(new),
            imported_at=now,
            imported_by=by,
        )
        rows = [_row(one, made, now) for one in new]
        Movement.objects.bulk_create(rows, batch_size=500)
        for one, row in zip(new, rows, strict=True):
            if one.noted:
                one.noted.pk = row.pk


def _row(told: Told, statement: BankStatement, now: datetime) -> Movement:
    line = told.line
    return Movement(
        statement=statement,
        iban=line.iban,
        bank_reference=line.bank_reference[:80],
        content=bare(line),
        count=line.count,
        identity=_identity(told),
        booked_on=line.booked_on,
        value_on=line.value_on,
        amount_minor=line.amount_minor,
        currency=line.currency,
        balance_minor=told.balance_minor,
        told=told_of(line),
        returned=line.returned,
        doubt=told.doubt,
        alike_id=told.alike.pk if told.alike else None,
        noted_at=now,
    )


def _identity(told: Told) -> str:
    """Under which a movement is booked, for ever: what an accountant finds in the statement, and a digest that tells it apart."""
    line = told.line
    own = (line.iban, "reference", line.bank_reference) if line.bank_reference else (line.iban, bare(line), str(line.count))
    said = re.sub(r"[^A-Za-z0-9]+", "-", line.bank_reference).strip("-")[:40] or line.booked_on.isoformat()
    return f"{said} {sha256(chr(10).join(own).encode()).hexdigest()[:16]}"
