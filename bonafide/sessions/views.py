"""A person's sessions and sign-ins: seeing them, ending them, and the receipt."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.in_force import operator_now
from bonafide.periods import months_after
from bonafide.sessions.end_own import Ending, end_own, try_again
from bonafide.sessions.inventory import oldest_address
from bonafide.sessions.listing import ended_sessions, open_sessions, sign_ins_of
from bonafide.sessions.models import Session

PER_PAGE = 25
ENDED_AT_ONCE = 20
ENDING = "sessions_ended"  # in the session: what the receipt is about

SEE_AND_SEND = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in, where they lately were, and what we keep about it."""
    now = timezone.now()
    mine = open_sessions(user=request.user, now=now, limits=settings.OPERATOR.sessions, current=_current(request).pk)
    page = Paginator(mine, PER_PAGE).get_page(request.GET.get("page"))
    ended = ended_sessions(user=request.user, now=now)
    ended_in_all = ended.count()
    oldest = oldest_address(user=request.user)
    months = operator_now(now=now).retention.ip_months
    return render(
        request,
        "sessions/sessions.html",
        {
            "page": page,
            "others": page.paginator.count - 1,
            "ended": ended[:ENDED_AT_ONCE],
            "ended_more": max(ended_in_all - ENDED_AT_ONCE, 0),
            "oldest": oldest,
            "oldest_days": (now - oldest).days if oldest else 0,
            "months": months,
            "gone": months_after(oldest, months, settings.OPERATOR.zone) if oldest else None,
            "now": now,
        },
    )


@SEE_AND_SEND
@login_required
def end_one(request: HttpRequest, pk: Any) -> HttpResponse:
    """Ask, then end; another person's session is not there, whoever has confirmed what."""
    row = get_object_or_404(Session.objects.of(request.user), pk=pk)
    if row.pk == _current(request).pk:
        return redirect("account_logout")
    answer: HttpResponse = _end_one(request, row)
    return answer


@reauthentication_required
def _end_one(request: HttpRequest, row: Session) -> HttpResponse:
    if request.method == "POST":
        return _ended(request, end_own(user=request.user, now=timezone.now(), only=row))
    if row.ended_at:
        messages.info(request, _("That session had ended already."))
        return redirect("sessions")
    return render(request, "sessions/end_one.html", {"row": row, "now": timezone.now()})


@SEE_AND_SEND
@login_required
@reauthentication_required
def end_others(request: HttpRequest) -> HttpResponse:
    """Ask, then end every session but this one."""
    now = timezone.now()
    if request.method == "POST":
        return _ended(request, end_own(user=request.user, now=now, keep=request.session.session_key))
    others = Session.objects.of(request.user).alive(now=now, limits=settings.OPERATOR.sessions)
    return render(request, "sessions/end_others.html", {"others": others.exclude(pk=_current(request).pk).count()})


def _ended(request: HttpRequest, ending: Ending) -> HttpResponse:
    """To the receipt, which reloading shows again without ending anything again."""
    request.session[ENDING] = {**asdict(ending), "at": ending.at.isoformat()}
    return redirect("session_receipt")


@require_safe
@login_required
def receipt(request: HttpRequest) -> HttpResponse:
    """How many sessions ended, and what their old cookies open now: they are tried each time this is shown."""
    kept = request.session.get(ENDING)
    if not kept:
        return redirect("sessions")
    ending = Ending(ended=kept["ended"], at=datetime.fromisoformat(kept["at"]), ids=tuple(kept["ids"]))
    return render(request, "sessions/receipt.html", {"receipt": try_again(user=request.user, ending=ending)})


@require_safe
@login_required
def sign_ins(request: HttpRequest) -> HttpResponse:
    """Every try to sign in as this person, failures included."""
    page = Paginator(sign_ins_of(user=request.user), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "sessions/sign_ins.html", {"page": page})


def _current(request: HttpRequest) -> Session:
    row: Session = request.session.row  # type: ignore[attr-defined]  # there once somebody is signed in
    return row
