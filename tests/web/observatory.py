"""How Mozilla's HTTP Observatory scores a page: its published rules, for what a console behind a proxy can get wrong.

Rules and points: https://github.com/mdn/mdn-http-observatory, ``src/analyzer/tests`` and ``src/grader/charts.js``, algorithm 5. A
page begins with 100; bonuses count only from 90 on. Left out is what no answer of ours decides: the certificate and whether the
host is in the browsers' preload list (5 more points), and the redirection from http to https, which is the proxy's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlsplit

BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
UNSAFE_INLINE = {"'unsafe-inline'", "data:"}
SIX_MONTHS = 15_552_000  # seconds; as the Observatory counts them
FOR_BONUSES = 90
GRADES = [(100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-"), (25, "D")]


@dataclass(frozen=True)
class Page:
    """An answer over https; names of headers in lower case."""

    headers: dict[str, str]
    set_cookies: tuple[str, ...] = ()
    body: str = ""

    @property
    def policy(self) -> dict[str, set[str]]:
        parts = [part.split() for part in self.headers.get("content-security-policy", "").split(";") if part.strip()]
        return {name.lower(): set(sources) for name, *sources in parts}

    def sources(self, directive: str) -> set[str]:
        return self.policy.get(directive, self.policy.get("default-src", {"*"}))


def content_security_policy(page: Page) -> int:
    policy, scripts, styles = page.policy, page.sources("script-src"), page.sources("style-src")
    passive = page.sources("img-src") | page.sources("media-src")
    active = {s for name, sources in policy.items() if name not in ("img-src", "media-src") for s in sources}
    if not policy:
        return -25
    if scripts & (BROAD | UNSAFE_INLINE) or page.sources("object-src") & BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return -20
    if "'unsafe-eval'" in scripts | styles or any(source.startswith(("http:", "ftp:")) for source in passive):
        return -10
    if styles & (BROAD | UNSAFE_INLINE):
        return 0
    return 10 if policy.get("default-src") == {"'none'"} else 5


def cookies(page: Page) -> int:
    """With HSTS, without which more points would be lost; see ``strict_transport_security``."""
    given: list[Morsel[str]] = [morsel for line in page.set_cookies for morsel in SimpleCookie(line).values()]
    worst = 5 if given else 0
    for cookie in given:
        name, same_site = cookie.key.lower(), cookie["samesite"].lower()
        of_session = "sess" in name or "login" in name
        if of_session and not cookie["httponly"]:
            worst = min(worst, -30)
        if same_site not in ("", "lax", "strict", "none") or (same_site == "none" and not cookie["secure"]):
            worst = min(worst, -20)
        if "csrf" in name and not same_site:
            worst = min(worst, -20)
        if not cookie["secure"]:
            worst = min(worst, -10 if of_session else -5)
        if not same_site:
            worst = min(worst, 0)
    return worst


def cross_origin_resource_sharing(page: Page) -> int:
    """Asked with an Origin of another site: mirrored, with credentials, it would let that site read."""
    allowed, credentials = (
        page.headers.get("access-control-allow-origin", ""),
        page.headers.get("access-control-allow-credentials"),
    )
    return -50 if allowed not in ("", "*") and credentials == "true" else 0


def cross_origin_resource_policy(page: Page) -> int:
    value = page.headers.get("cross-origin-resource-policy")
    return {None: 0, "same-origin": 10, "same-site": 10, "cross-origin": 0}.get(value, -5)


def referrer_policy(page: Page) -> int:
    if "referrer-policy" not in page.headers:
        return 0
    good = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    return 5 if page.headers["referrer-policy"].split(",")[-1].strip() in good else -5


def strict_transport_security(page: Page) -> int:
    found = re.search(r"max-age=(\d+)", page.headers.get("strict-transport-security", ""))
    if not found:
        return -20
    return 0 if int(found[1]) >= SIX_MONTHS else -10


def subresource_integrity(page: Page) -> int:
    """Relative addresses are of our origin, and with ``integrity`` they earn a bonus."""
    scripts = _Scripts()
    scripts.feed(page.body)
    worst = 5 if any(integrity for _address, integrity in scripts.found) else 0
    for address, integrity in scripts.found:
        there = urlsplit(address)
        if there.netloc and there.scheme != "https":
            worst = min(worst, -20 if integrity else -50)
        elif there.netloc and not integrity:
            worst = min(worst, -5)
    return worst


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and given.get("src"):
            self.found.append((given["src"] or "", given.get("integrity") or ""))


def content_type_options(page: Page) -> int:
    return 0 if page.headers.get("x-content-type-options") == "nosniff" else -5


def frame_options(page: Page) -> int:
    if "frame-ancestors" in page.policy:
        return 5
    return 0 if page.headers.get("x-frame-options", "").lower() in ("deny", "sameorigin") else -20


RULES: tuple[Callable[[Page], int], ...] = (
    content_security_policy,
    cookies,
    cross_origin_resource_sharing,
    cross_origin_resource_policy,
    referrer_policy,
    strict_transport_security,
    subresource_integrity,
    content_type_options,
    frame_options,
)


@dataclass(frozen=True)
class Score:
    points: int
    grade: str
    by_rule: dict[str, int]


def score(page: Page) -> Score:
    by_rule = {rule.__name__: rule(page) for rule in RULES}
    lost = 100 + sum(points for points in by_rule.values() if points < 0)
    points = max(0, 100 + sum(by_rule.values()) if lost >= FOR_BONUSES else lost)
    return Score(points, next((grade for least, grade in GRADES if points >= least), "F"), by_rule)
