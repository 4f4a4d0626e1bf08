"""What staff saw and did, as rows that are only added. The database refuses to change them (``triggers``)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account, Membership
from bonafide.sessions.models import Session

LONGEST_MINUTES = 120


class VisitQuerySet(models.QuerySet["Visit"]):
    def shown_to(self, user: Any) -> VisitQuerySet:
        """Those to accounts of which the person is owner or billing."""
        return self.filter(account__in=answered_for_by(user))

    def with_over_at(self) -> VisitQuerySet:
        """Each knows when its session ended, without which ``over_at`` cannot be told."""
        session = Session.objects.filter(pk=OuterRef("session_id"))
        return self.annotate(session_ended_at=Subquery(session.values("ended_at")[:1]))


class Visit(models.Model):
    """Staff in a customer's console: for a reason, for a time, and in one session alone, with which it ends.

    Whoever wants to know when it was over asks ``over_at``: a visit also ends by its time and with its session, when no line of
    ours runs that could note it.
    """

    class End(models.TextChoices):
        ENDED = "ended", _("ended by our staff")
        TIME = "time", _("its time was over")
        RIGHTS = "rights", _("they are no longer of our staff")
        CLOSED = "closed", _("the account was closed")

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("staff"))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="visits", verbose_name=_("account"))
    # The row outlives its session, and then names one that is gone.
    session = models.ForeignKey(Session, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    began_at = models.DateTimeField(_("began"))
    minutes = models.PositiveSmallIntegerField(_("minutes at most"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    how_ended = models.CharField(_("how it ended"), max_length=6, choices=End.choices, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ended_at=None), name="visit_one_open_a_session"),
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=LONGEST_MINUTES), name="visit_two_hours_at_most"),
            models.CheckConstraint(
                condition=Q(ended_at=None, how_ended="") | (Q(ended_at__isnull=False) & ~Q(how_ended="")),
                name="visit_ended_somehow",
            ),
            models.CheckConstraint(condition=~Q(reason="") | Q(emptied_at__isnull=False), name="visit_has_its_reason"),
        ]
        indexes = [
            models.Index(fields=["account", "-began_at"], name="visit_of_account"),
            models.Index(fields=["began_at"], condition=Q(emptied_at=None), name="visit_age"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def until(self) -> datetime:
        return self.began_at + timedelta(minutes=self.minutes)

    @property
    def over_at(self) -> datetime:
        """The moment from which it opens nothing; in the future while it lasts and nothing ends it (see ``with_over_at``)."""
        session_ended_at: datetime | None = self.session_ended_at  # type: ignore[attr-defined]
        return min(moment for moment in (self.until, self.ended_at, session_ended_at) if moment)


class LookQuerySet(models.QuerySet["Look"]):
    def shown_to(self, user: Any, *, today: date | None = None) -> LookQuerySet:
        """Those at the person's own data, and at accounts of which they are owner or billing.

        Who may not be told of a hold or a release yet, cannot learn of it by who of the staff opened it.

        :param today: on the operator's calendar; without it whatever was ever secret counts as secret.
        """
        return self.told(today=today).filter(Q(person=user) | Q(account__in=answered_for_by(user)))

    def told(self, *, today: date | None = None) -> LookQuerySet:
        """Without the looks at holds and releases that an order keeps secret."""
        seen: LookQuerySet = self.all()
        for kind in ("Hold", "Release"):
            secret = apps.get_model("privacy", kind)._default_manager.filter(secret_until__isnull=False)
            if today:
                secret = secret.filter(secret_until__gte=today)
            secret = secret.filter(Q(account=OuterRef("account")) | Q(person=OuterRef("person")))
            seen = seen.exclude(Q(kind=f"privacy.{kind.lower()}") & Exists(secret))
        return seen


class Look(models.Model):
    """Staff saw, or changed, what we hold of one customer: an account, a person, or a person's part in an account."""

    class View(models.TextChoices):
        LIST = "list", _("in a list")
        PAGE = "page", _("opened")
        HISTORY = "history", _("opened the history of")
        CHANGE = "change", _("changed")
        DELETE = "delete", _("deleted")
        ACT = "act", _("acted on, from a list")
        REFUSED = "refused", _("tried, and was refused")

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("staff"))
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    # The row outlives the person, and then names one who is gone.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="looks",
        verbose_name=_("person"),
    )
    # In the back office a model ("billing.invoice"); during a visit the name of a route ("bill").
    kind = models.CharField(_("kind"), max_length=80)
    # Which one: a number or a name; during a visit its address, without what follows a question mark.
    thing = models.CharField(_("which"), max_length=200, blank=True)
    view = models.CharField(_("how"), max_length=7, choices=View.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    at = models.DateTimeField(_("when"))
    visit = models.ForeignKey(
        Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="looks", verbose_name=_("visit")
    )
    emptied_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = LookQuerySet.as_manager()

    class Meta:
        verbose_name = _("look")
        verbose_name_plural = _("looks")
        constraints = [
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(person__isnull=False), name="look_is_at_somebody"),
            models.CheckConstraint(
                condition=~Q(reason="") | Q(view__in=["list", "act"]) | Q(emptied_at__isnull=False), name="look_has_its_reason"
            ),
            models.CheckConstraint(
                condition=Q(view__in=["list", "page", "history", "change", "delete", "act", "refused"]), name="look_view_known"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-at"], condition=Q(account__isnull=False), name="look_at_account"),
            models.Index(fields=["person", "-at"], condition=Q(person__isnull=False), name="look_at_person"),
            models.Index(fields=["at"], condition=Q(emptied_at=None), name="look_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.thing}".strip()


def answered_for_by(user: Any) -> models.QuerySet[Membership, int]:
    """Ids of the accounts whose looks and visits the person sees: they are owner or billing. A viewer sees their own alone."""
    roles = (Membership.Role.OWNER, Membership.Role.BILLING)
    return Membership.objects.filter(user=user, role__in=roles).values_list("account_id", flat=True)
