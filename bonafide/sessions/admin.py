"""Staff look at sessions and sign-ins, and end sessions. What a session holds and opens is shown to nobody."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from bonafide.sessions.end import end_sessions
from bonafide.sessions.models import Reason, Session, SignIn
from bonafide.sessions.words import client_words, way_words

MOST_AT_ONCE = 200  # one by one; the other action ends any number in one statement a person
NEVER_SHOWN = ("data", "key_hash")


class _LookOnly(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows of a person with their browser; neither added, changed nor deleted here."""

    list_per_page = 50
    search_fields = ["user__username", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("browser"), ordering="browser")
    def client(self, row: Session | SignIn) -> str:
        return client_words(row.browser, row.system)

    @admin.display(description=_("how"), ordering="how")
    def way(self, row: Session | SignIn) -> str:
        return way_words(row.how)


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Open")), ("no", _("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        return queryset if self.value() is None else queryset.filter(ended_at__isnull=self.value() == "yes")


@admin.register(Session)
class SessionAdmin(_LookOnly):
    """People's sessions; what visitors' browsers hold is nobody's."""

    # Lists are shown without a reason: no address in them. A session's own page has it.
    list_display = ["user", "client", "created_at", "last_seen_at", "ended_at", "why"]
    list_filter = [OpenFilter, "staff"]
    list_select_related = ["user"]
    ordering = ["-last_seen_at"]
    fields = ["user", "client", "way", "created_at", "last_seen_at", "address", "address_seen_at", "ended_at", "why"]
    readonly_fields = fields
    actions = ["end_these", "end_all_of"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        found: QuerySet[Session] = super().get_queryset(request)
        return found.filter(user__isnull=False).defer(*NEVER_SHOWN)

    @admin.display(description=_("why"), ordering="end_reason")
    def why(self, row: Session) -> str:
        """As staff read it: what says "you" to the person means the person here."""
        return str(_("Ended by the person") if row.end_reason == Reason.ENDED_BY_USER else row.get_end_reason_display())

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever of the staff may change sessions may end them, and that is all the changing there is."""
        return bool(request.user.has_perm("console_sessions.change_session"))

    @admin.action(description=_("End these sessions"), permissions=["end"])
    def end_these(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        rows = list(queryset.filter(ended_at=None).select_related("user")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            line = _("More than %(most)d were chosen, and none ended. Choose “End every session of these people” instead.")
            self.message_user(request, line % {"most": MOST_AT_ONCE}, messages.ERROR)
            return
        self._end(request, [(row.user, row.pk) for row in rows])

    @admin.action(description=_("End every session of these people"), permissions=["end"])
    def end_all_of(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        people = get_user_model()._default_manager.filter(pk__in=queryset.order_by().values("user_id"))
        self._end(request, [(user, None) for user in people])

    def _end(self, request: HttpRequest, chosen: list[tuple[Any, UUID | None]]) -> None:
        """:param chosen: people, each with the id of the session to end; None for all of theirs."""
        now = timezone.now()  # noqa: TID251 - the admin is a view
        counts: dict[Any, int] = defaultdict(int)
        for user, only in chosen:
            counts[user] += end_sessions(user=user, reason=Reason.ENDED_BY_STAFF, now=now, only=only)
        for user, count in counts.items():
            self._note(request, user, count)
        ended = sum(counts.values())
        line = ngettext("%(count)d session ended.", "%(count)d sessions ended.", ended) % {"count": ended}
        self.message_user(request, line, messages.SUCCESS)

    @staticmethod
    def _note(request: HttpRequest, user: Any, count: int) -> None:
        """In the person's history in the back office: who ended how many."""
        staff = request.user.pk or 0  # never 0: nobody signed out gets here
        LogEntry.objects.log_actions(staff, [user], CHANGE, change_message=f"ended {count} sessions", single_object=True)


@admin.register(SignIn)
class SignInAdmin(_LookOnly):
    list_display = ["at", "user", "outcome"]
    list_filter = ["outcome"]
    list_select_related = ["user"]
    ordering = ["-at"]
    fields = ["at", "user", "outcome", "way", "client", "address"]
    readonly_fields = fields
