"""From where a request comes: its address, as far as declared proxies vouch for it, and its browser as people name it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

LONGEST_AGENT = 512  # of a header that anybody may fill with megabytes; browsers stay far below
_NAME = 60


@dataclass(frozen=True)
class Client:
    """``address`` is None where none can be told. ``browser`` and ``system`` are empty where they are not known."""

    address: str | None
    browser: str
    system: str


def client_of(request: HttpRequest) -> Client:
    browser, system = browser_and_system(request.headers.get("User-Agent", "")[:LONGEST_AGENT])
    return Client(address=address_of(request), browser=browser, system=system)


def address_of(request: HttpRequest) -> str | None:
    """The address of who asks: the socket's, or with N declared proxies the Nth from the right of ``X-Forwarded-For``.

    Anything further left was written by whoever asks, and is believed by nobody.
    """
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if proxies == 0:
        return _plain(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    return _plain(hops[-proxies]) if len(hops) >= proxies else None


def _plain(text: str) -> str | None:
    """One spelling of an address; without port or zone; an IPv4 one inside IPv6 as itself."""
    bare = re.sub(r"^\[(.+)\](:\d+)?$", r"\1", text.strip())
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
    return _printable(browser), _printable(system)


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:_NAME]
