"""Every column of this package that holds an IP address, with the column that says since when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from bonafide.sessions.models import Session, SignIn


@dataclass(frozen=True)
class AddressColumn:
    """``emptied`` is what a row is given once its address is too old."""

    model: type[models.Model]
    column: str
    seen_at: str
    emptied: tuple[tuple[str, Any], ...]


ADDRESSES = (
    AddressColumn(Session, "address", "address_seen_at", (("address", None), ("address_seen_at", None))),
    AddressColumn(SignIn, "address", "at", (("address", None),)),
)
