"""Refusals at the start: settings with which an ended session could go on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error

ENGINE = "bonafide.sessions.store"
MIDDLEWARE = ["bonafide.sessions.middleware.SessionMiddleware", "bonafide.sessions.middleware.HoldMiddleware"]


def sessions_can_be_ended(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds, and so does the middleware itself."""
    found = []
    if settings.SESSION_ENGINE != ENGINE:
        found.append(
            Error(
                f"SESSION_ENGINE = {settings.SESSION_ENGINE!r} keeps sessions that nobody can end: expected {ENGINE!r}",
                id="sessions.E001",
            )
        )
    if settings.SESSION_SAVE_EVERY_REQUEST:
        found.append(
            Error(
                "SESSION_SAVE_EVERY_REQUEST = True writes at each request and makes requests undo each other: remove it",
                id="sessions.E002",
            )
        )
    missing = [name for name in MIDDLEWARE if name not in settings.MIDDLEWARE]
    if missing:
        found.append(
            Error(
                f"MIDDLEWARE lacks {' and '.join(missing)}: ended sessions would not be noticed, add it",
                id="sessions.E003",
            )
        )
    return found
