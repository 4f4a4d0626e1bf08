"""SQL that keeps test accounts apart: an account is one from the beginning or never, and nobody is a member of one.

Where there is no member there is nobody to write to. That such an account is never billed is guarded where bills are.
"""

from __future__ import annotations

STAYS = "an account is a test account from the beginning or never"
ALONE = "a test account has no members: nobody is billed by it, and nobody is written to"

_OF_TEST = "EXISTS (SELECT 1 FROM accounts_account WHERE id = NEW.account_id AND is_test)"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return [
        *guard(vendor, "accounts_account_stays", "UPDATE OF is_test ON accounts_account", "OLD.is_test <> NEW.is_test", STAYS),
        *guard(vendor, "accounts_membership_real", "INSERT ON accounts_membership", _OF_TEST, ALONE),
        *guard(vendor, "accounts_membership_moved", "UPDATE OF account_id ON accounts_membership", _OF_TEST, ALONE),
        *guard(vendor, "accounts_clock_of_test", "INSERT ON accounts_clock", f"NOT {_OF_TEST}", STAYS),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    tables = {
        "accounts_account_stays": "accounts_account",
        "accounts_membership_real": "accounts_membership",
        "accounts_membership_moved": "accounts_membership",
        "accounts_clock_of_test": "accounts_clock",
    }
    return [line for name, table in tables.items() for line in unguard(vendor, name, table)]


def guard(vendor: str, name: str, event: str, refused: str, message: str) -> list[str]:
    """Refuse ``event`` for a row of which ``refused`` (a condition on OLD and NEW) is true."""
    if vendor == "postgresql":
        body = f"BEGIN IF {refused} THEN RAISE EXCEPTION '{message}'; END IF; RETURN NEW; END"
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return [f"CREATE TRIGGER {name} BEFORE {event} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END"]


def unguard(vendor: str, name: str, table: str) -> list[str]:
    """Take it away again."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {name} ON {table}", f"DROP FUNCTION IF EXISTS {name}()"]
    return [f"DROP TRIGGER IF EXISTS {name}"]
