"""Which amounts move between which accounts at each step of a bill. Pure: minor units in, minor units out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from bonafide.money import ROUNDING
from bonafide.operator_books import Books


class Move(NamedTuple):
    """``amount_minor`` of the bill's currency, always more than zero; ``home_minor`` in that of the books, if known."""

    debit: str
    credit: str
    amount_minor: int
    home_minor: int | None


def move(debit: str, credit: str, minor: int, home: int | None) -> list[Move]:
    """One move, the other way round when the amount is below zero; none for zero."""
    if minor > 0:
        return [Move(debit, credit, minor, None if home is None else max(home, 0))]
    if minor < 0:
        return [Move(credit, debit, -minor, None if home is None else max(-home, 0))]
    return []


def vat_account(*, books: Books, treatment: str, taxed_in: str, on_debits: bool) -> str:
    """Where the VAT of a bill goes at its issue.

    That of another member state is declared to the one-stop shop, by place. That of home waits for the money unless the operator
    opted for debits, as it is the rule for services (CGI art. 269, 2, c).
    """
    if treatment == "destination":
        return f"{books.vat_oss}{taxed_in.replace('-', '')}"
    return books.vat_due if on_debits else books.vat_pending


def issued(*, books: Books, vat: str, net_minor: int, tax_minor: int, home_net: int | None, home_tax: int | None) -> list[Move]:
    """A bill is issued: the customer owes it, it is revenue and VAT. A bill below zero goes the other way."""
    return [
        *move(books.receivable, books.revenue, net_minor, home_net),
        *move(books.receivable, vat, tax_minor, home_tax),
    ]


class Standing(NamedTuple):
    """A bill before money comes: what it is after its credit notes, the VAT that waits for it, and what was settled so far.

    ``billed_minor`` and ``home_billed`` are what was billed, in both currencies: the rate between them.
    """

    total_minor: int
    billed_minor: int
    home_billed: int | None
    pending_minor: int
    home_pending: int | None
    settled_minor: int


def settled(*, books: Books, money: str, standing: Standing, amount_minor: int) -> list[Move]:
    """Money comes for a bill (or goes back, below zero): the customer owes less, and its share of waiting VAT becomes due.

    Shares are taken of all that was settled so far, so that rounding never leaves a cent behind on a bill that is paid.
    """
    total, before = standing.total_minor, standing.settled_minor
    after = before + amount_minor
    least, most = sorted((0, total))
    low, high = min(max(before, least), most), min(max(after, least), most)
    return [
        *move(money, books.receivable, amount_minor, _between(standing.home_billed, before, after, standing.billed_minor)),
        *move(
            books.vat_pending,
            books.vat_due,
            _between(standing.pending_minor, low, high, total) or 0,
            _between(standing.home_pending, low, high, total),
        ),
    ]


class Credited(NamedTuple):
    """What a credit note takes back, in both currencies; ``vat`` is the account that the bill's VAT went to."""

    vat: str
    net_minor: int
    tax_minor: int
    home_net: int | None
    home_tax: int | None


def credited(*, books: Books, standing: Standing, credit: Credited) -> list[Move]:
    """A credit note takes back revenue and VAT, and with it the part of the VAT that was due as it was paid.

    ``standing`` is that of the bill before. What was paid and is now too much stays with the customer's account.
    """
    net, tax = -credit.net_minor, -credit.tax_minor
    home_net = None if credit.home_net is None else -credit.home_net
    home_tax = None if credit.home_tax is None else -credit.home_tax
    back = issued(books=books, vat=credit.vat, net_minor=net, tax_minor=tax, home_net=home_net, home_tax=home_tax)
    if credit.vat != books.vat_pending:
        return back
    total, pending = standing.total_minor + net + tax, standing.pending_minor + tax
    home = None if standing.home_pending is None or home_tax is None else standing.home_pending + home_tax
    before, after = (
        share(waiting, min(max(standing.settled_minor, 0), of), of)
        for waiting, of in ((standing.pending_minor, standing.total_minor), (pending, total))
    )
    home_change = None
    if home is not None and standing.home_pending is not None:
        paid = max(standing.settled_minor, 0)
        home_before = share(standing.home_pending, min(paid, standing.total_minor), standing.total_minor)
        home_change = share(home, min(paid, total), total) - home_before
    return back + move(books.vat_pending, books.vat_due, after - before, home_change)


def share(whole: int, part: int, of: int) -> int:
    """``whole * part / of``, rounded half away from zero; nothing of nothing."""
    if not of:
        return 0
    return int(ROUNDING.divide(Decimal(whole * part), Decimal(of)).quantize(Decimal(1), context=ROUNDING))


def _between(whole: int | None, before: int, after: int, of: int) -> int | None:
    return None if whole is None else share(whole, after, of) - share(whole, before, of)


def fee(*, books: Books, minor: int, home: int | None) -> list[Move]:
    """A provider keeps its fee of money that it holds for us; below zero when it gives it back."""
    return move(books.fees, books.clearing, minor, home)


def paid_out(*, books: Books, minor: int, home: int | None) -> list[Move]:
    """A provider pays out to the bank what it holds."""
    return move(books.bank, books.clearing, minor, home)


def voucher(*, books: Books, money: str, minor: int, home: int | None) -> list[Move]:
    """Money comes in advance, or (below zero) goes back."""
    return move(money, books.prepaid, minor, home)


def lost(*, books: Books, standing: Standing, before_minor: int, after_minor: int) -> list[Move]:
    """Of what a customer owes, ``after_minor`` in all is given up where it was ``before_minor``.

    It is the end of the bill that is lost, and payments are its beginning: VAT that waited for that part never becomes due
    (CGI art. 269, 2, c) and goes with it, so that only the net is a loss. VAT that was due at issue is lost as well; what
    the state gives back of it (CGI art. 272) is for staff to ask for.
    """
    total, amount = standing.total_minor, after_minor - before_minor
    kept_before, kept_after = total - before_minor, total - after_minor
    vat = _between(standing.pending_minor, kept_after, kept_before, total) or 0
    home_vat = _between(standing.home_pending, kept_after, kept_before, total)
    home = _between(standing.home_billed, kept_after, kept_before, standing.billed_minor)
    net = None if home is None or home_vat is None else home - home_vat
    return [
        *move(books.losses, books.receivable, amount - vat, net),
        *move(books.vat_pending, books.receivable, vat, home_vat),
    ]


def reversed_by(rows: Iterable[tuple[str, str, int, int | None]]) -> list[Move]:
    """What rows (debit, credit, amount, at home) moved in all goes back, between the same accounts."""
    minor: dict[tuple[str, str], int] = {}
    home: dict[tuple[str, str], int | None] = {}
    for debit, credit, amount, at_home in rows:
        key, sign = ((debit, credit), 1) if (debit, credit) in minor or (credit, debit) not in minor else ((credit, debit), -1)
        known = home.get(key, 0)
        minor[key] = minor.get(key, 0) + sign * amount
        home[key] = None if known is None or at_home is None else known + sign * at_home
    return [moved for (debit, credit), amount in minor.items() for moved in move(credit, debit, amount, home[debit, credit])]


def expired(*, books: Books, minor: int, home: int | None) -> list[Move]:
    """Money that came in advance expires, and is income."""
    return move(books.prepaid, books.expired, minor, home)
