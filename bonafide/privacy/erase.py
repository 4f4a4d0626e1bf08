"""Erase a person, or an account (GDPR art. 17): all but what the law or a hold keeps, which goes by itself later.

The journal is written before the erasure commits: it may announce one that a crash undid, which the next start notices, but no
erasure is ever missing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, Membership, User
from bonafide.accounts.owners import hold_account, is_last_owner
from bonafide.contracts.end import end_contracts_of
from bonafide.errors import Refused
from bonafide.holdings import Kind, Table
from bonafide.in_force import operator_now
from bonafide.privacy import journal
from bonafide.privacy.empty_accounts import take_empty_accounts
from bonafide.privacy.erase_login import empty_account, empty_login, forget_names, remove_login
from bonafide.privacy.erase_rows import Left, Taken, erase_rows, merged
from bonafide.privacy.erasure_letters import tell_of_erasure
from bonafide.privacy.holds import holds_on
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.keeps import Keep, Whom, keeps_on
from bonafide.privacy.models import Erasure, Hold
from bonafide.privacy.remember import journal_places, keep_journal, keep_journals, last_of_journal, note_erasure, settle
from bonafide.privacy.statutory import begin_statutory_holds
from bonafide.sessions.end import end_sessions
from bonafide.sessions.lock import lock_person
from bonafide.sessions.models import Reason
from bonafide.sign_in.unconfirmed import never_confirmed

_LOCK = 7_246_003  # of PostgreSQL's advisory locks; SQLite has one writer anyway


class CannotErase(Refused):
    """There is nobody to erase, or something has to be done first."""


@dataclass(frozen=True)
class Erased:
    """What was done: how many rows were deleted or emptied, and what is left."""

    erasure: Erasure
    rows: int
    left: tuple[Left, ...]


def erase_person(
    *, person_id: int, now: datetime, by: str, reason: str = "", staff: Any = None, tables: Sequence[Table] = TABLES
) -> Erased:
    """End their sessions, take them out of their accounts, delete or empty what is theirs, note it in the journal, and tell them.

    :param by: who asked, of :class:`Erasure.By`; an erasure that was asked for before is the one that is done.
    :raises CannotErase: an open account has no other owner, they are of the staff, or they were erased; nothing is changed.
    """

    def work() -> tuple[Erasure, Taken]:
        whom = Whom(person=person_id)
        row = _asked(whom, now, by, reason, staff)
        refuse_person(person_id=person_id)
        address, language = User.objects.values_list("email", "language").get(pk=person_id)
        taken = take_person(person_id=person_id, now=now, tables=tables)
        tell_of_erasure(address=address, language=language, left=merged(taken.left), now=now)
        return row, taken

    return _journalled(work, now)


def erase_sign_up(*, person_id: int, before: datetime, now: datetime, tables: Sequence[Table] = TABLES) -> Erased:
    """Erase somebody who signed up before ``before`` and never confirmed it, with the account of theirs that holds nothing.

    Nobody is told: whoever has the mailbox did not want us, or never knew.

    :raises CannotErase: they confirmed or signed in meanwhile, or an account that holds something has no other owner.
    """

    def work() -> tuple[Erasure, Taken]:
        lock_person(person_id)
        list(EmailAddress.objects.select_for_update().filter(user=person_id))  # whoever confirms now comes before us, or too late
        if not never_confirmed(before=before).filter(pk=person_id).exists():
            raise CannotErase(_("This sign-up was confirmed."))
        row = _asked(Whom(person=person_id), now, Erasure.By.NOBODY, "", None)
        take_empty_accounts(person_id=person_id, now=now, tables=tables)
        refuse_person(person_id=person_id)
        return row, take_person(person_id=person_id, now=now, tables=tables)

    return _journalled(work, now)


def erase_account(
    *, account_id: int, now: datetime, by: str, reason: str = "", staff: Any = None, tables: Sequence[Table] = TABLES
) -> Erased:
    """The same of a closed account; the people in it keep their logins.

    :raises CannotErase: it is open, or was erased; nothing is changed.
    """

    def work() -> tuple[Erasure, Taken]:
        row = _asked(Whom(account=account_id), now, by, reason, staff)
        refuse_account(account_id=account_id)
        return row, take_account(account_id=account_id, now=now, tables=tables)

    return _journalled(work, now)


def refuse_person(*, person_id: int) -> None:
    """:raises CannotErase: with what has to be done first."""
    user = User.objects.filter(pk=person_id).first()
    if user is None:
        raise CannotErase(_("There is no such login."))
    if user.is_staff:
        raise CannotErase(_("Whoever runs the service is not erased: their rights have to be taken away first."))
    if is_last_owner(user=user):
        raise CannotErase(_("An open account has no other owner: name one, or have the account closed, first."))


def refuse_account(*, account_id: int) -> None:
    """:raises CannotErase: with what has to be done first."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise CannotErase(_("There is no such account."))
    if account.closed_at is None:
        raise CannotErase(_("This account is open: close it first."))


def take_person(*, person_id: int, now: datetime, tables: Sequence[Table] = TABLES) -> Taken:
    """The erasing itself, inside a transaction; again, it takes what was kept before and is kept no longer."""
    user = User.objects.filter(pk=person_id).first()
    whom = Whom(person=person_id)
    operator = operator_now(now=now)
    begin_statutory_holds(operator=operator, now=now)  # of what was closed a moment ago
    keeps = keeps_on(whom=whom, operator=operator, now=now)
    members = [] if user is None else _leave_accounts(user, keeps, now)
    taken = erase_rows(whom=whom, tables=tables, keeps=keeps, now=now)
    taken.emptied += forget_names(person_id=person_id)
    empty_login(person_id=person_id, tables=tables, kept=keeps)
    taken.left += [*members, *(_of_root("accounts.User", tables, keeps) if user is not None else [])]
    if not taken.left:
        remove_login(person_id=person_id)
    return taken


