"""SQL that refuses a bill of a test account, and a simulated bill of a real one."""

from __future__ import annotations

from bonafide.accounts.apart_triggers import guard, unguard

NEVER = "a test account is never billed"
ONLY = "only a test account has simulated bills"

_OF_TEST = "EXISTS (SELECT 1 FROM accounts_account WHERE id = NEW.account_id AND is_test)"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``)."""
    return [
        *guard(vendor, "billing_invoice_real", "INSERT ON billing_invoice", _OF_TEST, NEVER),
        *guard(vendor, "billing_simulatedbill_apart", "INSERT ON billing_simulatedbill", f"NOT {_OF_TEST}", ONLY),
    ]


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return [
        *unguard(vendor, "billing_invoice_real", "billing_invoice"),
        *unguard(vendor, "billing_simulatedbill_apart", "billing_simulatedbill"),
    ]
