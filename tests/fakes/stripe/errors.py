"""Errors as Stripe answers them: https://docs.stripe.com/api/errors."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """``body`` is what stands under ``error`` in the answer."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, "type": kind, **{name: value for name, value in more.items() if value}}
        if code := self.body.get("code"):
            self.body["doc_url"] = f"https://stripe.com/docs/error-codes/{str(code).replace('_', '-')}"


class Refused(StripeError):
    """Parameters that are wrong in themselves, found before anything was done: such an answer is not kept under its key."""

    def __init__(self, message: str, *, param: str, code: str = "") -> None:
        super().__init__(400, message, param=param, code=code)


def missing(kind: str, name: str, *, param: str, status: int = 400) -> StripeError:
    """404 where the address names it, 400 where a parameter does."""
    return StripeError(status, f"No such {kind}: '{name}'", code="resource_missing", param=param)


def declined(message: str, *, code: str, decline_code: str = "", **more: Any) -> StripeError:
    return StripeError(402, message, kind="card_error", code=code, decline_code=decline_code, **more)
