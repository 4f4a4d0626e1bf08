"""Lists: newest first, in pages, narrowed by their parameters: https://docs.stripe.com/api/pagination."""

from __future__ import annotations

from typing import Any

from tests.fakes.stripe.errors import StripeError, missing
from tests.fakes.stripe.forms import INT, STR
from tests.fakes.stripe.state import State, Thing, listed

PAGE: dict[str, Any] = {"limit": INT, "starting_after": STR, "ending_before": STR, "expand": [STR]}


def page(state: State, kind: str, params: Thing, *, url: str, keep: tuple[str, ...]) -> Thing:
    """One page of all objects of a kind that are as ``keep`` names and ``created`` says."""
    found = [thing for thing in state.newest(kind) if not thing.get("deleted")]
    for name in keep:
        if params.get(name) is not None:
            found = [thing for thing in found if _fits(state, thing, name, params[name])]
    if params.get("created") is not None:
        found = [thing for thing in found if _within(thing["created"], params["created"])]
    return of(state, found, params, url=url)


def _fits(state: State, thing: Thing, name: str, wanted: Any) -> bool:
    if name == "payout":
        return bool(state.hidden[thing["id"]]["payout"] == wanted)
    if name == "types":
        return thing["type"] in wanted
    if name == "delivery_success":
        return (thing["pending_webhooks"] == 0) == wanted
    if name == "type" and wanted.endswith(".*"):
        return str(thing["type"]).startswith(wanted[:-1])
    return bool(thing.get(name) == wanted)


def _within(at: int, wanted: Any) -> bool:
    if isinstance(wanted, int):
        return at == wanted
    tests = {"gt": at.__gt__, "gte": at.__ge__, "lt": at.__lt__, "lte": at.__le__}
    return all(tests[name](bound) for name, bound in wanted.items())


def of(state: State, found: list[Thing], params: Thing, *, url: str) -> Thing:
    """:raises StripeError: for a limit outside 1 to 100, or an object to start from that is not there."""
    limit = 10 if params.get("limit") is None else params["limit"]
    if not 1 <= limit <= 100:
        raise StripeError(400, "Invalid limit: must be between 1 and 100", param="limit", code="parameter_invalid_integer")
    names = [thing["id"] for thing in found]
    after, before = params.get("starting_after"), params.get("ending_before")
    for name, value in (("starting_after", after), ("ending_before", before)):
        if value and value not in names:
            raise missing("object", value, param=name)
    if before:
        rest = found[: names.index(before)]
        return listed(rest[-limit:], url, more=len(rest) > limit)
    rest = found[names.index(after) + 1 :] if after else found
    return listed(rest[:limit], url, more=len(rest) > limit)
