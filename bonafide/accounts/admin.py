"""The back office of people, accounts and keys. Staff come in by the console's own sign-in; the admin's does not exist."""

from __future__ import annotations

from typing import Any

import allauth.account.admin  # noqa: F401 - this and the next register their own, which we take out below
import django.contrib.auth.admin  # noqa: F401
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from bonafide.accounts.admin_vat import Changes, NotesChanges, VatChecks
from bonafide.accounts.close import close_account
from bonafide.accounts.member_forms import OwnerStays
from bonafide.accounts.models import Account, ApiKey, Membership, User
from bonafide.accounts.owners import is_last_owner
from bonafide.accounts.tell_opened import tell_opened
from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason

for unused in (Group, EmailAddress):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)


class _WithMembers(ModelAdmin):  # type: ignore[misc]
    """Stamps the members that staff add."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        for row in formset.save(commit=False):
            row.created_at = row.created_at or timezone.now()  # noqa: TID251 - the admin is a view
            row.save()
        for row in formset.deleted_objects:
            row.delete()
        formset.save_m2m()


class MembershipInline(TabularInline):  # type: ignore[misc]
    model = Membership
    formset = OwnerStays
    extra = 0
    autocomplete_fields = ["user", "account"]
    readonly_fields = ["created_at"]


class _OfUser(MembershipInline):
    fields = ["account", "role", "created_at"]


class _OfAccount(MembershipInline):
    fields = ["user", "role", "created_at"]


@admin.register(User)
class UserAdmin(_WithMembers):
    """People; passwords are set by their owners alone, through the letter with the link."""

    # A list is what somebody is found by; what else we hold stands on their page, which asks for a reason.
    list_display = ["username", "is_staff", "is_active", "date_joined"]
    ordering = ["username"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["username", "email"]
    fields = ["username", "email", "language", "is_active", "is_staff", "is_superuser", "date_joined", "last_login", "sessions"]
    # An address is changed by its owner, who has to confirm the new one.
    readonly_fields = ["email", "date_joined", "last_login", "sessions"]
    inlines = [_OfUser]

    @admin.display(description=_("sessions"))
    def sessions(self, user: User) -> str:
        address = reverse("admin:console_sessions_session_changelist")
        return format_html('<a href="{}?user__id__exact={}">{}</a>', address, user.pk, _("See and end them"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """Who may not come in any more is out at once; who gets or loses rights signs in anew, under other limits."""
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            reason = Reason.DEACTIVATED
        elif {"is_staff", "is_superuser"} & set(form.changed_data):
            reason = Reason.ENDED_BY_STAFF
        else:
            return
        end_sessions(user=obj, reason=reason, now=timezone.now())  # noqa: TID251 - the admin is a view

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up themselves; members of staff are added by the command."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody without whom an account would have no owner."""
        return super().has_delete_permission(request, obj) and not (obj and is_last_owner(user=obj))


@admin.register(Account)
class AccountAdmin(NotesChanges, _WithMembers):
    list_display = ["name", "reference", "kind", "created_at", "closed_at"]
    ordering = ["name", "reference"]
    list_filter = ["kind", "country"]
    search_fields = ["name", "reference", "vat_number"]
    fieldsets = [
        (None, {"fields": ["reference", "kind", "name", "language"]}),
        (_("On bills"), {"fields": ["street", "postcode", "city", "country", "vat_number", "registration", "purchase_order"]}),
        (_("Life"), {"fields": ["billing_email", "created_at", "closed_at"]}),
    ]
    # Closing is more than a date: see the actions.
    readonly_fields = ["created_at", "closed_at"]
    inlines = [_OfAccount, VatChecks, Changes]
    actions = ["close", "open_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Test accounts have pages of their own: nobody is a member of one, and nothing is known of anybody in it."""
        found: QuerySet[Account] = super().get_queryset(request)
        return found.filter(is_test=False)

    @admin.action(description=_("Close the selected accounts"), permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        done = [close_account(account=account, now=timezone.now()) for account in queryset.filter(closed_at=None)]  # noqa: TID251
        self.message_user(
            request,
            ngettext("%(count)d account is closed.", "%(count)d accounts are closed.", len(done)) % {"count": len(done)},
            messages.SUCCESS,
        )

    @admin.action(description=_("Open the selected accounts again"), permissions=["change"])
    def open_again(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """Keys stay revoked: whoever holds one may have been meant by the closing."""
        now = timezone.now()  # noqa: TID251 - the admin is a view
        with transaction.atomic():
            closed = list(queryset.filter(closed_at__isnull=False).select_for_update())
            queryset.filter(pk__in=[account.pk for account in closed]).update(closed_at=None)
            tell_opened(accounts=closed, now=now, again=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts begin with a sign-up or an import."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Account | None = None) -> bool:
        """An account is closed, never deleted: its bills stay."""
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):  # type: ignore[misc]
    """Only to look at: a key is made and revoked by the command, which shows it once."""

    list_display = ["name", "start", "account", "scopes", "created_at", "last_used_at", "revoked_at"]
    search_fields = ["name", "start"]
    fields = ["name", "start", "account", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False
