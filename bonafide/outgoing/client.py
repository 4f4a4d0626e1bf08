"""The one way out: everything of the console that reaches another machine does so inside one of these blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import MAXYEAR, datetime

from django.conf import settings
from django.utils.module_loading import import_string

from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.outgoing.guard import door_to
from bonafide.outgoing.models import PassedOn
from bonafide.outgoing.processors import Recipient, is_own, recipient_of


class NotDeclared(Refused, ConnectionError):
    """Nobody was told that this host gets anything, so it gets nothing."""


class NotYet(NotDeclared):
    """Customers were told that this one will get something, and the time in which they may leave is not over."""


@dataclass
class Passage:
    """``recipient`` is None for a host of our own.

    ``left`` is to be set False where, after all, nothing was sent. In a block that ends by an exception nothing was, unless it
    was set True before.
    """

    recipient: Recipient | None
    left: bool | None = None


@contextmanager
def reaching(*, host: str, operator: Operator | None = None) -> Iterator[Recipient | None]:
    """Let the block connect to ``host``, and to no other. For what says nothing of anybody; else see :func:`passing`.

    :return: whose the host is; None for one of our own.
    :raises NotDeclared:
    """
    recipient = None
    if not is_own(host=host, operator=operator):
        recipient = recipient_of(host=host, operator=operator)
        if recipient is None:
            raise NotDeclared(
                f"{host} was not declared, so nothing is sent there: see [[processors]] and network.own_hosts in operator.toml"
            )
        refuse_until_announced(recipient=recipient, host=host)
    with door_to(host):
        yield recipient


def refuse_until_announced(*, recipient: Recipient, host: str) -> None:
    """The terms know who was announced, and they stand above: ``settings.RECIPIENTS_WAIT`` names whom to ask.

    :raises NotYet:
    """
    waits: datetime | None = import_string(settings.RECIPIENTS_WAIT)(recipient.id)
    if waits is not None:
        since = f"on {waits:%Y-%m-%d}" if waits.year < MAXYEAR else "once terms that name them are in force"
        raise NotYet(f"{host} is a host of {recipient.name}, who gets nothing yet: {since}; until then go on with the one before")


@contextmanager
def passing(
    *,
    to: str,
    fields: Sequence[str],
    clause: str,
    occasion: str,
    now: datetime,
    account: int | None = None,
    person: int | None = None,
    operator: Operator | None = None,
) -> Iterator[Passage]:
    """Let the block send data of an account or a person (their ids) to the host ``to``, and write that down.

    The row comes first, so that nothing leaves without one, and is taken back when nothing left. Call it outside of transactions.
    A host of our own is nobody else: it gets no row.

    :param fields: codes of ``words.Field``: which data, never the data.
    :param clause: the id of the clause of the terms that says so.
    :param occasion: a code of ``words``, or the purpose of a letter.
    :raises NotDeclared:
    """
    with reaching(host=to, operator=operator) as recipient:
        row = None
        if recipient:
            about = {"account_id": account, "person_id": person, "clause": clause, "occasion": occasion}
            row = note(recipient=recipient, fields=fields, now=now, **about)  # type: ignore[arg-type]
        passage = Passage(recipient)
        try:
            yield passage
        except BaseException:
            passage.left = bool(passage.left)
            raise
        finally:
            if row is not None and passage.left is False:
                row.delete()


def note(
    *,
    recipient: Recipient,
    fields: Sequence[str],
    clause: str,
    occasion: str,
    now: datetime,
    account_id: int | None = None,
    person_id: int | None = None,
) -> PassedOn:
    """Write down what was passed on, where whose it was is known only afterwards."""
    return PassedOn.objects.create(
        recipient=recipient.id,
        name=recipient.name[:120],
        at=now,
        account_id=account_id,
        person_id=person_id,
        fields=[str(field) for field in fields],
        clause=clause,
        occasion=occasion,
    )
