"""What a visit opens: these routes by these methods, and nothing else.

Left out with intent: paying, security, sessions, sign-ins, members, keys, and every download (.csv, .pdf, .xml). A new route is
closed until somebody writes it here, and ``tests/privacy/test_visit_routes.py`` repeats what may never stand here.
"""

from __future__ import annotations

READ = frozenset({"GET", "HEAD"})
WRITE = READ | {"POST"}

OPEN: dict[str, frozenset[str]] = {
    # the customer's pages
    "overview": READ,
    "usage": READ,
    "bills": READ,
    "bill": READ,
    "draft": READ,
    "balance": READ,
    "company": READ,
    # what is the same for everybody
    "terms": READ,
    "terms_version": READ,
    "terms_changes": READ,
    "legal": READ,
    "cookies": READ,
    "processing": READ,
    "promises": READ,
    "promise": READ,
    # the ways out
    "end_visit": WRITE,
    "account_logout": WRITE,
}


def is_open(*, route: str, method: str) -> bool:
    """Whether somebody on a visit may send this method to the route of that name."""
    return method in OPEN.get(route, ())
