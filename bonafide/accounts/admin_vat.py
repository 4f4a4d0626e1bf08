"""What staff see on an account of VIES's answers and of who changed what; nobody adds, changes or deletes any of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline

from bonafide.accounts.change_company import FIELDS
from bonafide.accounts.models import Account, AccountChange, VatCheck


class _OnlyToRead(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NotesChanges:
    """For the page of an account: what staff correct is noted as what its members change."""

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        changed = [name for name in FIELDS if name in form.changed_data]
        if changed:
            now = timezone.now()  # noqa: TID251 - the admin is a view
            AccountChange.objects.create(account=obj, by_id=request.user.pk, at=now, fields=changed)


class VatChecks(_OnlyToRead):
    model = VatCheck
    fields = ["asked_at", "number", "outcome", "name", "consultation_number", "detail"]


class Changes(_OnlyToRead):
    model = AccountChange
    fields = ["at", "by", "fields"]
