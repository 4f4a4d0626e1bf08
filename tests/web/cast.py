"""Those who try every route, and how their answers are called."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve

from bonafide.accounts.models import User
from bonafide.privacy.visit_routes import is_open
from tests.factories.accounts import enter
from tests.factories.privacy import visiting
from tests.web.access import ACTORS, VISITOR, Row, World
from tests.web.unsafe import Unsafe

OUTCOMES = {200: "open", 400: "refused", 401: "no-key", 403: "closed", 404: "none", 405: "post", 429: "often", 503: "later"}
STAFF = "staff/"
People = dict[str, User | None]


def routes(patterns: list[object] | None = None, prefix: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        whole = prefix + str(pattern.pattern)  # type: ignore[attr-defined]
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, whole)
        else:
            yield whole


def outcome(response: HttpResponse) -> str:
    if response.status_code in (301, 302):
        return "sign-in" if response["Location"].startswith("/account/login/") else "away"
    return OUTCOMES.get(response.status_code, str(response.status_code))


def as_person(user: User | None, **options: bool) -> Client:
    client = Client(raise_request_exception=False, **options)
    if user:
        enter(client, user)
    return client


def as_actor(actor: str, people: People, world: World, **options: bool) -> Client:
    """One of the six, or the seventh: somebody of the staff on a visit to the account."""
    if actor != VISITOR:
        return as_person(people[actor], **options)
    client = Client(raise_request_exception=False, **options)
    visiting(client, world.account)
    return client


def fresh(client: Client) -> Client:
    """Whoever it is has confirmed who they are a moment ago."""
    session = client.session
    if "_auth_user_id" in session:
        records = session.get("account_authentication_methods") or [{"method": "password"}]
        session["account_authentication_methods"] = [record | {"at": time.time(), "reauthenticated": True} for record in records]
        session["account_authentication_methods_user"] = session["_auth_user_id"]
        session.save()
    return client


def expected(row: Row | Unsafe, actor: str, address: str) -> str:
    """What the table says; on a visit what an owner gets where visits are open, and nothing elsewhere."""
    if actor != VISITOR:
        return row.outcomes[ACTORS.index(actor)]
    method = row.method.upper() if isinstance(row, Unsafe) else "GET"
    if not is_open(route=resolve(address.partition("?")[0]).view_name, method=method):
        return "closed"
    return row.visitor or row.outcomes[ACTORS.index("owner")]
