"""Which movements of a statement are known already, and which may be: by the bank's reference, by content, by balance. Pure.

The same movement may be told again: by the same file, by one that overlaps it, by one in another format in which the bank gives
no reference or writes the text otherwise. What is certainly the same is known. What only may be the same is noted with a doubt,
so that nobody books it unseen. What the bank itself tells apart, by two references in one format, is two movements.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bonafide.payments.transfers.statement import BankLine, Statement, plain

ALIKE, REFERENCE_USED, OTHER_FORMAT = "alike", "reference_used", "other_format"


@dataclass(eq=False)
class Known:
    """A movement that was noted; ``pk`` is None while it only will be. ``content`` is without its count."""

    bank_reference: str
    content: str
    count: int
    value_on: date
    amount_minor: int
    currency: str
    balance_minor: int | None
    format: str
    reference: str = ""
    text: str = ""
    pk: int | None = None


@dataclass(frozen=True)
class Days:
    """Days of which a statement in this format told."""

    format: str
    first_on: date
    last_on: date


@dataclass(frozen=True)
class Told:
    """A movement of a statement: ``known`` is what it is, when it is known already. Else it is new, with a ``doubt`` or none.

    ``line`` has the reference and the count under which it is to be noted; ``alike`` is what it may be another telling of.
    """

    line: BankLine
    balance_minor: int | None
    known: Known | None = None
    doubt: str = ""
    alike: Known | None = None
    noted: Known | None = None


@dataclass
class Index:
    """What is known, and what becomes known on the way: statements are told one after the other."""

    days: list[Days] = field(default_factory=list)
    by_reference: dict[str, Known] = field(default_factory=dict)
    by_amount: dict[tuple[date, int, str], list[Known]] = field(default_factory=lambda: defaultdict(list))

    def add(self, known: Known) -> None:
        if known.bank_reference:
            self.by_reference[known.bank_reference] = known
        self.by_amount[known.value_on, known.amount_minor, known.currency].append(known)


def kept(line: BankLine) -> bool:
    """Whether a movement is kept: money that came, and what is marked as taken back. Not what the operator pays."""
    return line.amount_minor > 0 or line.returned


def bare(line: BankLine) -> str:
    """The content of a line as if it were the only one of its kind."""
    return replace(line, count=1).content


def identify(*, statement: Statement, format: str, index: Index) -> list[Told]:
    """Each movement of ours of a statement, in its order; what is new is known to ``index`` from then on."""
    lines = list(_with_balances(statement))
    names = Counter(line.bank_reference for line, _balance in lines if line.bank_reference)
    lines = [
        (line if names[line.bank_reference] == 1 else replace(line, bank_reference=""), balance)  # names none, or several
        for line, balance in lines
    ]
    taken: set[int] = set()
    found: dict[int, Known] = {}
    for rule in (_by_reference, _by_balance, _by_content):
        for at, (line, balance) in enumerate(lines):
            if at in found:
                continue
            known = next((one for one in rule(line, balance, format, index) if id(one) not in taken), None)
            if known:
                found[at] = known
                taken.add(id(known))
    told = [
        Told(line, balance, known=found[at]) if at in found else _new(line, balance, format, index, taken)
        for at, (line, balance) in enumerate(lines)
    ]
    counted = [_to_note(one, format, index) for one in told]
    days = [line.booked_on for line, _balance in lines]
    if days:
        index.days.append(Days(format, min(days), max(days)))
    return counted


def _with_balances(statement: Statement) -> Iterable[tuple[BankLine, int | None]]:
    balance = statement.opening_minor
    for line in statement.lines:
        if balance is not None:
            balance += line.amount_minor
        if kept(line):
            yield line, balance


def _like(line: BankLine, index: Index) -> Sequence[Known]:
    return index.by_amount.get((line.value_on, line.amount_minor, line.currency), ())


def _by_reference(line: BankLine, balance: int | None, format: str, index: Index) -> list[Known]:
    known = index.by_reference.get(line.bank_reference)
    return [known] if known and known in _like(line, index) else []


def _by_balance(line: BankLine, balance: int | None, format: str, index: Index) -> list[Known]:
    """The same amount that left the same balance on the same day, unless the bank tells the two apart, or the payer does."""
    if balance is None:
        return []
    alike = [one for one in _like(line, index) if one.balance_minor == balance and not _told_apart(line, one, format)]
    return [one for one in alike if one.content == bare(line) or (one.format != format and _says_the_same(line, one))]


def _by_content(line: BankLine, balance: int | None, format: str, index: Index) -> list[Known]:
    """What says the same in everything, where neither a reference nor a balance can tell more."""
    used = index.by_reference.get(line.bank_reference)
    if line.bank_reference and not used:
        return []
    content = bare(line)
    alike = [one for one in _like(line, index) if one.content == content and not one.bank_reference]
    return [one for one in alike if balance is None or one.balance_minor in (None, balance)]


def _told_apart(line: BankLine, known: Known, format: str) -> bool:
    return bool(line.bank_reference and known.bank_reference and known.format == format)


def _says_the_same(line: BankLine, known: Known) -> bool:
    """Whether two texts may be one in two formats: one is in the other, or names its creditor's reference."""
    one, other = (plain(f"{told.reference} {told.text}") for told in (line, known))
    references = [(plain(line.reference), other), (plain(known.reference), one)]
    return one in other or other in one or any(reference and reference in words for reference, words in references)


def _new(line: BankLine, balance: int | None, format: str, index: Index, taken: set[int]) -> Told:
    used = index.by_reference.get(line.bank_reference) if line.bank_reference else None
    if used:
        return Told(replace(line, bank_reference=""), balance, doubt=REFERENCE_USED, alike=used)
    content = bare(line)
    for one in _like(line, index):
        if id(one) in taken or _told_apart(line, one, format):
            continue
        one_names_it = bool(line.bank_reference) != bool(one.bank_reference)
        if one.format != format or one_names_it or one.content == content:
            return Told(line, balance, doubt=ALIKE, alike=one)
    if any(days.format != format and days.first_on <= line.booked_on <= days.last_on for days in index.days):
        return Told(line, balance, doubt=OTHER_FORMAT)
    return Told(line, balance)


def _to_note(told: Told, format: str, index: Index) -> Told:
    """With the count that tells it apart from others of the same content, and known from now on; nothing of what is known."""
    if told.known:
        return told
    line, content = told.line, bare(told.line)
    count = 1
    if not line.bank_reference:
        same = [one.count for one in _like(line, index) if one.content == content and not one.bank_reference]
        count = max(same, default=0) + 1
    line = replace(line, count=count)
    known = Known(
        line.bank_reference,
        content,
        count,
        line.value_on,
        line.amount_minor,
        line.currency,
        told.balance_minor,
        format,
        line.reference,
        line.text,
    )
    index.add(known)
    return replace(told, line=line, noted=known)
