"""The operator's file on bank transfers: what is booked by itself, and when staff are told that no statement came. Pure."""

from __future__ import annotations

from pydantic import Field

from bonafide.operator_values import Section


class Transfers(Section):
    """Statements of the account in `[bank]`, which staff import (camt.053 or MT940)."""

    book_certain: bool = Field(
        default=True,
        description="`true` when a payment is booked by itself that names its bills by their references, or by their numbers "
        "with exactly what is open; `false` when staff look at each.",
    )
    statement_days: int = Field(
        7, ge=1, le=90, description="After so many days without a new statement, staff are told so where they import them."
    )
