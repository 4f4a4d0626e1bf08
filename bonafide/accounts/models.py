"""Users, the accounts they act for, and the keys their programs use."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

LANGUAGES = [("en", "English"), ("fr", "Français")]


class User(AbstractUser):
    """A person who signs in; what they may see depends on their memberships."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, blank=True)
    # Set when somebody reported that it was not them: nothing signs this person in before a new password was set by letter.
    reset_required_at = models.DateTimeField(_("new password needed since"), null=True, blank=True)

    objects = UserManager["User"]()  # type: ignore[misc]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_once"),
            models.UniqueConstraint(fields=["email"], name="user_email_once"),
            # In lower case only: allauth looks addresses up that way, and would not see another spelling as taken.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower"),
        ]

    def get_full_name(self) -> str:
        return self.username

    def get_short_name(self) -> str:
        return self.username


def new_reference() -> str:
    """A fresh reference for an account that nobody named: short enough to be read out, too random to be guessed."""
    return "C-" + "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(8))


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, user: Any) -> AccountQuerySet:
        """The accounts a person is a member of."""
        return self.filter(memberships__user=user)

    def real(self) -> AccountQuerySet:
        """Those whose money counts: all but test accounts."""
        return self.filter(is_test=False)


class Account(models.Model):
    """Whom we bill: a person or a company. ``reference`` is the name that usage and the operator's other systems use.

    A test account is never billed and has no members; it is one from the beginning or never (``apart_triggers``).
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    reference = models.CharField(_("reference"), max_length=200, unique=True, default=new_reference)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=200)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    registration = models.CharField(_("registration number"), max_length=40, blank=True)
    purchase_order = models.CharField(_("order reference"), max_length=80, blank=True)
    billing_email = models.EmailField(_("address for bills"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES)
    created_at = models.DateTimeField(_("created"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    is_test = models.BooleanField(_("test account"), default=False, editable=False)
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        User, through="Membership", related_name="accounts"
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(condition=~models.Q(reference="") & ~models.Q(name=""), name="account_named"),
            models.CheckConstraint(condition=models.Q(kind__in=["person", "company"]), name="account_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Clock(models.Model):
    """What time it is for a test account: staff set it forward, and each month that ends by it gets a simulated bill.

    ``open_month`` (YYYYMM) is the first month without one; usage of an earlier month is late. All events of the account have
    ids above ``events_after``, so that they are found without an index.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="clock")
    now_at = models.DateTimeField(_("its time"))
    open_month = models.PositiveIntegerField()
    events_after = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("clock of a test account")
        verbose_name_plural = _("clocks of test accounts")

    def __str__(self) -> str:
        return f"{self.account_id} at {self.now_at:%Y-%m-%d %H:%M}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def owners(self) -> MembershipQuerySet:
        """Those of owners who can sign in."""
        return self.filter(role=Membership.Role.OWNER, user__is_active=True)


class Membership(models.Model):
    """What one person may do for one account."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        BILLING = "billing", _("Billing")
        VIEWER = "viewer", _("Viewer")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person"))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=7, choices=Role.choices)
    created_at = models.DateTimeField(_("since"))

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=["owner", "billing", "viewer"]), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, *, now: datetime) -> InvitationQuerySet:
        """Those whose link opens something at this moment.

        Whoever invited must still be an owner: somebody who is removed cannot come back through a letter they sent themselves.
        """
        still_owner = Membership.objects.owners().filter(account=models.OuterRef("account"), user=models.OuterRef("invited_by"))
        return self.filter(
            models.Exists(still_owner),
            accepted_at=None,
            withdrawn_at=None,
            expires_at__gt=now,
            account__closed_at=None,
        )


class Invitation(models.Model):
    """A letter that makes its reader a member. The link is shown once, in the letter; only its SHA-256 is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("account"))
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=7, choices=Membership.Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_email_lower"),
            models.CheckConstraint(condition=models.Q(role__in=["owner", "billing", "viewer"]), name="invitation_role_known"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="invitation_age")]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"


class EmailChange(models.Model):
    """An address that somebody wants instead of theirs. It counts for nothing, not even for a new password, until confirmed.

    The link is shown once, in the letter to that address; only its SHA-256 is kept. ``password_digest`` is of the password at
    the time: whoever asked for the change and was locked out by a new password cannot confirm it any more.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="email_changes", verbose_name=_("person"))
    email = models.EmailField(_("e-mail address"))
    digest = models.CharField(max_length=64, unique=True)
    password_digest = models.CharField(max_length=64)
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("confirmed or withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of address")
        verbose_name_plural = _("changes of address")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=models.Q(ended_at=None), name="email_change_open_once"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_change_lower"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="email_change_age")]

    def __str__(self) -> str:
        return self.email


class AccountChange(models.Model):
    """Who changed what is known of an account, and when: the names of the fields, not what stood in them."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="changes", verbose_name=_("account"))
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"))
    fields = models.JSONField(_("changed"), default=list)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(fields=["account", "-at"], name="account_change_of_account"),
            models.Index(fields=["at"], name="account_change_age"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {', '.join(self.fields)}"


class VatCheck(models.Model):
    """What VIES answered about a VAT number, kept as evidence (Reg. (EU) 282/2011 art. 18): never changed, only added to.

    One change is let through (``triggers``): what names somebody is emptied, once the law no longer asks to keep it.
    ``asked_at`` is ours; ``detail`` is the date that VIES gave its answer, or why there was none.
    """

    class Outcome(models.TextChoices):
        VALID = "valid", _("Valid")
        INVALID = "invalid", _("Not valid")
        UNAVAILABLE = "unavailable", _("No answer")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="vat_checks", verbose_name=_("account"))
    number = models.CharField(_("VAT number"), max_length=20)
    outcome = models.CharField(_("outcome"), max_length=11, choices=Outcome.choices)
    asked_at = models.DateTimeField(_("asked"))
    consultation_number = models.CharField(_("consultation number"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    address = models.TextField(_("address"), blank=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("VAT number check")
        verbose_name_plural = _("VAT number checks")
        indexes = [
            models.Index(fields=["account", "-asked_at"], name="vat_check_of_account"),
            models.Index(fields=["asked_at"], condition=~models.Q(number=""), name="vat_check_age"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self, *, now: datetime) -> ApiKeyQuerySet:
        """Those that open something at this moment, as far as the key itself goes."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None)


class ApiKey(models.Model):
    """A program's way in. Without an account it is the operator's own and may send usage for every account.

    The key is shown once; only its SHA-256 is kept (it is 256 random bits, so a slow hash would add nothing).
    """

    class Scope(models.TextChoices):
        USAGE_WRITE = "usage:write", _("Send usage")
        USAGE_READ = "usage:read", _("Read usage")
        BILLS_READ = "bills:read", _("Read bills")
        SESSIONS = "sessions", _("See and end its maker's sessions")

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="api_keys", verbose_name=_("account")
    )
    made_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_keys", verbose_name=_("made by")
    )
    name = models.CharField(_("name"), max_length=80)
    start = models.CharField(_("beginning"), max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    # Of the letters that tell of its end: how many days before it the last one left.
    end_told = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"
