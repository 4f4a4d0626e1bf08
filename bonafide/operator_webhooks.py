"""The operator's file on programs of the operator's own that are told what happens. Pure."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from bonafide.operator_values import Section

ALL = "all"
_HERE = ("localhost", "127.0.0.1", "::1")


def _address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value) or not _has_a_host(value):
        raise ValueError("expected a web address without a query, such as https://service.example.com/hooks")
    if not value.startswith("https://") and urlsplit(value).hostname not in _HERE:
        raise ValueError("expected an https address: only this machine itself is spoken to in the clear")
    return value


def _has_a_host(value: str) -> bool:
    """Whether there is a name or a number of a machine in it, and no port that there is not."""
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and ".." not in (parts.hostname or "") and parts.port != 0
    except ValueError:
        return False


class Webhook(Section):
    """A program of yours that is told what happens, by Standard Webhooks. Its secret is in the environment.

    Its host is this machine, one of `network.own_hosts`, or one of a processor. `docs/api.md` says what it is sent.
    """

    id: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,29}$",
        description="Short name, in lists and in the name of the secret; never give one to another program later.",
    )
    url: Annotated[str, AfterValidator(_address)] = Field(description="Where events are sent. https, except on this machine.")
    events: tuple[str, ...] = Field(
        (ALL,), min_length=1, description='What it is told: `["all"]`, or kinds such as `["invoice.paid", "account.suspended"]`.'
    )

    @field_validator("events")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value) or (ALL in value and len(value) > 1):
            raise ValueError('expected each kind once, or ["all"] alone')
        return value

    @property
    def secret_name(self) -> str:
        """The variable of the environment that holds its secret (or, with ``_FILE``, where that is)."""
        return f"BONAFIDE_WEBHOOK_{self.id.upper().replace('-', '_')}_SECRET"

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def wants(self, kind: str) -> bool:
        """Whether it is told events of this kind."""
        return ALL in self.events or kind in self.events
