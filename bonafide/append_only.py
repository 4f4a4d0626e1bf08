"""SQL that makes a database refuse to change or delete the rows of a table, for SQLite and PostgreSQL. Pure.

SQLite's ``OR REPLACE`` deletes rows without firing delete triggers, so there an insert is also checked against the row that it
would push out.
"""

from __future__ import annotations


def install(*, vendor: str, table: str, message: str, but: str = "FALSE") -> list[str]:
    """The statements that guard ``table``; ``message`` is what whoever tries reads.

    :param but: the one change that a row may undergo, as a condition on OLD and NEW that is never unknown. See :func:`stays`.
    """
    if vendor == "postgresql":
        kept = f"IF TG_OP = 'UPDATE' THEN IF {but} THEN RETURN NEW; END IF; END IF; RAISE EXCEPTION '{message}';"
        return [
            f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {kept} END $$",
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_keep()",
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_keep()",
        ]
    pushed_out = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 - our own names
    events = {"insert": ("INSERT", pushed_out), "update": ("UPDATE", f"NOT ({but})"), "delete": ("DELETE", "1")}
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, (event, when) in events.items()
    ]


def stays(*, vendor: str, columns: list[str]) -> str:
    """A condition on OLD and NEW: none of these columns changes, an empty one stays empty."""
    same = "IS NOT DISTINCT FROM" if vendor == "postgresql" else "IS"
    return " AND ".join(f"OLD.{column} {same} NEW.{column}" for column in columns)


def remove(*, vendor: str, table: str) -> list[str]:
    """The statements that take the guards away again, for a migration backwards and for tests that tamper."""
    if vendor == "postgresql":
        return [
            f"DROP TRIGGER IF EXISTS {table}_kept ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_whole ON {table}",
            f"DROP FUNCTION IF EXISTS {table}_keep()",
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_{name}" for name in ("insert", "update", "delete")]
