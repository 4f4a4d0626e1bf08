"""Which letters one gets and why, and refusing those that can be refused."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from bonafide.in_force import operator_now
from bonafide.mail.models import Letter, Refusal
from bonafide.mail.purposes import UndeclaredLetter, declared, purposes_said
from bonafide.mail.refuse import CannotRefuse, NoSuchLink, allow, read_link, refusable, refuse

SHOWN = 30
page_or_post = require_http_methods(["GET", "HEAD", "POST"])


@page_or_post
@login_required
def letters(request: HttpRequest) -> HttpResponse:
    """What we write, what of it can be refused, and what we wrote lately. POST refuses one sort, or takes that back."""
    user: Any = request.user
    if request.method == "POST":
        return _change(request, user)
    refused = {refusal.purpose: refusal for refusal in Refusal.objects.filter(user=user)}
    said = purposes_said(staff=user.is_staff)
    return render(
        request,
        "mail/settings_letters.html",
        {
            "optional": [{"purpose": purpose, "refused": refused.get(purpose.code)} for purpose in said if purpose.refusable],
            "always": [purpose for purpose in said if not purpose.refusable],
            "sent": [{"at": at, "name": _name_of(code)} for code, at in _last_letters(user)],
            "days": operator_now(now=timezone.now()).retention.letters_days,
        },
    )


def _change(request: HttpRequest, user: Any) -> HttpResponse:
    code = request.POST.get("purpose", "")
    try:
        name = {"name": refusable(code).name}
    except CannotRefuse:
        raise Http404 from None
    if request.POST.get("want") == "yes":
        allow(user_id=user.pk, purpose=code)
        messages.success(request, _("You get letters for “%(name)s” from now on.") % name)
    else:
        refuse(user_id=user.pk, purpose=code, how=Refusal.How.SETTINGS, now=timezone.now())
        messages.success(request, _("You get no more letters for “%(name)s”.") % name)
    return redirect("letters")


def _last_letters(user: Any) -> list[tuple[str, Any]]:
    return list(Letter.objects.sent_to(user).values_list("purpose", "ended_at")[:SHOWN])


def _name_of(code: str) -> Any:
    try:
        return declared(code).name
    except UndeclaredLetter:  # of a purpose that an older version had
        return code


@csrf_exempt  # RFC 8058: the reader's mail program sends it, without cookies; what it may do stands in the signed link
@never_cache
@page_or_post
def refuse_letters(request: HttpRequest, token: str) -> HttpResponse:
    """The link in a letter of information. Looking changes nothing, for mail programs look by themselves; POST refuses."""
    try:
        link = read_link(token)
    except NoSuchLink:
        return render(request, "mail/refuse_letters.html", {"state": "unknown"}, status=404)
    if request.method == "POST":
        refuse(user_id=link.user_id, purpose=link.purpose.code, how=Refusal.How.ONE_CLICK, now=timezone.now())
    done = Refusal.objects.filter(user=link.user_id, purpose=link.purpose.code).exists() or request.method == "POST"
    return render(request, "mail/refuse_letters.html", {"state": "done" if done else "open", "purpose": link.purpose})
