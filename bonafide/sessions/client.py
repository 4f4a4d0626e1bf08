"""From where a request comes: its address, as far as declared proxies vouch for it, and its browser as people name it."""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

LONGEST_AGENT = 512  # of a header that anybody may fill with megabytes; browsers stay far below
_NAME = 60
_LONGEST_ADDRESS = 120  # IPv6 in full with brackets, a zone and a port is below

log = logging.getLogger(__name__)
_said: set[str] = set()
_saying = threading.Lock()


@dataclass(frozen=True)
class Client:
    """``address`` is None where none can be told. ``browser`` and ``system`` are empty where they are not known."""

    address: str | None
    browser: str
    system: str


def client_of(request: HttpRequest) -> Client:
    browser, system = browser_and_system(_printable(request.headers.get("User-Agent", "")[:LONGEST_AGENT]))
    return Client(address=address_of(request), browser=browser, system=system)


def address_of(request: HttpRequest) -> str | None:
    """The address of who asks: the socket's, or with N declared proxies the Nth from the right of ``X-Forwarded-For``.

    Anything further left was written by whoever asks, and is believed by nobody.
    """
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    header = request.headers.get("X-Forwarded-For", "")
    if proxies == 0:
        if header:
            _warn("requests come with X-Forwarded-For, which is not believed: if a proxy of yours writes it, set network.proxies")
        return _plain(request.META.get("REMOTE_ADDR", ""))
    hops = header.rsplit(",", proxies)[-proxies:]
    if header.count(",") + 1 < proxies or not hops[0].strip():
        _warn(f"requests come with fewer addresses in X-Forwarded-For than network.proxies = {proxies}: their address is unknown")
        return None
    return _plain(hops[0])


def as_by_proxies() -> dict[str, str]:
    """What the declared proxies would add to a question that the console asks itself: it must not look as if one were missing."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    return {"X-Forwarded-For": ", ".join(["127.0.0.1"] * proxies)} if proxies else {}


def _warn(text: str) -> None:
    """Once a process, and without any address: logs are kept longer than addresses may be."""
    with _saying:
        if text in _said:
            return
        _said.add(text)
    log.warning(text)


def _plain(text: str) -> str | None:
    """One spelling of an address; without port or zone; an IPv4 one inside IPv6 as itself."""
    bare = text.strip()[:_LONGEST_ADDRESS]
    bare = re.sub(r"^\[(.+)\](:\d+)?$", r"\1", bare)
    bare = re.sub(r"^(\d+\.\d+\.\d+\.\d+):\d+$", r"\1", bare).partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@lru_cache(maxsize=1024)
def browser_and_system(agent: str) -> tuple[str, str]:
    """``("Firefox 145", "Windows")`` of a User-Agent header; empty texts for what it does not tell."""
    from ua_parser import parse

    found = parse(agent)
    browser = system = ""
    if found.user_agent:
        family = found.user_agent.family.removeprefix("Mobile ").removesuffix(" Mobile")
        browser = f"{family} {found.user_agent.major or ''}".strip()
    if found.os:
        system = {"Mac OS X": "macOS"}.get(found.os.family, found.os.family)
    return browser[:_NAME], system[:_NAME]


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
