"""The headers on every answer: nothing loads from another host, nothing is framed, no script runs inline."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Browsers apply form-action to where a form's answer redirects, too: the button of a provider leads there.
_PROVIDERS = [origin for provider in settings.OPERATOR.sign_in.providers for origin in provider.origins_allowed]
# The same for the button that leads to Stripe's page.
STRIPE_PAGE = "https://checkout.stripe.com"
if settings.STRIPE_API_URL:
    STRIPE_PAGE = "{0.scheme}://{0.netloc}".format(urlsplit(settings.STRIPE_API_URL))
_STRIPE = [STRIPE_PAGE] if settings.OPERATOR.stripe.enabled else []
FORMS_LEAD_TO = " ".join(dict.fromkeys(["'self'", *_PROVIDERS, *_STRIPE]))
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    f"connect-src 'self'; form-action {FORMS_LEAD_TO}; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
# The back office is django-unfold's: its Alpine.js evaluates the expressions in its templates' attributes and writes style
# attributes as it goes. Its pages are for staff alone, and even there nothing comes from another host and no inline script runs.
STAFF_PATH = "/staff/"
STAFF_POLICY = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = STAFF_POLICY if request.path.startswith(STAFF_PATH) else CONTENT_SECURITY_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if settings.SECURE_HSTS_SECONDS:
            # Django's own would wait for a request that came by https; ours come from the proxy that speaks it, by http.
            response.headers.setdefault("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            # What a signed-in person sees is left behind in no cache, theirs included: "back" after signing out shows nothing.
            response.headers["Cache-Control"] = "no-store"
        return response