def take_account(*, account_id: int, now: datetime, tables: Sequence[Table] = TABLES) -> Taken:
    """The same of an account."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        return Taken()
    hold_account(account_id)
    whom = Whom(account=account_id)
    operator = operator_now(now=now)
    begin_statutory_holds(operator=operator, now=now)
    keeps = keeps_on(whom=whom, operator=operator, now=now)
    end_contracts_of(account_id=account_id, last_on=now.astimezone(operator.zone).date())
    if not holds_on(now=now, account=account_id):  # an order on an account is also one on who is in it
        Membership.objects.filter(account=account).delete()
    taken = erase_rows(whom=whom, tables=tables, keeps=keeps, now=now)
    empty_account(account_id=account_id, tables=tables, kept=keeps)
    taken.left += _of_root("accounts.Account", tables, keeps)
    return taken


@transaction.atomic(durable=True)
def erase_again(*, entry: journal.Entry, now: datetime) -> None:
    """Of a database that was put back: erase whom the journal names, who was erased after the backup. Nobody is asked or told."""
    mine = Erasure.objects.filter(person=entry.person, account=entry.account, done_at=None)
    row = mine.waiting().first() or Erasure(
        person_id=entry.person, account_id=entry.account, by=Erasure.By.SHELL, asked_at=entry.at, due_at=entry.at
    )
    if entry.person is not None:
        if never_confirmed(before=now).filter(pk=entry.person).exists():
            take_empty_accounts(person_id=entry.person, now=now, tables=TABLES)
        taken = take_person(person_id=entry.person, now=now)
    else:
        taken = take_account(account_id=entry.account or 0, now=now)
    row.number, row.digest, row.done_at = entry.number, entry.digest, entry.at
    row.kept = [left.as_dict() for left in merged(taken.left)]
    row.finished_at = None if row.kept else now
    row.save()


def _leave_accounts(user: User, keeps: Mapping[Kind, Keep], now: datetime) -> list[Left]:
    """End their sessions and take them out of their accounts; what memberships stay.

    Those stay, good for nothing any more, that are kept themselves, or by which an order on an account is one on its member.
    """
    end_sessions(user=user, reason=Reason.DEACTIVATED, now=now)
    mine = Membership.objects.filter(user=user)
    for account_id in mine.order_by("account_id").values_list("account_id", flat=True):
        hold_account(account_id)
    if keep := keeps.get(Kind.SIGN_UP):
        count = mine.count()
        return [Left(Kind.SIGN_UP, count, keep.basis, keep.until, keep.secret)] if count else []
    orders = [hold for hold in holds_on(now=now, person=user.pk) if hold.origin == Hold.Origin.ORDER and hold.person_id is None]
    mine.exclude(account__in=[hold.account_id for hold in orders]).delete()
    if count := mine.count():
        return [Left(Kind.SIGN_UP, count, orders[-1].basis, orders[-1].until.date(), orders[-1].secret_until is not None)]
    return []


def _of_root(model: str, tables: Iterable[Table], keeps: Any) -> list[Left]:
    """The row of the login or account itself, where a part of it is kept."""
    holdings = [holding for table in tables if table.model == model for holding in table.holdings]
    kinds = dict.fromkeys(holding.kind for holding in holdings if holding.kind in keeps)
    return [Left(kind, 1, keeps[kind].basis, keeps[kind].until, keeps[kind].secret) for kind in kinds]


def _asked(whom: Whom, now: datetime, by: str, reason: str, staff: Any) -> Erasure:
    """The erasure that waits, or a new one; held until the transaction ends.

    :raises CannotErase: when it was done before.
    """
    mine = Erasure.objects.filter(person=whom.person, account=whom.account)
    if mine.filter(done_at__isnull=False).exists():
        raise CannotErase(_("This was erased already."))
    waiting = mine.waiting().select_for_update().first()
    return waiting or Erasure.objects.create(
        person_id=whom.person,
        account_id=whom.account,
        by=Erasure.By(by),
        staff=staff,
        reason=reason,
        asked_at=now,
        due_at=now,
    )


def _journalled(work: Callable[[], tuple[Erasure, Taken]], now: datetime) -> Erased:
    """Do the work and number it, in one transaction that the journal announces."""
    written: list[tuple[Path, journal.Entry]] = []
    try:
        with transaction.atomic(durable=True):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            row, taken = work()
            done = _number(row, taken, now, written)
    except BaseException:
        for path, entry in written:
            journal.take_back(path, entry=entry)
        raise
    settle(truncate=True)
    return Erased(done, taken.deleted + taken.emptied, tuple(merged(taken.left)))


def _number(row: Erasure, taken: Taken, now: datetime, written: list[tuple[Path, journal.Entry]]) -> Erasure:
    """Give the erasure its place in the chain, and write the journal's first place; the second catches up once committed."""
    number, digest = last_of_journal()
    entry = journal.following(number=number, digest=digest, at=now, person=row.person_id, account=row.account_id)
    row.number, row.digest, row.done_at = entry.number, entry.digest, entry.at
    row.kept = [left.as_dict() for left in merged(taken.left)]
    row.finished_at = None if row.kept else entry.at
    row.hindrance = ""
    first = journal_places()[0]
    keep_journal(first, until=entry.at)  # what other machines erased, and no fork
    journal.write_on(first, entries=[entry], until=entry.at)
    written.append((first, entry))
    row.save()
    transaction.on_commit(partial(keep_journals, until=entry.at))
    note_erasure(number=entry.number, digest=entry.digest)
    return row
