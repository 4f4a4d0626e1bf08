"""Why somebody of the staff opens a customer's records: asked once for each customer, and kept in their session for an hour.

An hour is a conversation with one customer; a day would turn the reason of the first call into the reason of every other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bonafide.accounts.models import Membership
from bonafide.privacy.subjects import Whose

KEPT = timedelta(minutes=60)
_SESSION_KEY = "reasons"


def give(session: Any, *, whose: Whose, reason: str, now: datetime) -> None:
    """Keep a reason for this customer; what ran out is forgotten."""
    kept = {name: row for name, row in session.get(_SESSION_KEY, {}).items() if row["until"] > now.timestamp()}
    kept[_name(whose)] = {"reason": reason, "until": (now + KEPT).timestamp()}
    session[_SESSION_KEY] = kept


def given(session: Any, *, whose: Sequence[Whose], now: datetime) -> str:
    """The reason that stands for all of these customers; empty when one has to be asked for.

    What was said of an account holds for its members too: they are whom one talks with.
    """
    reasons = [_given_for(session, one, now) for one in whose]
    return reasons[0] if reasons and all(reasons) else ""


def drop(session: Any, *, name: str) -> None:
    """Done with this customer."""
    kept = dict(session.get(_SESSION_KEY, {}))
    if kept.pop(name, None):
        session[_SESSION_KEY] = kept


def name_of(session: Any, *, whose: Whose, now: datetime) -> str:
    """Under which name the reason that holds for this customer is kept; empty when there is none."""
    kept = session.get(_SESSION_KEY, {})
    names = (name for name in _names(whose) if name in kept and kept[name]["until"] > now.timestamp())
    return next(names, "")


def _given_for(session: Any, whose: Whose, now: datetime) -> str:
    name = name_of(session, whose=whose, now=now)
    return str(session[_SESSION_KEY][name]["reason"]) if name else ""


def _names(whose: Whose) -> list[str]:
    if whose.account is not None:
        return [_name(whose)]
    accounts = Membership.objects.filter(user=whose.person).order_by("pk").values_list("account_id", flat=True)
    return [_name(whose), *(_name(Whose(account=account)) for account in accounts)]


def _name(whose: Whose) -> str:
    return f"account:{whose.account}" if whose.account is not None else f"person:{whose.person}"
