"""When something that we hold goes: as a moment, as the value that a sweep compares with, and in words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bonafide.holdings import (
    NOW,
    Emptied,
    Holding,
    Kept,
    Kind,
    Place,
    Soon,
    Stays,
    Swept,
    Unit,
    Whose,
    WithAccount,
    WithLogin,
)
from bonafide.operator import Operator
from bonafide.operator_privacy import Floor
from bonafide.periods import Month, day_from_key, day_key, months_after, months_before

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


# --- As the operator set it -----------------------------------------------------------------------------------------------
def setting_value(name: str, operator: Operator) -> Any:
    """``retention.ip_months`` of the operator's file.

    :raises AttributeError: for a key that is not there.
    """
    section, key = name.split(".")
    return getattr(getattr(operator, section), key)


def floor_of(kind: Kind, operator: Operator) -> Floor | None:
    """What the law asks to keep of this kind, by the operator's file; the longest, if there are several."""
    found = [floor for floor in operator.retention.floors if floor.data == kind.value]
    return max(found, key=lambda floor: floor.months, default=None)


def cutoff(*, ends: Swept, operator: Operator, now: datetime) -> datetime:
    """The moment before which nothing of it may be held."""
    value = int(setting_value(ends.setting, operator))
    return months_before(now, value, operator.zone) if _in_months(ends) else now - timedelta(days=value)


def gone_at(*, ends: Swept, since: datetime, operator: Operator) -> datetime:
    """When what is held since then is swept: the other way round."""
    value = int(setting_value(ends.setting, operator))
    return months_after(since, value, operator.zone) if _in_months(ends) else since + timedelta(days=value)


def _in_months(ends: Swept) -> bool:
    return ends.setting.endswith("_months")


# --- As the database has it -----------------------------------------------------------------------------------------------
def as_stored(moment: datetime, unit: Unit, zone: ZoneInfo) -> datetime | date | int:
    """What a column that says when in this unit is compared with: a row is due when it is less than this."""
    local = moment.astimezone(zone)
    match unit:
        case Unit.MOMENT:
            return moment
        case Unit.DATE:
            return local.date()
        case Unit.DAY:
            return day_key(local.date())
        case Unit.MONTH:
            return Month.of(moment, zone).key
        case Unit.MICROSECONDS:
            return (moment - _EPOCH) // timedelta(microseconds=1)
    assert_never(unit)


def as_moment(stored: Any, unit: Unit, zone: ZoneInfo) -> datetime:
    """The moment that a column says in this unit; of a day or month its last."""
    match unit:
        case Unit.MOMENT:
            return stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
        case Unit.DATE:
            day = stored if isinstance(stored, date) else date.fromisoformat(str(stored)[:10])
            return datetime.combine(day, time.max, tzinfo=zone)
        case Unit.DAY:
            return datetime.combine(day_from_key(int(stored)), time.max, tzinfo=zone)
        case Unit.MONTH:
            return Month.from_key(int(stored)).end(zone) - timedelta(microseconds=1)
        case Unit.MICROSECONDS:
            return (_EPOCH + timedelta(microseconds=int(stored))).astimezone(zone)
    assert_never(unit)


def still_held(emptied: Emptied) -> Q:
    """The rows that are not emptied yet. See :class:`bonafide.holdings.Swept`."""
    if not emptied:
        return Q()
    column, value = emptied[0]
    if value is NOW:
        return Q(**{f"{column}__isnull": True})
    return ~Q(**{column: value}) if value is not None else Q(**{f"{column}__isnull": False})


def due(ends: Swept, *, before: datetime, zone: ZoneInfo) -> Q:
    """The rows of which this goes now: held since before ``before``, and not emptied yet."""
    return Q(**{f"{ends.since}__lt": as_stored(before, ends.unit, zone)}) & still_held(ends.emptied)


def emptied_values(emptied: Emptied, *, now: datetime) -> dict[str, Any]:
    """What a row is given when it is emptied at ``now``."""
    return {column: now if value is NOW else value for column, value in emptied}


# --- In words -------------------------------------------------------------------------------------------------------------
def said_end(holding: Holding | Place, operator: Operator) -> str:
    """How long it is kept and how it ends, with the operator's own numbers, in the reader's language."""
    ends = holding.ends
    match ends:
        case Swept():
            span = said_span(int(setting_value(ends.setting, operator)), "months" if _in_months(ends) else "days")
            return (_("erased after %(span)s") if ends.emptied else _("deleted after %(span)s")) % {"span": span}
        case WithLogin():
            return _and_sign_up(_and_floor(_("erased with the login"), holding, operator), ends, operator)
        case WithAccount():
            return _and_floor(_("erased with the account"), holding, operator)
        case Kept():
            return _kept(ends, operator)
        case Soon():
            return _soon(ends, operator)
        case Stays():
            return str(_("stays: %(why)s") % {"why": ends.why})
    return str(ends)


def said_span(count: int, unit: str) -> str:
    """``12 months``."""
    given = {"count": count}
    if unit == "months":
        return ngettext("%(count)d month", "%(count)d months", count) % given
    if unit == "hours":
        return ngettext("%(count)d hour", "%(count)d hours", count) % given
    return ngettext("%(count)d day", "%(count)d days", count) % given


def _and_floor(said: str, held: Holding | Place, operator: Operator) -> str:
    """The law asks to keep customers' data; nothing of the staff's own."""
    floor = floor_of(held.kind, operator) if held.kind and held.whose != Whose.STAFF else None
    if floor is None:
        return said
    given = {"said": said, "span": said_span(floor.months, "months"), "basis": floor.basis}
    if floor.after == "event":
        return _("%(said)s, at the earliest after %(span)s (%(basis)s)") % given
    return _("%(said)s, at the earliest %(span)s after the end of the contract (%(basis)s)") % given


def _and_sign_up(said: str, ends: WithLogin, operator: Operator) -> str:
    if not ends.unconfirmed:
        return said
    span = said_span(int(setting_value(ends.unconfirmed, operator)), "days")
    return _("%(said)s; after %(span)s where nobody confirmed the sign-up") % {"said": said, "span": span}


def _kept(ends: Kept, operator: Operator) -> str:
    floor = floor_of(ends.floor, operator)
    if floor is None:
        return _("kept as long as the books are")
    given = {"span": said_span(floor.months, "months"), "basis": floor.basis}
    if ends.since:
        return _("erased after %(span)s, for which the law asks to keep it (%(basis)s)") % given
    return _("kept for at least %(span)s, as the law asks (%(basis)s)") % given


def _soon(ends: Soon, operator: Operator) -> str:
    if not ends.setting:
        return str(ends.by)
    span = said_span(int(setting_value(ends.setting, operator)), "hours")
    return _("%(by)s, after %(span)s at most") % {"by": ends.by, "span": span}
