"""SQL that keeps what staff said of unpaid bills as it was written."""

from __future__ import annotations

from bonafide import append_only

_COLUMNS = ["account_id", "pauses", "reason", "until_on", "at"]
_SAID = "who paused or went on, and why, stays as it was said"


def install(vendor: str) -> list[str]:
    """The statements that set the guards up on a database of that vendor (``sqlite`` or ``postgresql``).

    Who said it is emptied when that login is erased.
    """
    but = f"NEW.by_id IS NULL AND {append_only.stays(vendor=vendor, columns=['id', *_COLUMNS])}"
    return append_only.install(vendor=vendor, table="payments_dunning_pauseentry", message=_SAID, but=but)


def remove(vendor: str) -> list[str]:
    """The statements that take them away again."""
    return append_only.remove(vendor=vendor, table="payments_dunning_pauseentry")
