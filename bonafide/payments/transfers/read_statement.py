"""A bank's file is read by the reader of its format."""

from __future__ import annotations

from bonafide.payments.transfers.read_camt053 import is_camt053, read_camt053
from bonafide.payments.transfers.read_mt940 import is_mt940, read_mt940
from bonafide.payments.transfers.statement import Statement, StatementRefused


def read_statement(*, content: bytes, name: str) -> tuple[Statement, ...]:
    """The statements of a file, whichever of the formats it is in.

    :raises StatementRefused: naming the file, the place in it and what was expected; nothing of it may then be booked.
    """
    if is_camt053(content):
        return read_camt053(content=content, name=name)
    if is_mt940(content):
        return read_mt940(content=content, name=name)
    raise StatementRefused(f"{name}: neither camt.053 (XML) nor MT940: ask the bank for one of them")
