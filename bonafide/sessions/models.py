"""Sessions and sign-ins as rows."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bonafide.operator import Sessions as Limits


class Outcome(models.TextChoices):
    """How a try to sign in went."""

    SIGNED_IN = "signed-in", _("Signed in")
    WRONG_PASSWORD = "wrong-password", _("Wrong password")
    WRONG_CODE = "wrong-code", _("Wrong code")
    WRONG_PASSKEY = "wrong-passkey", _("Passkey refused")
    TOO_MANY = "too-many", _("Too many attempts")
    CLOSED = "closed", _("Login closed")
    PROVIDER_REFUSED = "provider-refused", _("Refused by the provider")


class Reason(models.TextChoices):
    """Why a session ended."""

    SIGNED_OUT = "signed-out", _("Signed out")
    ENDED_BY_USER = "ended-by-user", _("Ended by you")
    ENDED_BY_STAFF = "ended-by-staff", _("Ended by our staff")
    PASSWORD_CHANGED = "password-changed", _("Password changed")
    EMAIL_CHANGED = "email-changed", _("E-mail address changed")
    FACTOR_CHANGED = "factor-changed", _("Second factor changed")
    REPORTED = "reported", _("Reported as not you")
    REPLACED = "replaced", _("Signed in anew")
    EXPIRED = "expired", _("Expired")
    DEACTIVATED = "deactivated", _("Login closed")
    ACCOUNT_CLOSED = "account-closed", _("Account closed")


class SessionQuerySet(models.QuerySet["Session"]):
    def alive(self, *, now: datetime, limits: Limits) -> SessionQuerySet:
        """Those that open something at this moment."""
        return self.filter(ended_at=None).exclude(overdue(now=now, limits=limits))

    def of(self, user: Any) -> SessionQuerySet:
        return self.filter(user=user)


# How far ahead another machine's clock may be. What was seen later than that, was seen by a clock that has been put back since:
# its times say nothing, and the session ends.
SKEW = timedelta(minutes=5)


def overdue(*, now: datetime, limits: Limits) -> Q:
    """Rows whose time is over, by the limits of the operator's file as they are now."""
    people = _older(now, limits.idle_minutes, limits.absolute_hours)
    staff = _older(now, limits.staff_idle_minutes, limits.staff_absolute_hours)
    return people | (Q(staff=True) & staff) | Q(last_seen_at__gt=now + SKEW)


def _older(now: datetime, idle_minutes: int, absolute_hours: int) -> Q:
    idle, absolute = timedelta(minutes=idle_minutes), timedelta(hours=absolute_hours)
    return Q(last_seen_at__lte=now - idle) | Q(created_at__lte=now - absolute)


def is_overdue(row: Session, *, now: datetime, limits: Limits) -> bool:
    """The same of one row at hand."""
    idle, absolute = limits.idle_minutes, limits.absolute_hours
    if row.staff:
        idle, absolute = min(idle, limits.staff_idle_minutes), min(absolute, limits.staff_absolute_hours)
    since_seen, since_begun = now - row.last_seen_at, now - row.created_at
    return since_seen >= timedelta(minutes=idle) or since_begun >= timedelta(hours=absolute) or -since_seen > SKEW


class Session(models.Model):
    """One session: what the browser's cookie opens, and what its owner sees of it. Ended rows stay as history, without data.

    The cookie's key is 165 random bits, of which only the SHA-256 is kept: who reads this table cannot sign in with it.
    Rows without a user are visitors'; they hold no address and are deleted, not kept, when they end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key_hash = models.CharField(max_length=64, unique=True)
    data = models.TextField(blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions", verbose_name=_("person")
    )
    staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("signed in"))
    last_seen_at = models.DateTimeField(_("last seen"))
    address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    address_seen_at = models.DateTimeField(null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=60, blank=True)
    system = models.CharField(_("system"), max_length=60, blank=True)
    how = models.CharField(_("how"), max_length=120, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why"), max_length=20, choices=Reason.choices, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, end_reason="") | (Q(ended_at__isnull=False, data="") & ~Q(end_reason="")),
                name="session_ended_with_reason_and_no_data",
            ),
            models.CheckConstraint(
                condition=Q(address=None) | Q(address_seen_at__isnull=False), name="session_address_has_its_time"
            ),
            models.CheckConstraint(condition=Q(last_seen_at__gte=F("created_at")), name="session_seen_after_it_began"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(address=None, ended_at=None), name="session_of_visitor_holds_little"
            ),
        ]
        indexes = [
            models.Index(fields=["user"], condition=Q(ended_at=None), name="session_open_of_user"),
            models.Index(fields=["last_seen_at"], condition=Q(ended_at=None), name="session_open_by_last_seen"),
            models.Index(fields=["address_seen_at"], condition=Q(address__isnull=False), name="session_address_age"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="session_ended_age"),
        ]

    def __str__(self) -> str:
        return f"{self.browser} {self.system}".strip()


class SignIn(models.Model):
    """One try to sign in, good or not. What was typed is never kept: a name typed wrongly may be a password."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins", verbose_name=_("person")
    )
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    how = models.CharField(_("how"), max_length=120, blank=True)
    address = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=60, blank=True)
    system = models.CharField(_("system"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = [
            models.Index(fields=["user", "-at"], name="sign_in_of_user"),
            models.Index(fields=["at"], condition=Q(address__isnull=False), name="sign_in_address_age"),
            models.Index(fields=["at"], name="sign_in_age"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.at:%Y-%m-%d %H:%M}"
