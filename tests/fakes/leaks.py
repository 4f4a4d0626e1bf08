"""The product's settings and routes with a few more routes, each of which does one thing that no page of ours may do.

``tests/flows/test_what_pages_do.py`` serves a console with these settings and sees that it would notice each of them.
"""

from collections.abc import Callable

from bonafide.settings import *  # noqa: F403
from bonafide.settings import MIDDLEWARE

MIDDLEWARE = ["tests.fakes.leaks.LeakMiddleware", *MIDDLEWARE]
ROOT_URLCONF = "tests.fakes.leaking_urls"
STRANGER = "http://127.0.0.1:9"  # nobody listens there: what counts is that a browser tries


class LeakMiddleware:
    """Outermost, where the product's own guards come too late."""

    def __init__(self, get_response: Callable) -> None:  # type: ignore[type-arg]
        self.get_response = get_response

    def __call__(self, request):  # type: ignore[no-untyped-def]
        response = self.get_response(request)
        if request.path == "/leak/cookie":
            response.set_cookie("_ga", "1", secure=True, httponly=True, samesite="Lax")
        if request.path == "/leak/long":
            response.set_cookie("__Host-language", "en", max_age=10 * 365 * 86400, secure=True, httponly=True, samesite="Lax")
        if request.path == "/leak/open":
            response.set_cookie("__Host-language", "en", max_age=60, secure=True)
        if request.path == "/leak/header":
            del response.headers["Referrer-Policy"]
        return response
