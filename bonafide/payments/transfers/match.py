"""Which bills a movement on the bank account pays: by reference, by number, by amount and name, with reasons. Pure.

Certain is what names its bills by their references (ISO 11649), or by their numbers with exactly what is open on them. All the
rest is a proposal, which staff take or leave.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bonafide.payments.transfers.statement import BankLine

# Words that say what a company is, not which.
_FORMS = frozenset(
    [
        "SARL",
        "SAS",
        "SASU",
        "SA",
        "EURL",
        "SCI",
        "SNC",
        "GMBH",
        "AG",
        "UG",
        "KG",
        "OHG",
        "EV",
        "LTD",
        "LIMITED",
        "LLC",
        "INC",
        "BV",
        "NV",
        "SRL",
        "SPA",
        "SL",
        "AB",
        "AS",
        "OY",
        "APS",
        "MR",
        "MRS",
        "M",
        "MME",
        "MLLE",
        "HERR",
        "FRAU",
        "UND",
        "ET",
    ]
)


class Why(StrEnum):
    """Why a bill is thought to be meant."""

    REFERENCE = "reference"  # its payment reference is given
    NUMBER = "number"  # its number is written
    ACCOUNT = "account"  # the customer's reference is written, and the amount is what is open
    NAME = "name"  # who paid has its customer's name, and the amount is what is open
    AMOUNT = "amount"  # it alone has this amount open
    PAID = "paid"  # it is named, and nothing is open on it any more


@dataclass(frozen=True)
class OpenBill:
    """What of an issued bill is still to be paid, and what it is known by; ``names`` are those of its customer.

    ``replaces`` are numbers and references of the bills in whose place it is. With nothing open it is known, and never paid.
    """

    id: int
    number: str
    reference: str
    account_id: int
    account_reference: str
    names: tuple[str, ...]
    currency: str
    open_minor: int
    due_on: date
    replaces: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Share:
    """So much of the movement is for this bill."""

    bill: OpenBill
    amount_minor: int
    why: Why


@dataclass(frozen=True)
class Match:
    """What a movement pays; ``rest_minor`` of it is more than was open (or all of it, when nothing was found).

    ``certain``: it may be booked without asking anybody; never with a rest that may be of several customers.
    ``account_id``: whose money the rest is, when that is known. ``paid`` are bills that are named while nothing is open on them:
    who pays twice has the money kept for them.
    """

    shares: tuple[Share, ...]
    rest_minor: int
    certain: bool
    account_id: int | None = None
    paid: tuple[OpenBill, ...] = ()


class Bills:
    """Open bills, to be looked up by what people write. What a movement took is open no more for the next one."""

    def __init__(self, bills: Iterable[OpenBill]) -> None:
        self._open = {bill.id: bill.open_minor for bill in bills if bill.open_minor > 0}
        self._bills = {bill.id: bill for bill in bills}
        self._known = {
            Why.REFERENCE: _Words(
                (word, bill.id)
                for bill in self._bills.values()
                for word in (bill.reference, *(reference for _number, reference in bill.replaces))
            ),
            Why.NUMBER: _Words(
                (word, bill.id)
                for bill in self._bills.values()
                for word in (bill.number, *(number for number, _reference in bill.replaces))
            ),
            Why.ACCOUNT: _Words((bill.account_reference, bill.id) for bill in self._bills.values() if bill.open_minor > 0),
        }
        self._by_amount: dict[tuple[str, int], list[int]] = defaultdict(list)
        for bill in self._bills.values():
            if bill.open_minor > 0:
                self._by_amount[bill.currency, bill.open_minor].append(bill.id)

    def match(self, line: BankLine, *, certainly: bool = True) -> Match:
        """What a movement of money that came pays; nothing for money that went.

        :param certainly: False for what must not be booked unseen, whatever it names: then it takes nothing from the next ones.
        """
        if line.amount_minor <= 0:
            return Match((), line.amount_minor, certain=False)
        by_reference = self._named(line, Why.REFERENCE, f"{line.reference} {line.text} {line.end_to_end}")
        if by_reference:
            return self._taken(line, by_reference, Why.REFERENCE, certain=certainly)
        by_number = self._named(line, Why.NUMBER, f"{line.text} {line.end_to_end} {line.reference}")
        if by_number:
            exact = sum(self._open[bill.id] for bill in by_number) == line.amount_minor
            return self._taken(line, by_number, Why.NUMBER, certain=exact and certainly)
        paid = self._paid(line)
        if paid:
            accounts = {bill.account_id for bill in paid}
            account_id = accounts.pop() if len(accounts) == 1 else None
            return Match((), line.amount_minor, certain=False, account_id=account_id, paid=paid)
        for why, bills in self._guesses(line):
            return self._taken(line, bills, why, certain=False)
        return Match((), line.amount_minor, certain=False)

    def _paid(self, line: BankLine) -> tuple[OpenBill, ...]:
        """Bills that the text names and that nothing is open on."""
        text = f"{line.reference} {line.text} {line.end_to_end}"
        found = {pk for why in (Why.REFERENCE, Why.NUMBER) for pk in self._known[why].within(text)}
        known = (self._bills[pk] for pk in found if self._open.get(pk, 0) <= 0)
        return tuple(self._due_first(bill for bill in known if bill.currency == line.currency))

    def _named(self, line: BankLine, why: Why, text: str) -> list[OpenBill]:
        """Open bills that the text names, those due first in front."""
        found = {self._bills[pk] for pk in self._known[why].within(text)}
        return self._due_first(bill for bill in found if bill.currency == line.currency and self._open.get(bill.id, 0) > 0)

    def _guesses(self, line: BankLine) -> Iterator[tuple[Why, list[OpenBill]]]:
        """Bills that it may be for, the best reason first: one, or all that a customer has open, with exactly this amount."""
        of_account = self._named(line, Why.ACCOUNT, line.text)
        for bills in (*([bill] for bill in of_account), of_account):
            if bills and sum(self._open[bill.id] for bill in bills) == line.amount_minor:
                yield Why.ACCOUNT, bills
        alike = [self._bills[pk] for pk in self._by_amount[line.currency, line.amount_minor]]
        alike = [bill for bill in alike if self._open.get(bill.id) == line.amount_minor]
        named = [bill for bill in alike if any(same_name(line.name, name) for name in bill.names)]
        if named:
            yield Why.NAME, self._due_first(named)[:1]
        if len(alike) == 1:
            yield Why.AMOUNT, alike

    def _taken(self, line: BankLine, bills: Sequence[OpenBill], why: Why, *, certain: bool) -> Match:
        """Shares of the movement, the bill due first in front; what is certain is taken from what is open."""
        left, shares = line.amount_minor, []
        for bill in bills:
            amount = min(left, self._open[bill.id])
            if amount > 0:
                shares.append(Share(bill, amount, why))
                left -= amount
        accounts = {bill.account_id for bill in (*bills, *self._paid(line))}
        certain = certain and (not left or len(accounts) == 1)
        if certain:
            for share in shares:
                self._open[share.bill.id] -= share.amount_minor
        return Match(tuple(shares), left, certain=certain, account_id=accounts.pop() if len(accounts) == 1 else None)

    def _due_first(self, bills: Iterable[OpenBill]) -> list[OpenBill]:
        return sorted(bills, key=lambda bill: (bill.due_on, bill.id))


class _Words:
    """Known words to be found in what people write, however they space and punctuate it."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._ids: dict[str, list[int]] = defaultdict(list)
        for word, pk in words:
            if len(plain(word)) >= 4:  # anything shorter is found everywhere
                self._ids[plain(word)].append(pk)
        self._lengths = sorted({len(word) for word in self._ids})

    def within(self, text: str) -> set[int]:
        """Ids of the words in a text that no letter or digit goes on before or after."""
        letters, ends = _letters(text)
        found: set[int] = set()
        for length in self._lengths:
            for at in range(len(letters) - length + 1):
                word = letters[at : at + length]
                if word in self._ids and at in ends and at + length in ends:
                    found.update(self._ids[word])
        return found


def _letters(text: str) -> tuple[str, frozenset[int]]:
    """Letters and digits alone, and the places among them where the text has something else, its beginning and its end."""
    parts = [part for part in re.split(r"[^A-Z0-9]+", _upper(text)) if part]
    ends, at = {0}, 0
    for part in parts:
        at += len(part)
        ends.add(at)
    return "".join(parts), frozenset(ends)


def plain(text: str) -> str:
    """Letters without accents and digits, in capitals."""
    return _letters(text)[0]


def same_name(one: str, other: str) -> bool:
    """Whether two names are of the same party: every word of the shorter is in the longer, forms of companies aside."""
    first, second = (frozenset(_upper(name).split()) - _FORMS for name in (_spaced(one), _spaced(other)))
    fewer, more = sorted((first, second), key=len)
    return bool(fewer) and fewer <= more and sum(map(len, fewer)) >= 4


def _spaced(text: str) -> str:
    return re.sub(r"[^\w]+", " ", text)


def _upper(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text).upper() if not unicodedata.combining(letter))
