"""SQL that keeps looks and visits as they were written. Two changes are let through: a visit ends once; an old row is emptied.

Emptying takes the texts and leaves who, whose and when: the declared way for the sweep, by the lines of ``own_inventory``.
"""

from __future__ import annotations

from bonafide import append_only

_LOOK = ["id", "staff_id", "account_id", "person_id", "kind", "view", "at", "visit_id"]
_VISIT = ["id", "staff_id", "account_id", "session_id", "began_at", "minutes"]
_END = ["ended_at", "how_ended"]
_EMPTIED = "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND NEW.reason = ''"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""

    def stays(*columns: str) -> str:
        return append_only.stays(vendor=vendor, columns=list(columns))

    ended = f"OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND {stays(*_VISIT, 'reason', 'emptied_at')}"
    emptied = f"{_EMPTIED} AND {stays(*_VISIT, *_END)}"
    return [
        *append_only.install(
            vendor=vendor,
            table="privacy_look",
            message="what staff looked at is never rewritten",
            but=f"{_EMPTIED} AND NEW.thing = '' AND {stays(*_LOOK)}",
        ),
        *append_only.install(
            vendor=vendor,
            table="privacy_visit",
            message="a visit of staff is never rewritten; it ends once",
            but=f"({ended}) OR ({emptied})",
        ),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [line for table in ("privacy_look", "privacy_visit") for line in append_only.remove(vendor=vendor, table=table)]


_HOLD = ["id", "origin", "kinds", "account_id", "person_id", "members", "floor", "months", "approved_by_id", "begins_at", "until"]
_HOLD_TEXTS = ["basis", "reference", "secret_basis"]
_LIFT = ["lifted_at", "lifted_by_id"]
_RELEASE = [
    "id",
    "authority",
    "basis",
    "approved_by_id",
    "account_id",
    "person_id",
    "kinds",
    "from_on",
    "until_on",
    "released_at",
]
_RUN = ["id", "kind", "begun_at", "cutoffs"]
_NEWLY_EMPTIED = "OLD.emptied_at IS NULL AND NEW.emptied_at IS NOT NULL AND NEW.reference = '' AND NEW.secret_basis = ''"
_TOO_LONG = "an order holds for 36 months at most"


def install_records(vendor: str) -> list[str]:
    """The guards of holds (lifted once, emptied once they are over), releases (emptied once) and sweeps (finished once)."""

    def stays(*columns: str) -> str:
        return append_only.stays(vendor=vendor, columns=list(columns))

    lifted = (
        f"OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND {stays(*_HOLD, *_HOLD_TEXTS, 'secret_until', 'emptied_at')}"
    )
    over = "(OLD.until < NEW.emptied_at OR OLD.lifted_at IS NOT NULL)"
    emptied = f"{_NEWLY_EMPTIED} AND NEW.basis = '' AND {over} AND {stays(*_HOLD, *_LIFT, 'secret_until')}"
    return [
        *append_only.install(
            vendor=vendor,
            table="privacy_hold",
            message="a legal hold is never rewritten; it is lifted once",
            but=f"({lifted}) OR ({emptied})",
        ),
        *append_only.install(
            vendor=vendor,
            table="privacy_release",
            message="a release to an authority is never rewritten",
            but=f"{_NEWLY_EMPTIED} AND NEW.scope = '' AND {stays(*_RELEASE, 'secret_until')}",
        ),
        *append_only.install(
            vendor=vendor,
            table="privacy_sweeprun",
            message="what a sweep did is never rewritten",
            but=f"OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL AND {stays(*_RUN)}",
        ),
        *_limit(vendor),
    ]


def remove_records(vendor: str) -> list[str]:
    """The statements that take those away again."""
    limit = ["DROP TRIGGER IF EXISTS privacy_hold_limit"]
    if vendor == "postgresql":
        limit = [
            "DROP TRIGGER IF EXISTS privacy_hold_limit ON privacy_hold",
            "DROP FUNCTION IF EXISTS privacy_hold_limited()",
        ]
    tables = ("privacy_hold", "privacy_release", "privacy_sweeprun")
    return [*limit, *(line for table in tables for line in append_only.remove(vendor=vendor, table=table))]


def _limit(vendor: str) -> list[str]:
    """No order is entered for longer than 36 months. A day more is let through: months are those of the operator's calendar."""
    if vendor == "postgresql":
        late = "NEW.origin = 'order' AND NEW.until > NEW.begins_at + interval '36 months 1 day'"
        return [
            "CREATE FUNCTION privacy_hold_limited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {late} THEN RAISE EXCEPTION '{_TOO_LONG}'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER privacy_hold_limit BEFORE INSERT ON privacy_hold "
            "FOR EACH ROW EXECUTE FUNCTION privacy_hold_limited()",
        ]
    late = "NEW.origin = 'order' AND NEW.until > datetime(NEW.begins_at, '+36 months', '+1 day')"
    return [
        f"CREATE TRIGGER privacy_hold_limit BEFORE INSERT ON privacy_hold WHEN {late} "
        f"BEGIN SELECT RAISE(ABORT, '{_TOO_LONG}'); END"
    ]
