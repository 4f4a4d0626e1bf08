"""What this package holds of people: their sessions, and their tries to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from bonafide.holdings import SWEEP, Basis, Holding, Kind, Soon, Swept, Table, Whose
from bonafide.sessions.models import Session, SignIn


@dataclass(frozen=True)
class AddressColumn:
    """``emptied`` is what a row is given once its address is too old."""

    model: type[models.Model]
    column: str
    seen_at: str
    emptied: tuple[tuple[str, Any], ...]


ADDRESSES = (
    AddressColumn(Session, "address", "address_seen_at", (("address", None), ("address_seen_at", None))),
    AddressColumn(SignIn, "address", "at", (("address", None),)),
)

_WHO_COMES_IN = _("so that people see who signed in as them, and can end it")

TABLES = (
    Table(
        "console_sessions.SignIn",
        called=_("sign-ins"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.HISTORIES,
                columns=("user_id", "session_id", "at", "outcome", "how", "browser", "system"),
                what=_("tries to sign in: when, how, with which browser"),
                whose=Whose.LOGINS,
                why=_WHO_COMES_IN,
                basis=Basis.INTEREST,
                ends=Swept("retention.history_months", since="at"),
                enforced_by=SWEEP,
                person="user_id",
            ),
            Holding(
                kind=Kind.ADDRESSES,
                columns=("address",),
                what=_("the IP address of each try to sign in"),
                whose=Whose.LOGINS,
                why=_WHO_COMES_IN,
                basis=Basis.INTEREST,
                ends=Swept("retention.ip_months", since="at", emptied=(("address", None),)),
                enforced_by=SWEEP,
                person="user_id",
            ),
        ),
    ),
    Table(
        "console_sessions.Session",
        called=_("sessions"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.HISTORIES,
                columns=("user_id", "staff", "created_at", "last_seen_at", "browser", "system", "how", "ended_at", "end_reason"),
                what=_("sessions: from when to when, with which browser"),
                whose=Whose.LOGINS,
                why=_WHO_COMES_IN,
                basis=Basis.INTEREST,
                ends=Swept("retention.history_months", since="ended_at"),
                enforced_by=SWEEP,
                person="user_id",
            ),
            Holding(
                kind=Kind.ADDRESSES,
                columns=("address", "address_seen_at"),
                what=_("the last IP address of each session"),
                whose=Whose.LOGINS,
                why=_WHO_COMES_IN,
                basis=Basis.INTEREST,
                ends=Swept(
                    "retention.ip_months", since="address_seen_at", emptied=(("address", None), ("address_seen_at", None))
                ),
                enforced_by=SWEEP,
                person="user_id",
            ),
            Holding(
                # A page half-way through signing up or signing in holds what was typed, passwords never; staff's hold the
                # reasons they gave. Of visitors without a login this is all there is.
                kind=Kind.SIGN_UP,
                columns=("key_hash", "data"),
                what=_("what an open session carries from page to page"),
                whose=Whose.VISITORS,
                why=_("to recognise a browser from one page to the next"),
                basis=Basis.CONTRACT,
                ends=Soon(
                    0, _("it is emptied when the session ends, by itself or by its time"), setting="sessions.absolute_hours"
                ),
                enforced_by="bonafide.sessions.expire.end_overdue",
                person="user_id",
                since="created_at",
            ),
        ),
    ),
)


def oldest_address(*, user: object | None = None) -> datetime | None:
    """Since when the oldest IP address is held, of everybody or of one person; None when there is none."""
    found = []
    for column in ADDRESSES:
        rows = column.model._default_manager.filter(**{f"{column.column}__isnull": False})
        if user is not None:
            rows = rows.filter(user=user)
        found.append(rows.aggregate(oldest=Min(column.seen_at))["oldest"])
    return min((moment for moment in found if moment is not None), default=None)
