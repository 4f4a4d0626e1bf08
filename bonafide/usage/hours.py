"""How long resources existed: state changes to exact time, as known up to some bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

SECOND_US = 1_000_000


class Interval(NamedTuple):
    """From one instant to another (microseconds since 1970 UTC, half-open) ``quantity`` of a resource existed."""

    account_id: int
    meter_id: int
    group_key: str
    quantity: int
    from_us: int
    until_us: int


def intervals(
    cursor: Any, *, meter_ids: Sequence[int], accounts: str, start_us: int, end_us: int, known_month: int
) -> Iterator[Interval]:
    """What existed between two instants, clipped to them; a state carries on from before until the next one is known.

    :param accounts: an SQL condition on ``account_id``, from :func:`bonafide.usage.measure.account_condition`.
    :param known_month: events that came for a later bill than this (YYYYMM) are not known yet.
    """
    if not meter_ids:
        return
    # Two states of one resource at the same microsecond: the larger stands, whichever came first.
    cursor.execute(
        "SELECT account_id, meter_id, group_key, quantity, occurred_us, until_us FROM ("  # noqa: S608
        "SELECT account_id, meter_id, group_key, quantity, occurred_us, "
        f"LEAD(occurred_us, 1, {end_us:d}) OVER (PARTITION BY account_id, meter_id, subject "
        "ORDER BY occurred_us, quantity, group_key) AS until_us "
        f"FROM usage_state WHERE {accounts} AND meter_id IN ({', '.join(map(str, meter_ids))}) "
        f"AND occurred_us < {end_us:d} AND bill_month <= {known_month:d}) AS states "
        f"WHERE quantity > 0 AND until_us > {start_us:d} AND until_us > occurred_us"
    )
    for account_id, meter_id, group_key, quantity, from_us, until_us in cursor.fetchall():
        yield Interval(account_id, meter_id, group_key, quantity, max(from_us, start_us), until_us)


def seconds(microseconds: int) -> int:
    """Whole seconds, rounded half up once for a whole sum."""
    return (microseconds + SECOND_US // 2) // SECOND_US
