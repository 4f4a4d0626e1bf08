"""What a movement was for is decided once: it is booked, taken back from a payment, or set aside. Undone only by a return."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from bonafide.accounts.models import Account, User
from bonafide.billing.models import Invoice
from bonafide.errors import Refused
from bonafide.operator import Operator
from bonafide.payments.models import Receipt
from bonafide.payments.take_back import take_back
from bonafide.payments.take_in import take_in
from bonafide.payments.tell import tell_received
from bonafide.payments.transfers.models import Decision, Movement

MEANS = "transfer"


class AlreadyDecided(Refused):
    """Somebody else, or the console itself, was faster."""


class DecisionRefused(Refused):
    """What cannot be decided so."""


def book(
    *,
    movement: Movement,
    bills: Iterable[tuple[Invoice, int | None]],
    account: Account | None,
    operator: Operator,
    now: datetime,
    by: User | None = None,
) -> Decision:
    """Book money that came: on the bills in their order, each with at most the amount beside it, and the rest for ``account``.

    Who looks after the bills gets a letter. ``by`` is who decided; None when it was certain and books itself.

    :raises AlreadyDecided: when something was decided about it before. :raises ReceiptRefused: as ``take_in`` says.
    """
    if movement.amount_minor <= 0:
        raise DecisionRefused(f"movement {movement}: money that went pays no bill")
    with transaction.atomic():
        _locked(movement)
        receipt = take_in(
            account=account,
            currency=movement.currency,
            amount_minor=movement.amount_minor,
            received_on=movement.booked_on,
            means=MEANS,
            reference=movement.identity,
            bills=bills,
            operator=operator,
            now=now,
        )
        decision = _write(movement, Decision.Kind.BOOKED, now, by, receipt=receipt)
        tell_received(receipt=receipt, now=now)
    return decision


def return_(*, movement: Movement, receipt: Receipt, operator: Operator, now: datetime, by: User | None = None) -> Decision:
    """Book that the bank took a payment back, or a part of it.

    :raises AlreadyDecided: when something was decided about it before. :raises ReceiptRefused: as ``take_back`` says.
    """
    if movement.amount_minor >= 0:
        raise DecisionRefused(f"movement {movement}: money that came takes nothing back")
    if receipt.means != MEANS or receipt.currency != movement.currency:
        raise DecisionRefused(f"movement {movement}: expected a payment by transfer in {movement.currency} to take back")
    with transaction.atomic():
        _locked(movement)
        returned = take_back(
            receipt=receipt,
            amount_minor=-movement.amount_minor,
            returned_on=movement.booked_on,
            reference=movement.identity,
            operator=operator,
            now=now,
        )
        return _write(movement, Decision.Kind.TAKEN_BACK, now, by, returned=returned)


def set_aside(*, movement: Movement, reason: str, now: datetime, by: User) -> Decision:
    """Nothing is booked of it, for a reason.

    :raises AlreadyDecided: when something was decided about it before. :raises DecisionRefused: without a reason.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 300:
        raise DecisionRefused(f"movement {movement}: expected a reason of at most 300 characters")
    with transaction.atomic():
        _locked(movement)
        return _write(movement, Decision.Kind.SET_ASIDE, now, by, reason=reason)


def _locked(movement: Movement) -> None:
    """The row, before the numbers: two decisions about one movement come one after the other."""
    Movement.objects.select_for_update().get(pk=movement.pk)
    there = Decision.objects.filter(movement=movement).select_related("decided_by").first()
    if there:
        who = there.decided_by.username if there.decided_by else "the console" if there.by_itself else "somebody else"
        raise AlreadyDecided(f"movement {movement}: {who} decided already, on {there.decided_at:%Y-%m-%d}: {there.kind}")


def _write(movement: Movement, kind: Decision.Kind, now: datetime, by: User | None, **what: object) -> Decision:
    try:
        with transaction.atomic():
            return Decision.objects.create(
                movement=movement, kind=kind, by_itself=by is None, decided_by=by, decided_at=now, **what
            )
    except IntegrityError:
        raise AlreadyDecided(f"movement {movement}: it was decided already") from None
