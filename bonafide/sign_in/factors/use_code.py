"""Checking a code somebody typed: of their authenticator app, or a recovery code. Each is good once, on every process."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction

from bonafide.sign_in.factors import recovery_codes
from bonafide.sign_in.factors.sealing import Unreadable, seal, unseal

logger = logging.getLogger(__name__)


def use_code(*, user: Any, text: str, now: datetime) -> Authenticator | None:
    """What the code belongs to, and the code is used up; None where it is wrong, or was used before.

    The row is locked, and what was used is written into it: allauth remembers that in a process's own memory, so that a second
    process would take the same code again (RFC 6238, 5.2: a verifier must not accept a code twice).
    """
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=user)
        if recovery_codes.looks_like_one(text):
            kept = rows.filter(type=Authenticator.Type.RECOVERY_CODES).first()
            return kept if kept and recovery_codes.use_up(kept, text) else None
        app = rows.filter(type=Authenticator.Type.TOTP).first()
        return app if app and _use_up(app, text, now) else None


def step_of(*, secret: str, text: str, now: datetime, after: int = -1) -> int | None:
    """The half-minute that a code of the secret belongs to, if that is now (give or take the tolerance) and past ``after``."""
    current = int(now.timestamp()) // app_settings.TOTP_PERIOD
    for step in range(current - app_settings.TOTP_TOLERANCE, current + app_settings.TOTP_TOLERANCE + 1):
        if step > after and compare_user_code(actual=text, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def _use_up(app: Authenticator, text: str, now: datetime) -> bool:
    try:
        secret = unseal(app.data["secret"])
    except Unreadable:
        logger.error("the secret of authenticator %s cannot be read: was the instance's secret key replaced?", app.pk)
        return False
    step = step_of(secret=secret, text=text, now=now, after=app.data.get("last_step", -1))
    if step is None:
        return False
    app.data |= {"last_step": step, "secret": seal(secret)}  # sealed anew: a replaced key falls out of use by and by
    app.save(update_fields=["data"])
    return True
