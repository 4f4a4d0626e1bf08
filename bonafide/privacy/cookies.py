"""The cookies this console may set, each with its purpose, and the guard that lets no other leave.

All of them are needed for what the person asked for, or keep a choice they made; none needs consent (French law 78-17 art. 82,
CNIL deliberation 2020-091).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cookie:
    """One cookie. ``seconds`` is the longest it stays in a browser; 0 is until the browser is closed."""

    name: str
    kind: Literal["needed", "preference"]
    purpose: str | Promise
    seconds: int


def declared() -> tuple[Cookie, ...]:
    """The inventory, under the names that the running configuration gives them."""
    return (
        Cookie(
            settings.SESSION_COOKIE_NAME,
            "needed",
            _("Recognises your browser while you are signed in, and on the way there."),
            settings.SESSION_COOKIE_AGE,
        ),
        Cookie(
            settings.CSRF_COOKIE_NAME,
            "needed",
            _("Keeps other sites from sending forms in your name."),
            settings.CSRF_COOKIE_AGE,
        ),
        Cookie(
            settings.BROWSER_COOKIE_NAME,
            "needed",
            _("Recognises your browser when you sign in again, so that we can warn you of a sign-in from another one."),
            settings.BROWSER_COOKIE_AGE,
        ),
        Cookie(settings.MESSAGES_COOKIE_NAME, "needed", _("Carries a notice from one page to the next."), 0),
        Cookie(
            settings.LANGUAGE_COOKIE_NAME,
            "preference",
            _("Keeps the language you chose."),
            settings.LANGUAGE_COOKIE_AGE,
        ),
    )


class CookieGuardMiddleware:
    """Takes every undeclared cookie, and one that would stay too long, out of the answer, and says so in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.longest = {cookie.name: cookie.seconds for cookie in declared()}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name in [name for name in response.cookies if not self._allowed(name, response)]:
            del response.cookies[name]
            logger.error("the cookie %r was stopped: it is not declared so in bonafide/privacy/cookies.py", name[:60])
        return response

    def _allowed(self, name: str, response: HttpResponse) -> bool:
        if name not in self.longest:
            return False
        age = response.cookies[name]["max-age"]
        return age == "" or int(age) <= self.longest[name]
