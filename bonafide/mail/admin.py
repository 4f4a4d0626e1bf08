"""The back office of letters: announcements are written, seen, approved and followed; what left is only looked at."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from bonafide.mail.announce import CannotApprove, approve, progress, send_preview
from bonafide.mail.models import Announcement, Letter, Refusal
from bonafide.mail.refuse import refuse
from bonafide.mail.tasks import send_soon


@admin.register(Announcement)
class AnnouncementAdmin(ModelAdmin):  # type: ignore[misc]
    """One letter to many. It is saved as a draft; the buttons beside that send a preview, and approve what was seen there."""

    list_display = ["subject_en", "purpose", "audience", "created_at", "state"]
    ordering = ["-created_at"]
    fields = ["purpose", "audience", "subject_en", "body_en", "subject_fr", "body_fr", "state", "approved_by"]
    readonly_fields = ["state", "approved_by"]
    actions_submit_line = ["preview", "let_go"]

    @admin.display(description=_("state"))
    def state(self, announcement: Announcement) -> str:
        if announcement.approved_at is None:
            return gettext("Draft")
        known = vars(progress(announcement))
        if announcement.sent_at is None and not announcement.filled_at:
            return gettext("Approved; %(ended)d letters are done, and more are being written") % known
        if announcement.sent_at is None:
            return gettext("On its way: %(ended)d of %(people)d letters are done") % known
        return gettext("Sent: %(reached)d of %(people)d letters left") % known

    @action(description=_("Save and send me the preview"))
    def preview(self, request: HttpRequest, obj: Announcement) -> None:
        send_preview(announcement=obj, to=request.user, now=timezone.now())  # noqa: TID251 - the admin is a view
        self.message_user(request, _("The preview is on its way to you, in English and in French."), messages.SUCCESS)

    @action(description=_("Approve what I saw"))
    def let_go(self, request: HttpRequest, obj: Announcement) -> None:
        try:
            approve(announcement=obj, by=request.user, now=timezone.now())  # noqa: TID251 - the admin is a view
        except CannotApprove as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            send_soon()
            self.message_user(
                request, _("Approved. The letters leave in the background; see here how far they are."), messages.SUCCESS
            )

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        obj.created_at = obj.created_at or timezone.now()  # noqa: TID251 - the admin is a view
        super().save_model(request, obj, form, change)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The buttons; none once it is approved."""
        if Announcement.objects.filter(pk=object_id, approved_at__isnull=False).exists():
            return []
        return list(super().get_actions_submit_line(request, object_id))

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Until it is approved."""
        return super().has_change_permission(request, obj) and not (obj and obj.approved_at)

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.approved_at)


@admin.register(Refusal)
class RefusalAdmin(ModelAdmin):  # type: ignore[misc]
    """Who refused what. Staff enter a refusal for somebody who asks them to; it is taken back by its owner alone."""

    list_display = ["user", "purpose", "how", "since"]
    list_filter = ["purpose", "how"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]
    ordering = ["-since"]
    fields = ["user", "purpose"]
    autocomplete_fields = ["user"]

    def save_model(self, request: HttpRequest, obj: Refusal, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        now = timezone.now()  # noqa: TID251 - the admin is a view
        refuse(user_id=obj.user_id, purpose=obj.purpose, how=Refusal.How.STAFF, now=now)
        obj.pk = Refusal.objects.get(user_id=obj.user_id, purpose=obj.purpose).pk

    def has_change_permission(self, request: HttpRequest, obj: Refusal | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Refusal | None = None) -> bool:
        return False


@admin.register(Letter)
class LetterAdmin(ModelAdmin):  # type: ignore[misc]
    """Which letters wait, left or were given up: what for, to whom, when. What they say is not shown."""

    list_display = ["user", "purpose", "at", "ended_at", "outcome"]
    list_filter = ["outcome", "purpose"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email"]
    ordering = ["-at"]
    fields = ["user", "account", "purpose", "at", "ended_at", "outcome", "attempts"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Letter | None = None) -> bool:
        return False
