"""What the terms say of bills that are late, and what of it counts as promised: all of it from the operator's file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bonafide.money import format_minor, to_minor
from bonafide.operator import Operator
from bonafide.operator_dunning import LAST_LETTER_DAYS, Ladder, OwnLadder
from bonafide.terms.clause import Measure

SWITCH = "dunning.enabled"
# A letter that comes later, or not at all, promises less; so does a suspension or a closing that comes sooner, or comes at all.
_LOOSER = {
    "notice_days": "later",
    "second_notice_days": "later",
    "formal_notice_days": "later",
    "suspend_days": "sooner",
    "close_days": "sooner",
    "days_to_pay": "sooner",
}


def ladder_of(operator: Operator, *, consumers: bool) -> Ladder:
    """The steps that really come: nothing where they are switched off, and no closing or days to pay without a suspension."""
    if not operator.dunning.enabled:
        return Ladder(0, 0, 0, 0, 0, 0)
    found = operator.dunning.ladder(consumers=consumers)
    return found if found.suspend else Ladder(found.notice, found.second, found.formal, 0, 0, 0)


def setting_of(key: str, *, consumers: bool) -> str:
    """The name under which the days of a step are promised to these customers."""
    return f"dunning.{'consumers' if consumers else 'business'}.{key}"


def days_by_key(ladder: Ladder) -> dict[str, int]:
    """A ladder by the keys of the operator's file."""
    return {
        "notice_days": ladder.notice,
        "second_notice_days": ladder.second,
        "formal_notice_days": ladder.formal,
        "suspend_days": ladder.suspend,
        "close_days": ladder.close,
        "days_to_pay": ladder.days_to_pay,
    }


def _measure(key: str, *, consumers: bool) -> Measure:
    def value(operator: Operator) -> int | None:
        return days_by_key(ladder_of(operator, consumers=consumers))[key] if operator.dunning.enabled else None

    return Measure(setting_of(key, consumers=consumers), _LOOSER[key], value, _putting(key, consumers=consumers))  # type: ignore[arg-type]


def _putting(key: str, *, consumers: bool) -> Callable[[Operator, Any], Operator]:
    """The operator's file with so many days in place of its own."""

    def put(operator: Operator, value: Any) -> Operator:
        dunning, name = operator.dunning, "consumers" if consumers else "business"
        own = (getattr(dunning, name) or OwnLadder.model_validate({})).model_copy(update={key: value})
        return operator.model_copy(update={"dunning": dunning.model_copy(update={name: own})})

    return put


MEASURES = (
    Measure(SWITCH, (False, True)),
    *(_measure(key, consumers=consumers) for consumers in (False, True) for key in _LOOSER),
)


def what_the_law_adds(operator: Operator, language: str) -> dict[str, object]:
    return {"fee": format_minor(to_minor(operator.billing.recovery_fee, "EUR"), "EUR", language)}


def when_late(operator: Operator) -> tuple[str | Promise, ...]:
    """What follows an unpaid bill here, in the active language."""
    companies, consumers = ladder_of(operator, consumers=False), ladder_of(operator, consumers=True)
    if not any(any(days_by_key(ladder).values()) for ladder in (companies, consumers)):
        return (_("Nothing follows an unpaid bill by itself: this console suspends no service and closes no account for it."),)
    said: list[str | Promise] = [
        _(
            "Who looks after the bills of an account is written to when one is late: one letter for all that are. Days count "
            "from the due date, and no step comes sooner than said here."
        )
    ]
    if companies == consumers:
        said.append(gettext("What follows: %(steps)s.") % {"steps": _steps(companies)})
    else:
        said.append(gettext("For companies: %(steps)s.") % {"steps": _steps(companies)})
        said.append(gettext("For consumers: %(steps)s.") % {"steps": _steps(consumers)})
    if companies.suspend or consumers.suspend:
        said += _SUSPENDED
    said.append(_PRESSED)
    if operator.dunning.claim != "no":
        said.append(_LAW)
    return tuple(said)


_SUSPENDED = (
    _(
        "A suspension or a closing is planned at least a day before, while our staff can still stop it, and no consumer is "
        "suspended without a formal notice. During a suspension this console works as before: your bills, paying them, your data "
        "and its download."
    ),
    _("Once the bills that the letters named are paid, a suspension ends by itself within an hour."),
    _("Our staff can let the steps rest for an account. After that, the days to pay begin anew before anything is suspended."),
)
_PRESSED = _("Nobody is pressed for a bill while a payment of it is on its way or is disputed with the bank.")
_LAW = _(
    "By law, interest is owed on what is late: by companies from the day after the due date, with a fixed amount of %(fee)s for "
    "each late bill; by consumers only after a formal notice, and without that amount. Our letters say how much it is; this "
    "console charges none of it."
)


def _steps(ladder: Ladder) -> str:
    """A ladder as part of a sentence."""
    letters = (
        (ladder.notice, ngettext("a letter after %(days)d day", "a letter after %(days)d days", ladder.notice)),
        (ladder.second, ngettext("a second letter after %(days)d day", "a second letter after %(days)d days", ladder.second)),
        (ladder.formal, ngettext("a formal notice after %(days)d day", "a formal notice after %(days)d days", ladder.formal)),
    )
    said = [words % {"days": days} for days, words in letters if days]
    if not ladder.suspend:
        said.append(gettext("no suspension, and no closing"))
        return ", ".join(said)
    said.append(
        gettext("the suspension of the service after %(days)d days, and not within %(pause)d days of the last of these letters")
        % {"days": ladder.suspend, "pause": ladder.days_to_pay}
    )
    if ladder.close:
        known = {"days": ladder.close, "last": LAST_LETTER_DAYS}
        said.append(
            gettext("the closing of the account %(days)d days after that, with a last letter %(last)d days before") % known
        )
    else:
        said.append(gettext("no closing"))
    return ", ".join(said)
