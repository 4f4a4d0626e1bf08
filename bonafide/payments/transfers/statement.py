"""A bank's statement as it is worked with, whichever format it came in; pure values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from itertools import accumulate

from bonafide.errors import Refused
from bonafide.money import exponent, from_minor, is_currency

# What a column holds (64 bits), with room for sums.
LARGEST = 2**62


class StatementRefused(Refused):
    """A bank's file that is refused whole: which file, where in it, what was expected."""


@dataclass(frozen=True)
class BankLine:
    """One movement of money on an account of the operator.

    ``amount_minor`` is above zero for money that came and below for money that went, in minor units of ``currency``.
    ``bank_reference`` is the bank's own identity of the movement, empty when it gives none. ``reference`` is a structured
    creditor reference (ISO 11649), ``end_to_end`` what the payer's bank passed on, ``text`` what the payer wrote. ``returned``
    marks money that went back. ``count`` tells lines apart that are alike in everything else, in the order of the file.
    """

    iban: str
    booked_on: date
    value_on: date
    amount_minor: int
    currency: str
    bank_reference: str = ""
    reference: str = ""
    end_to_end: str = ""
    text: str = ""
    name: str = ""
    name_iban: str = ""
    returned: bool = False
    count: int = 1

    @property
    def content(self) -> str:
        """SHA-256 of what does not depend on the format of the file: the same movement told by another file has the same."""
        parts = (
            self.iban,
            self.value_on.isoformat(),
            str(self.amount_minor),
            self.currency,
            plain(self.reference),
            plain(self.text),
            str(self.count),
        )
        return sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Statement:
    """Booked movements of one account, which come from ``opening_minor`` to ``closing_minor`` where the file says both."""

    iban: str
    currency: str
    number: str
    lines: tuple[BankLine, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None


def counted(lines: Iterable[BankLine]) -> tuple[BankLine, ...]:
    """The lines of a file, those alike numbered from 1."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        alike = line.content
        seen[alike] += 1
        found.append(replace(line, count=seen[alike]))
    return tuple(found)


def check(statement: Statement, *, where: str) -> None:
    """What holds of every statement.

    :raises StatementRefused: for a currency that is none, an amount that cannot be kept, or lines that do not come from the
        opening balance to the closing one.
    """
    for currency in {statement.currency, *(line.currency for line in statement.lines)}:
        if not is_currency(currency):
            raise StatementRefused(f"{where}: currency {currency!r}: expected an ISO 4217 code, such as EUR")
    for line in statement.lines:
        if line.currency != statement.currency:
            raise StatementRefused(f"{where}: a line in {line.currency} on an account in {statement.currency}")
        if not 0 < abs(line.amount_minor) <= LARGEST:
            raise StatementRefused(f"{where}: amount {line.amount_minor}: expected one that can be booked, and not 0")
    on_account = accumulate((line.amount_minor for line in statement.lines), initial=statement.opening_minor or 0)
    for balance in (*on_account, statement.closing_minor or 0):
        if abs(balance) > LARGEST:
            raise StatementRefused(f"{where}: a balance of {balance} in minor units: expected one that can be kept")
    if statement.opening_minor is None or statement.closing_minor is None:
        return
    comes_to = statement.opening_minor + sum(line.amount_minor for line in statement.lines)
    if comes_to != statement.closing_minor:
        said, found = (from_minor(minor, statement.currency) for minor in (statement.closing_minor, comes_to))
        raise StatementRefused(
            f"{where}: its lines come to a closing balance of {found} {statement.currency}, but it says {said}: "
            "the file is not whole; ask the bank for it again"
        )


def decimals(currency: str) -> int:
    """Decimals of a currency that a file names; two where the code is none, which :func:`check` refuses afterwards."""
    return exponent(currency) if is_currency(currency) else 2


def plain(text: str) -> str:
    """Letters and digits alone: banks break and pad what people write in ways of their own."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
