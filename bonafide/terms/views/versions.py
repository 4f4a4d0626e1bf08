"""The terms as they hold, every earlier version, and what changed between two."""

from __future__ import annotations

import json
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bonafide.documents.typeset import typeset
from bonafide.terms.acceptance import accept, shown, version_to_accept
from bonafide.terms.clauses import said
from bonafide.terms.models import Change, Version
from bonafide.terms.versions import changes_between
from bonafide.web.templatetags.web import language, written_day

CHIPS = {Change.LOOSER: "soon", Change.TIGHTER: "kept", Change.WORDING: "note", Change.FIRST: "plain"}


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The version in force; before the first was made (a console that never served), what it will say."""
    now = timezone.now()
    holding = Version.objects.in_force(now)
    if holding is None:
        return render(request, "terms/terms.html", {"clauses": said(settings.OPERATOR, language())})
    return _page(request, holding, holding=holding, now=now)


@require_safe
def version(request: HttpRequest, number: int) -> HttpResponse:
    """Any version, as it was published."""
    now = timezone.now()
    return _page(request, _version(number), holding=Version.objects.in_force(now), now=now)


def _page(request: HttpRequest, told: Version, *, holding: Version | None, now: datetime) -> HttpResponse:
    asked = None
    if request.user.is_authenticated and told == holding:
        asked = version_to_accept(user=request.user, now=now)
        if asked:
            shown(user=request.user, version=told, now=now)
    given = {
        "clauses": told.clauses(language()),
        "version": told,
        "holding": holding,
        "pending": Version.objects.pending(now),
        "asked": asked,
        "versions": Version.objects.order_by("-number").only("number", "made_at", "effective_at", "change"),
    }
    return render(request, "terms/terms.html", given)


@require_safe
def version_pdf(request: HttpRequest, number: int) -> HttpResponse:
    """A version on paper, the same bytes each time."""
    told = _version(number)
    data = {
        "language": language(),
        "title": _("Terms of service"),
        "operator": settings.OPERATOR.identity.trade_name,
        "subtitle": _("Version %(number)d, in force from %(day)s")
        % {"number": told.number, "day": written_day(told.effective_at.astimezone(settings.OPERATOR.zone).date())},
        "clauses": told.clauses(language()),
    }
    pdf = typeset(template="terms.typ", data=json.dumps(data, ensure_ascii=False), timestamp=told.made_at)
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="terms-{told.number}-{language()}.pdf"'},
    )


@require_safe
def changes(request: HttpRequest, before: int, after: int) -> HttpResponse:
    """What changed from one version to a later one, clause by clause."""
    if before >= after:
        raise Http404
    old, new = _version(before), _version(after)
    found = [{"change": change, "chip": CHIPS[change.way]} for change in changes_between(old, new, language())]
    return render(request, "terms/changes.html", {"before": old, "after": new, "changes": found})


@require_POST
@login_required
def accept_terms(request: HttpRequest) -> HttpResponse:
    """The person accepts the version that they were shown; an older or unknown one is not there."""
    number = request.POST.get("version", "")
    if not (number.isdecimal() and len(number) < 9 and accept(user=request.user, number=int(number), now=timezone.now())):
        raise Http404
    onward = request.POST.get("next", "")
    return redirect(onward if url_has_allowed_host_and_scheme(onward, allowed_hosts=None) else "/")


def _version(number: int) -> Version:
    found = Version.objects.filter(number=number).first()
    if found is None:
        raise Http404
    return found
