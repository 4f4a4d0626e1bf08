"""Choosing an account, choosing a language."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from bonafide.accounts.current import SESSION_KEY


@require_POST
@login_required
def switch_account(request: HttpRequest) -> HttpResponse:
    """Act for another of one's accounts from now on; anybody else's is not there."""
    reference = request.POST.get("account", "")
    for membership in request.memberships:  # type: ignore[attr-defined]
        if membership.account.reference == reference:
            request.session[SESSION_KEY] = membership.account_id
            return redirect("/")
    raise Http404


@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Remember the language in a cookie, and with the person when somebody is signed in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        request.user.language = chosen
        request.user.save(update_fields=["language"])
    return set_language(request)
