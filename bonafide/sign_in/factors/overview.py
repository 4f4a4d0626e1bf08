"""What somebody signs in with today, for /settings/security."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from bonafide.sign_in.factors import recovery_codes


@dataclass(frozen=True)
class Passkey:
    pk: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What there is beside (or instead of) a password."""

    password: bool
    app: Authenticator | None = None
    passkeys: list[Passkey] = field(default_factory=list)
    codes_left: int = 0

    @property
    def any(self) -> bool:
        return bool(self.app or self.passkeys)

    @property
    def asks(self) -> str:
        """What signing in asks for today, in a sentence or two."""
        first = _("your password") if self.password else _("your sign-in at the provider you use")
        if not self.any:
            return _("%(first)s, and nothing else. Who gets hold of that is in.") % {"first": _capital(first)}
        if not self.passkeys:
            return _("%(first)s, then a code from your authenticator app.") % {"first": _capital(first)}
        if not self.app:
            return _("A passkey alone. Or %(first)s, and a passkey after it.") % {"first": first}
        return _("A passkey alone. Or %(first)s, then a passkey or a code from your authenticator app.") % {"first": first}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def factors_of(user: Any) -> Factors:
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    keys = [
        Passkey(row.pk, str(row.data.get("name", "")), row.created_at, row.last_used_at)
        for row in rows
        if row.type == Authenticator.Type.WEBAUTHN
    ]
    return Factors(
        password=user.has_usable_password(),
        app=next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        passkeys=keys,
        codes_left=recovery_codes.left_of(user),
    )
