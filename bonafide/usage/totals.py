"""How freshly written events move the running totals: the same statements on both databases.

Every statement writes its rows in the order of their key, and the kinds always come in the same order, so that batches which
run at the same time wait for each other instead of locking each other out.
"""

from __future__ import annotations

from typing import Any

_KEY = "account_id, meter_id, bill_month, day, group_key"
_ORDER = "bill_month, account_id, meter_id, day, group_key"

_LATER = "excluded.latest_us > usage_total.latest_us"
_SAME_TIME_AND_LARGER = "excluded.latest_us = usage_total.latest_us AND excluded.quantity > usage_total.quantity"

# Aggregations -> (what a group of fresh events comes to, what it does to the total that stands)
_KINDS: list[tuple[tuple[str, ...], str, str]] = [
    (("sum", "count"), "SUM(quantity)", "usage_total.quantity + excluded.quantity"),
    (
        ("max",),
        "MAX(quantity)",
        "CASE WHEN excluded.quantity > usage_total.quantity THEN excluded.quantity ELSE usage_total.quantity END",
    ),
    (
        ("latest",),
        "MAX(CASE WHEN place = 1 THEN quantity END)",
        f"CASE WHEN {_LATER} OR ({_SAME_TIME_AND_LARGER}) THEN excluded.quantity ELSE usage_total.quantity END",
    ),
    (("unique", "hours"), "0", "0"),
]


def add_to_totals(cursor: Any, *, floor: int, batch_id: int, meters: dict[int, str]) -> None:
    """Add the events of ``batch_id``, all of which have ids above ``floor``, to totals, seen values and states.

    :param meters: aggregation of each meter that the batch holds, by meter id.
    """
    for aggregations, value, merged in _KINDS:
        ids = sorted(meter for meter, aggregation in meters.items() if aggregation in aggregations)
        if not ids:
            continue
        fresh = f"id > {floor:d} AND batch_id = {batch_id:d} AND meter_id IN ({', '.join(map(str, ids))})"
        table = "usage_event"
        if "latest" in aggregations:  # of two readings at the same microsecond the larger stands, whichever came first
            table = (
                "(SELECT e.*, ROW_NUMBER() OVER (PARTITION BY account_id, meter_id, bill_month, day, group_key "  # noqa: S608
                f"ORDER BY occurred_us DESC, quantity DESC) AS place FROM usage_event e WHERE {fresh}) AS placed"
            )
        cursor.execute(
            f"INSERT INTO usage_total ({_KEY}, quantity, events, latest_us) "  # noqa: S608
            f"SELECT {_KEY}, {value}, COUNT(*), MAX(occurred_us) FROM {table} WHERE {fresh} "
            f"GROUP BY {_KEY} ORDER BY {_ORDER} "
            f"ON CONFLICT ({_ORDER}) DO UPDATE SET quantity = {merged}, events = usage_total.events + excluded.events, "
            f"latest_us = CASE WHEN {_LATER} THEN excluded.latest_us ELSE usage_total.latest_us END"
        )
        if "unique" in aggregations:
            _note_subjects(cursor, floor, batch_id, meters)


def _note_subjects(cursor: Any, floor: int, batch_id: int, meters: dict[int, str]) -> None:
    """Values that "unique" meters saw, and changes of the resources that "hours" meters follow."""
    fresh = f"id > {floor:d} AND batch_id = {batch_id:d}"
    unique = sorted(meter for meter, aggregation in meters.items() if aggregation == "unique")
    hours = sorted(meter for meter, aggregation in meters.items() if aggregation == "hours")
    if unique:
        # Usage of one month can be on two bills when some of it came late; a value belongs to the first that had it, and there
        # to its earliest day, whichever event came first.
        cursor.execute(
            "INSERT INTO usage_seen (account_id, meter_id, month, bill_month, group_key, value, day) "  # noqa: S608
            "SELECT account_id, meter_id, day / 100, MIN(bill_month), group_key, subject, MIN(day) FROM usage_event "
            f"WHERE {fresh} AND meter_id IN ({', '.join(map(str, unique))}) "
            "GROUP BY account_id, meter_id, day / 100, group_key, subject "
            "ORDER BY 3, 1, 2, 5, 6 ON CONFLICT (month, account_id, meter_id, group_key, value) DO UPDATE SET day = excluded.day "
            "WHERE excluded.bill_month = usage_seen.bill_month AND excluded.day < usage_seen.day"
        )
    if hours:
        cursor.execute(
            "INSERT INTO usage_state (account_id, meter_id, subject, occurred_us, group_key, quantity, day, bill_month) "  # noqa: S608
            "SELECT account_id, meter_id, subject, occurred_us, group_key, quantity, day, bill_month FROM usage_event "
            f"WHERE {fresh} AND meter_id IN ({', '.join(map(str, hours))})"
        )
