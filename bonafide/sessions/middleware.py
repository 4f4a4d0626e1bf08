"""A session for each request: where it comes from, whether it is still alive, and that it was used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.sessions import middleware
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from bonafide.sessions.checks import sessions_can_be_ended
from bonafide.sessions.client import client_of
from bonafide.sessions.hold import SessionEnded, hold, is_left_out
from bonafide.sessions.models import Reason
from bonafide.sessions.store import SessionStore

LOOKS = ("GET", "HEAD", "OPTIONS", "TRACE")


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, with our store. A request whose session ended while it ran gets the sign-in page, and changes nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        """:raises ImproperlyConfigured: under settings with which sessions could not be ended, whichever server loads them."""
        super().__init__(get_response)
        for refusal in sessions_can_be_ended():
            raise ImproperlyConfigured(refusal.msg)

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        request.session = SessionStore(key, client=client_of(request))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        session = getattr(request, "session", None)
        if not isinstance(session, SessionStore):
            return response
        try:
            answer = super().process_response(request, response)
        except (SessionInterrupted, UpdateError):
            return to_sign_in()
        session.touch()
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A view that found its own session ended, while it gave it another key, say."""
        return to_sign_in() if isinstance(exception, SessionInterrupted | UpdateError) else None


class HoldMiddleware:
    """Whatever a signed-in person sends is one transaction, begun by looking whether their session is still alive.

    An answer of 500 and above undoes it. What only looks goes on as it is, and so does a view that holds by itself
    (``hold.holds_by_itself``). Comes right after Django's authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        try:
            known = request.user.is_authenticated
        except SessionInterrupted:  # after a change of the secret key Django gives a new key here, and the session has ended
            return to_sign_in()
        if not isinstance(session, SessionStore) or session.row is None or session.row.user_id is None:
            return self.get_response(request)
        if not known:  # the person was deactivated by other ways than ours: opening the login again must not revive this
            session.flush(Reason.DEACTIVATED)
            return self.get_response(request)
        if request.user.is_staff and not session.row.staff:  # signed in under the limits of customers
            session.flush(Reason.ENDED_BY_STAFF)
            return to_sign_in()
        if request.method in LOOKS or is_left_out(request):
            return self.get_response(request)
        try:
            with transaction.atomic():
                hold(request)
                response = self.get_response(request)
                if response.status_code >= 500:
                    transaction.set_rollback(True)
        except SessionEnded:
            return to_sign_in()
        return response


def to_sign_in() -> HttpResponse:
    """The cookie is left alone: another request of the same browser may have been given a good one meanwhile."""
    return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
