"""Keys that make a request safe to send again: https://docs.stripe.com/api/idempotent_requests.

A key is kept for 24 hours with its request and the answer, whatever that was, a 500 included, once carrying it out began. What
was wrong in itself, and a conflict, are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.stripe.errors import StripeError

KEPT = 24 * 3600


@dataclass
class Kept:
    asked: tuple[str, str, str]  # method, path, parameters
    at: int
    request: str
    status: int = 0  # 0 while it is being carried out
    body: bytes = b""


class Keys:
    """Whoever calls holds the state's lock."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def begin(self, key: str, asked: tuple[str, str, str], *, now: int, request: str) -> Kept | None:
        """The answer to give again; None where this is the first time.

        :raises StripeError: for a key that another request has, or that is at work.
        """
        if len(key) > 255:
            raise StripeError(400, "Idempotency keys are up to 255 characters long.")
        found = self._kept.get(key)
        if found and found.status and found.at <= now - KEPT:
            found = None
        if found is None:
            self._kept[key] = Kept(asked, now, request)
            return None
        if found.asked != asked:
            raise StripeError(
                400,
                f"Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a"
                f" key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        if not found.status:
            raise StripeError(
                409,
                f"There is currently another in-progress request using this Idempotent Key ({key}). Please try again later.",
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        return found

    def keep(self, key: str, status: int, body: bytes) -> None:
        self._kept[key].status, self._kept[key].body = status, body

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)


def asked(method: str, path: str, params: Any) -> tuple[str, str, str]:
    return method, path, repr(sorted(params.items()))
