"""Whether a statement is of the operator's own account, which MT940 may name without its IBAN. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from stdnum import iban as iban_numbers

from bonafide.payments.transfers.statement import Statement, StatementRefused

# A shorter number is found in anybody's IBAN.
_SHORTEST = 8


def of_own_account(*, statement: Statement, iban: str, where: str) -> Statement:
    """The statement, with the operator's IBAN as its account.

    :raises StatementRefused: when it is of another account.
    """
    if not is_own(account=statement.iban, iban=iban):
        raise StatementRefused(
            f"{where}: it is of account {statement.iban[:60]}, not of {iban}, which the operator's file names in [bank]: "
            "nothing is taken"
        )
    return replace(statement, iban=iban, lines=tuple(replace(line, iban=iban) for line in statement.lines))


def is_own(*, account: str, iban: str) -> bool:
    """Whether an account as a bank writes it is the one of the IBAN: an IBAN, a bank's code and number, or a number.

    In a German IBAN the bank's code has the first eight digits after the check digits and the account the last ten; elsewhere
    the number has to be in it, with at least eight digits.
    """
    written = re.sub(r"[\s.-]", "", account.upper())
    if iban_numbers.is_valid(re.sub(r"[A-Z]{3}$", "", written)) or iban_numbers.is_valid(written):
        return iban in (written, re.sub(r"[A-Z]{3}$", "", written))
    parts = [part for part in re.split(r"/", re.sub(r"(?<=\d)[A-Z]{3}$", "", written)) if part]
    if not parts or iban in parts:
        return bool(parts)
    number = parts[-1].lstrip("0")
    if not number:
        return False
    if iban.startswith("DE"):
        bank, account_number = iban[4:12], iban[12:22]
        banks = [part for part in parts[:-1] if part.isdigit()]
        return number.zfill(10) == account_number and (bank in banks or not banks)
    return len(number) >= _SHORTEST and number in iban[4:]
