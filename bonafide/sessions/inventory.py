"""Every column of this package that holds an IP address, with the column that says since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Min

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


def oldest_address(*, user: object | None = None) -> datetime | None:
    """Since when the oldest IP address is held, of everybody or of one person; None when there is none."""
    found = []
    for column in ADDRESSES:
        rows = column.model._default_manager.exclude(**{column.column: None})
        if user is not None:
            rows = rows.filter(user=user)
        found.append(rows.aggregate(oldest=Min(column.seen_at))["oldest"])
    return min((moment for moment in found if moment is not None), default=None)
