"""Asking who one is before something sensitive, and going on where one was.

allauth keeps the request that was interrupted in the session, cookies, address and typed passwords included, and runs it after
the confirmation. Here only what was pressed is kept; the rest is taken from the request that confirms. A form with a secret in it
is filled in again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

SECRETS = frozenset({"password", "password1", "password2", "oldpassword", "code", "credential"})
NOT_KEPT = "csrfmiddlewaretoken"


class ConfirmingMiddleware:
    """Stands behind allauth's own middleware, so that it hears first that a confirmation is needed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        if not methods:
            return None  # nobody is signed in, or they have nothing to confirm with: allauth's answer stands
        request.session.pop(STATE_SESSION_KEY, None)
        if request.method == "POST" and not SECRETS & set(request.POST):
            request.session[STATE_SESSION_KEY] = {"request": _pressed(request)}
        return HttpResponseRedirect(f"{methods[0]['url']}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")


def _pressed(request: HttpRequest) -> str:
    fields = request.POST.copy()
    fields.pop(NOT_KEPT, None)
    kept = {"path": request.path, "path_info": request.path_info, "method": "POST", "GET": request.GET.urlencode()}
    return json.dumps({**kept, "POST": fields.urlencode(), "scheme": request.scheme, "META": {}})


def ask_who_has_nothing_to_confirm_with(request: HttpRequest, *, now: datetime) -> None:
    """Somebody who comes by a provider and has neither password nor second factor: allauth would let everything pass.

    They confirm by having signed in lately.

    :raises ImmediateHttpResponse: leading to the page that asks them to sign in again.
    """
    if not request.user.is_authenticated or get_adapter().get_reauthentication_methods(request.user):
        return
    latest = max((record["at"] for record in get_authentication_records(request, request.user)), default=0)
    if now.timestamp() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        going = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
        raise ImmediateHttpResponse(HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{going}"))


class Resuming:
    """Of a view that confirms: what was pressed before goes on as a request of now, from here."""

    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        state = self.request.session.get(STATE_SESSION_KEY) or {}
        if "request" in state:
            pressed = json.loads(state["request"])
            live = {name: value for name, value in self.request.META.items() if isinstance(value, str)}
            live |= {"REQUEST_METHOD": "POST", "PATH_INFO": pressed["path_info"], "QUERY_STRING": pressed["GET"]}
            # allauth takes it out again in this very request, before the session is saved.
            self.request.session[STATE_SESSION_KEY] = {"request": json.dumps({**pressed, "META": live})}
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response
