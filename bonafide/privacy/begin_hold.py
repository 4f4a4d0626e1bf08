"""Staff enter an order that something be kept, and lift it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account, Membership, User
from bonafide.errors import Refused
from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.periods import months_after
from bonafide.privacy.models import LONGEST_MONTHS, Hold, Look
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose
from bonafide.privacy.tell_of_law import tell_at_once


class CannotHold(Refused):
    """It is on nobody, of nothing, without a basis or an end, for too long, or secret without a law that says so."""


@transaction.atomic
def begin_hold(
    *,
    staff: Any,
    basis: str,
    kinds: Iterable[Kind],
    until: datetime,
    reason: str,
    operator: Operator,
    now: datetime,
    account: Account | None = None,
    person: User | None = None,
    reference: str = "",
    secret_until: date | None = None,
    secret_basis: str = "",
) -> Hold:
    """From now on, and until the moment given, these kinds of theirs stay. That staff entered it, and why, is written down;
    whom it concerns is written to at once, or after the last day on which the law forbids it.

    :raises CannotHold:
    """
    if account is None and person is None:
        raise CannotHold(_("Say whose data is kept: an account, a person, or both."))
    if not basis.strip():
        raise CannotHold(_("Say by which law or order."))
    named = [kind for kind in Kind if kind in set(kinds)]
    if not named:
        raise CannotHold(_("Say what is kept."))
    if not now < until <= months_after(now, LONGEST_MONTHS, operator.zone):
        raise CannotHold(_("It ends on a day to come, %(months)d months ahead at most.") % {"months": LONGEST_MONTHS})
    if bool(secret_until) != bool(secret_basis.strip()):
        raise CannotHold(_("Only a law or an order keeps it secret, and until a day: give both or neither."))
    alone = account is not None and person is None
    members = Membership.objects.filter(account=account).order_by("user_id").values_list("user_id", flat=True) if alone else ()
    hold = Hold.objects.create(
        origin=Hold.Origin.ORDER,
        basis=basis.strip(),
        reference=reference.strip(),
        kinds=[str(kind) for kind in named],
        account=account,
        person=person,
        members=list(members),
        approved_by=staff,
        begins_at=now,
        until=until,
        secret_until=secret_until,
        secret_basis=secret_basis.strip(),
    )
    whose = Whose(account=hold.account_id, person=hold.person_id)
    record_looks(staff=staff, whose=[whose], kind="privacy.hold", view=Look.View.CHANGE, now=now, thing=str(hold), reason=reason)
    tell_at_once(thing=hold, now=now)
    return hold


def lift_holds(*, holds: Sequence[int], staff: Any, now: datetime) -> int:
    """Lift orders by their ids; how many were in force. Floors of the law are lifted by nobody."""
    orders = Hold.objects.in_force(now).filter(pk__in=holds, origin=Hold.Origin.ORDER, lifted_at=None)
    return orders.update(lifted_at=now, lifted_by=staff)
