"""A session for each request: where it comes from, whether it is still alive, and that it was used."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions import middleware
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from bonafide.sessions.client import client_of
from bonafide.sessions.store import SessionStore


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's, with our store. A request whose session ended while it ran gets the sign-in page, and changes nothing."""

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
            return self._ended()
        session.touch()
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A view that found its own session ended, while it gave it another key, say."""
        return self._ended() if isinstance(exception, SessionInterrupted | UpdateError) else None

    @staticmethod
    def _ended() -> HttpResponse:
        response = HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
        response.delete_cookie(settings.SESSION_COOKIE_NAME, samesite="Lax")
        return response
