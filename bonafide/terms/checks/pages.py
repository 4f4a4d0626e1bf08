"""Pages: who they name, what they load, which cookies they leave."""

from __future__ import annotations

from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.utils.module_loading import import_string

from bonafide.operator import Operator
from bonafide.privacy.cookies import declared as declared_cookies
from bonafide.terms.checks.trying import OPEN_PAGES, canary, get, new_browser, nothing_stays, silent
from bonafide.terms.finding import Finding

GUARD = "bonafide.privacy.cookies.CookieGuardMiddleware"


def operator_is_named(operator: Operator, now: datetime) -> Finding:
    """The legal notice really names the operator and the host as the operator's file does."""
    page = get(new_browser(), "/legal").content.decode()
    shown = [operator.identity.legal_name, operator.identity.registration, operator.hosting.host_name, operator.hosting.region]
    missing = [value for value in shown if escape(value) not in page]
    return Finding({"values": len(shown)}, f"the legal notice does not show {missing[0]!r}" if missing else "")


class _Loads(HTMLParser):
    """What a page makes a browser fetch by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "img", "iframe", "audio", "video", "source", "embed", "object", "track", "input"):
            self.addresses += [values[name] for name in ("src", "data", "poster") if name in values]
        if tag == "link" and values.get("rel", "").lower() not in ("canonical", "alternate", "author", "license"):
            self.addresses.append(values.get("href", ""))
        if tag == "script" and "src" not in values and values.get("type", "") != "application/json":
            self.inline += 1


def pages_load_only_from_here(operator: Operator, now: datetime) -> Finding:
    """The pages that everybody and a signed-in person can open load nothing from another host, and forbid it to browsers."""
    seen = loads = 0
    fault = ""
    with nothing_stays():
        signed_in = new_browser()
        signed_in.force_login(canary())
        tries = [(new_browser(), path) for path in OPEN_PAGES] + [(signed_in, path) for path in ("/", "/usage", "/bills")]
        for browser, path in tries:
            answer = get(browser, path)
            if answer.status_code != 200:
                fault = f"{path} answered {answer.status_code}, so it could not be read"
                break
            parser = _Loads()
            parser.feed(answer.content.decode())
            elsewhere = [address for address in parser.addresses if urlsplit(address).netloc]
            policy = answer.headers.get("Content-Security-Policy", "")
            seen, loads = seen + 1, loads + len(parser.addresses)
            if elsewhere:
                fault = f"{path} loads from {urlsplit(elsewhere[0]).netloc}"
            elif parser.inline:
                fault = f"{path} carries an inline script"
            elif not _keeps_browsers_here(policy):
                fault = f"{path} does not forbid browsers to load from elsewhere"
            if fault:
                break
    return Finding({"pages": seen, "loads": loads}, fault)


def _keeps_browsers_here(policy: str) -> bool:
    """Whether it lets nothing load from another host; where a form's button leads to (``form-action``) is not loaded."""
    rules = [rule.strip() for rule in policy.split(";")]
    loads = [rule for rule in rules if not rule.startswith(("form-action ", "upgrade-insecure-requests"))]
    return "default-src 'none'" in rules and not any("http" in rule or "*" in rule for rule in loads)


def cookies_are_declared(operator: Operator, now: datetime) -> Finding:
    """Signing in, choosing a language and looking around leaves only declared cookies; and the guard stops any other."""
    names = {cookie.name for cookie in declared_cookies()}
    found: set[str] = set()
    with nothing_stays():
        browser = new_browser()
        for path in OPEN_PAGES:
            found |= set(get(browser, path).cookies)
        found |= set(browser.post("/language", {"language": "fr"}, secure=settings.SECURE).cookies)
        browser.force_login(canary())
        found |= set(browser.cookies)
        for path in ("/", "/usage", "/bills", "/account/password/change/"):
            found |= set(get(browser, path).cookies)
    strange = sorted(found - names)
    seen = {"cookies": len(found), "declared": len(names)}
    if not found:
        return Finding(seen, "no cookie was seen at all, so nothing was tried")
    if strange:
        return Finding(seen, f"the cookie {strange[0]!r} is not declared")
    return Finding(seen, "" if _guard_stops("canary") else "an undeclared cookie would leave: the guard let one through")


def _guard_stops(name: str) -> bool:
    """Whether an answer with an undeclared cookie loses it on its way through the middleware that is really installed."""
    if GUARD not in settings.MIDDLEWARE:
        return False

    def with_canary(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response.set_cookie(name, "1")
        return response

    with silent("bonafide.privacy.cookies"):
        return name not in import_string(GUARD)(with_canary)(HttpRequest()).cookies
