"""What every package declares of the personal data that it keeps, in one place."""

from __future__ import annotations

from collections.abc import Iterator

from bonafide.holdings import Basis, Holding, Kind, Swept, Table, Whose
from bonafide.privacy import own_inventory

_RETENTION = "bonafide.privacy.sweep_rows.sweep_rows"


def _of_logins(kind: Kind, columns: tuple[str, ...], ends: Swept) -> Holding:
    return Holding(kind, columns, "", Whose.LOGINS, "", Basis.INTEREST, ends, _RETENTION, person="user_id")


TABLES: tuple[Table, ...] = (
    Table(
        "console_sessions.Session",
        holdings=(
            _of_logins(
                Kind.ADDRESSES,
                ("address", "address_seen_at"),
                Swept("retention.ip_months", "address_seen_at", (("address", None), ("address_seen_at", None))),
            ),
            _of_logins(Kind.HISTORIES, ("browser", "system", "how", "ended_at"), Swept("retention.history_months", "ended_at")),
        ),
    ),
    Table(
        "console_sessions.SignIn",
        holdings=(
            _of_logins(Kind.ADDRESSES, ("address",), Swept("retention.ip_months", "at", (("address", None),))),
            _of_logins(Kind.HISTORIES, ("at", "outcome", "browser", "system"), Swept("retention.history_months", "at")),
        ),
    ),
    Table(
        "sign_in.KnownBrowser",
        holdings=(
            _of_logins(Kind.HISTORIES, ("first_seen_at", "last_seen_at"), Swept("retention.history_months", "last_seen_at")),
        ),
    ),
    *own_inventory.TABLES,
)


def holdings() -> Iterator[tuple[Table, Holding]]:
    """Every holding with its table."""
    for table in TABLES:
        for holding in table.holdings:
            yield table, holding
