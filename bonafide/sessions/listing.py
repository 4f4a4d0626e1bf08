"""A person's sessions and sign-ins as they are shown to them: one shape for the pages and for programs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict
from uuid import UUID

from django.db.models import BooleanField, Case, QuerySet, Value, When

from bonafide.operator import Sessions as Limits
from bonafide.sessions.models import Session, SignIn
from bonafide.sessions.words import client_words

ENDED_SHOWN = timedelta(days=30)
SHOWN = ("id", "browser", "system", "how", "created_at", "last_seen_at", "address", "ended_at", "end_reason")


def open_sessions(*, user: Any, now: datetime, limits: Limits, current: UUID | None = None) -> QuerySet[Session]:
    """Those that open something at this moment, newest use first; ``current`` before all, marked ``is_current``."""
    mine = Case(When(pk=current, then=Value(True)), default=Value(False), output_field=BooleanField())  # noqa: FBT003 - a value
    rows = Session.objects.of(user).alive(now=now, limits=limits).annotate(is_current=mine)
    return rows.only(*SHOWN).order_by("-is_current", "-last_seen_at", "pk")


def ended_sessions(*, user: Any, now: datetime) -> QuerySet[Session]:
    """Those that ended within the last 30 days, newest end first."""
    return Session.objects.of(user).filter(ended_at__gt=now - ENDED_SHOWN).only(*SHOWN).order_by("-ended_at", "pk")


def sign_ins_of(*, user: Any) -> QuerySet[SignIn]:
    """Every try to sign in as this person that is kept, newest first."""
    return SignIn.objects.filter(user=user).order_by("-at", "-pk")


class SessionShape(TypedDict):
    """``how`` in the ledger's codes; ``ended_at`` is null and ``end_reason`` empty while the session is open."""

    id: UUID
    current: bool
    client: str
    browser: str
    system: str
    how: list[str]
    address: str | None
    signed_in_at: datetime
    last_seen_at: datetime
    ended_at: datetime | None
    end_reason: str


def session_as_dict(row: Session) -> SessionShape:
    return {
        "id": row.pk,
        "current": getattr(row, "is_current", False),
        "client": client_words(row.browser, row.system),
        "browser": row.browser,
        "system": row.system,
        "how": _codes(row.how),
        "address": row.address,
        "signed_in_at": row.created_at,
        "last_seen_at": row.last_seen_at,
        "ended_at": row.ended_at,
        "end_reason": row.end_reason,
    }


class SignInShape(TypedDict):
    """``outcome`` and ``how`` in the ledger's codes."""

    at: datetime
    outcome: str
    how: list[str]
    client: str
    browser: str
    system: str
    address: str | None


def sign_in_as_dict(row: SignIn) -> SignInShape:
    return {
        "at": row.at,
        "outcome": row.outcome,
        "how": _codes(row.how),
        "client": client_words(row.browser, row.system),
        "browser": row.browser,
        "system": row.system,
        "address": row.address,
    }


def _codes(how: str) -> list[str]:
    return how.split("+") if how else []
