"""The guard at the door: in this process nothing connects elsewhere, or looks up a foreign name, but through an open door.

It is an audit hook (PEP 578), which Python calls before its sockets connect, send or resolve, whichever library asks, and which
cannot be taken out again. Loopback and Unix sockets pass. The door (:func:`door_to`) is open for one host, in one thread, for the
time of a block. Not seen are what speaks to the network without Python's sockets (libpq, so PostgreSQL: the start checks its
host), another program, and a name handed to ``connect`` itself, which is looked up before the refusal. Pure.
"""

from __future__ import annotations

import _socket
import logging
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

logger = logging.getLogger(__name__)

NOWHERE = "192.0.2.1"  # TEST-NET-1 (RFC 5737): nobody has it
MOST_TOLD = 1000  # hosts of which the log says that they were refused
_WITHIN = frozenset({socket.AF_UNIX, getattr(socket, "AF_NETLINK", socket.AF_UNIX)})  # other processes, the kernel

resolve = socket.getaddrinfo  # the system's own


class Shut(PermissionError):
    """A connection that no door was open for; the text names the host. An ``OSError``, as of a network that is not there."""


@dataclass
class Door:
    """Open to ``host``, and to the ``addresses`` that it was found to have since."""

    host: str
    addresses: set[str] = field(default_factory=set)


_open: ContextVar[Door | None] = ContextVar("open_door", default=None)
_looked_up = {"localhost"}  # names that need no door to be looked up
_told = {NOWHERE}
_installed = False


@contextmanager
def door_to(host: str) -> Iterator[None]:
    """Let this thread connect to ``host`` until the block ends. Whether it may is ``client``'s to say: call that instead."""
    token = _open.set(Door(bare(host)))
    try:
        yield
    finally:
        _open.reset(token)


def install(*, looked_up: Iterable[str] = ()) -> None:
    """Set the guard up in this process, once and for good.

    :param looked_up: names that libraries resolve here before C code connects to them (the database's).
    """
    global _installed
    _looked_up.update(bare(name) for name in (socket.gethostname(), *looked_up))
    if _installed:
        return
    _installed = True
    socket.getaddrinfo = _remembering
    sys.addaudithook(_hook)


def guard_holds() -> bool:
    """Whether the guard refuses a connection to nowhere. No packet leaves: a datagram socket would only note the address."""
    probe = _socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect((NOWHERE, 9))
    except Shut:
        return True
    except OSError:
        return False
    finally:
        probe.close()
    return False


def bare(host: Any) -> str:
    """A host in one spelling: lower case, without a final dot; addresses as ``ipaddress`` writes them, IPv4 not inside IPv6."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host or "")
    text = text.strip().rstrip(".").lower()
    address = as_address(text)
    return str(address) if address else text


def as_address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that the text is; None for a name."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_here(host: str) -> bool:
    """Whether a host is this machine: loopback, or no address at all, which is here as well."""
    address = as_address(host)
    return host in ("", "localhost") or bool(address and (address.is_loopback or address.is_unspecified))


# --- What the hook looks at -----------------------------------------------------------------------------------------------
def _connecting(arguments: tuple[Any, ...]) -> None:
    """A socket connects, or sends, to an address; a connected one sends to None."""
    sock, address = arguments[0], arguments[1]
    if address is None or sock.family in _WITHIN:
        return
    host = bare(address[0]) if sock.family in (socket.AF_INET, socket.AF_INET6) else f"a socket of family {sock.family}"
    door = _open.get()
    if not is_here(host) and not (door and (host in door.addresses or host == door.host)):
        _refuse(host)


def _looking_up(arguments: tuple[Any, ...]) -> None:
    """A name is resolved; an address needs nobody's help."""
    host = bare(arguments[0])
    if not as_address(host):
        _refuse_name(host)


def _looking_back(arguments: tuple[Any, ...]) -> None:
    """The name of an address is asked for."""
    _refuse_name(bare(arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]))


def _refuse_name(host: str) -> None:
    door = _open.get()
    if not (is_here(host) or host in _looked_up or (door and host == door.host)):
        _refuse(host)


def _refuse(host: str) -> None:
    """:raises Shut:"""
    said = f"no connection to {host}: it is neither a declared processor's nor our own, or was not reached through the door"
    if host not in _told and len(_told) < MOST_TOLD:
        _told.add(host)
        logger.warning("%s (said once)", said)
    raise Shut(said)


_WATCHED: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "socket.connect": _connecting,
    "socket.sendto": _connecting,
    "socket.sendmsg": _connecting,
    "socket.getaddrinfo": _looking_up,
    "socket.gethostbyname": _looking_up,
    "socket.gethostbyaddr": _looking_back,
    "socket.getnameinfo": _looking_back,
}


def _hook(event: str, arguments: tuple[Any, ...], watched: dict[str, Callable[[tuple[Any, ...]], None]] = _WATCHED) -> None:
    # The table is an argument because modules are emptied before the last events of a process.
    if event in watched:
        watched[event](arguments)


@wraps(resolve)
def _remembering(
    host: Any,
    port: Any,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[Any]:
    """The system's resolver; an open door learns the addresses that its host has."""
    found = resolve(host, port, family, type, proto, flags)
    door = _open.get()
    if door is not None and bare(host) == door.host:
        door.addresses.update(bare(entry[4][0]) for entry in found)
    return found
