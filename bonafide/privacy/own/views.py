"""Where people have themselves erased and take a copy of what we hold; and where staff do the first for them."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bonafide.accounts.models import Account, Membership, User
from bonafide.in_force import operator_now
from bonafide.operator import Operator
from bonafide.privacy import reasons
from bonafide.privacy.ask_to_erase import ask_to_erase, withdraw_erasure
from bonafide.privacy.erase import CannotErase, refuse_account, refuse_person
from bonafide.privacy.erase_rows import count_rows
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.keeps import Whom, keeps_on
from bonafide.privacy.models import Erasure
from bonafide.privacy.own.export import export_of
from bonafide.privacy.subjects import Whose
from bonafide.sign_in.factors.staff import has_staff_power

SEE_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])


@SEE_AND_SEND
@login_required
@reauthentication_required
def erase(request: HttpRequest) -> HttpResponse:
    """What goes, what stays and until when; POST asks for it and signs the person out everywhere."""
    user: Any = request.user
    now = timezone.now()
    operator = operator_now(now=now)
    hindrance = _hindrance(Whom(person=user.pk))
    if request.method == "POST" and not hindrance:
        row = ask_to_erase(whom=Whom(person=user.pk), by=Erasure.By.THEMSELVES, operator=operator, now=now)
        logout(request)
        return render(request, "privacy/erasure_asked.html", {"due_at": row.due_at})
    mine = Membership.objects.filter(user=user).select_related("account").order_by("account__name")
    return render(
        request,
        "privacy/erase.html",
        {
            **_summary(Whom(person=user.pk), operator=operator, now=now),
            "hindrance": hindrance,
            "accounts": [membership.account for membership in mine],
            "days": operator.retention.erasure_pause_days,
        },
    )


@SEE_AND_SEND
@login_required
@never_cache
@reauthentication_required
def export(request: HttpRequest) -> HttpResponseBase:
    """A page that says what is in the file; POST gives it."""
    user: Any = request.user
    if request.method == "POST":
        now = timezone.now()
        language, today = get_language() or settings.LANGUAGE_CODE, timezone.localdate(now)
        pieces = export_of(person_id=user.pk, now=now, today=today, language=language)
        answer = StreamingHttpResponse(pieces, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{timezone.localtime(now):%Y-%m-%d}-{user.pk}.json"'
        return answer
    return render(request, "privacy/export.html")


@SEE_AND_SEND
@login_required
def erase_for(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Staff, for a person or a closed account that asked them. The reason that opened the record is the erasure's."""
    if not has_staff_power(request) or what not in ("person", "account"):
        raise Http404
    if not request.user.has_perm("privacy.add_erasure"):
        raise PermissionDenied
    thing: Any = get_object_or_404(User if what == "person" else Account, pk=pk)
    whom, whose = (Whom(person=pk), Whose(person=pk)) if what == "person" else (Whom(account=pk), Whose(account=pk))
    page = reverse(f"admin:accounts_{'user' if what == 'person' else 'account'}_change", args=[pk])
    now = timezone.now()
    operator = operator_now(now=now)
    reason = reasons.given(request.session, whose=[whose], now=now)
    if not reason:
        return redirect(f"{reverse('reason')}?{urlencode({'next': page})}")
    waiting = Erasure.objects.waiting().filter(person=whom.person, account=whom.account).first()
    hindrance = "" if waiting else _hindrance(whom)
    if request.method == "POST" and waiting:
        withdraw_erasure(whom=whom, now=now)
        messages.success(request, _("The erasure is withdrawn."))
        return redirect(page)
    if request.method == "POST" and not hindrance:
        ask_to_erase(whom=whom, by=Erasure.By.STAFF, operator=operator, now=now, staff=request.user, reason=reason)
        messages.success(request, _("It is erased after the pause, unless the person signs in."))
        return redirect(page)
    given = {"thing": thing, "page": page, "reason": reason, "hindrance": hindrance, "waiting": waiting}
    return render(
        request,
        "privacy/erase_for.html",
        {**_summary(whom, operator=operator, now=now), **given, "days": operator.retention.erasure_pause_days},
    )


def _hindrance(whom: Whom) -> str:
    """What has to be done first, in words; empty when nothing."""
    try:
        if whom.person is not None:
            refuse_person(person_id=whom.person)
        else:
            refuse_account(account_id=whom.pk)
    except CannotErase as refusal:
        return str(refusal)
    return ""


def _summary(whom: Whom, *, operator: Operator, now: datetime) -> dict[str, Any]:
    """How much of what goes, and what stays on which basis until when."""
    keeps = keeps_on(whom=whom, operator=operator, now=now)
    going, staying = count_rows(whom=whom, tables=TABLES, keeps=keeps)
    return {"going": [(kind.label, rows) for kind, rows in going.items()], "staying": staying}
