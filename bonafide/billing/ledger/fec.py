"""The French file of accounting entries (fichier des ecritures comptables; LPF art. L47 A I and A47 A-1 VII), streamed.

UTF-8, a header line, fields apart by ``|``, amounts with a decimal comma, days as YYYYMMDD, entries in the order in which they
became final. Its words are French, whatever the language of the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import F, Max, Sum

from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.models import Settlement
from bonafide.errors import Refused
from bonafide.money import exponent
from bonafide.operator import Operator
from bonafide.operator_books import Books

COLUMNS = (
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib"),
    *("PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate"),
    *("Montantdevise", "Idevise"),
)
CHUNK = 1000
_LABELS = {
    "receivable": "Clients",
    "doubtful": "Clients douteux ou litigieux",
    "prepaid": "Clients - avances et acomptes reçus",
    "revenue": "Prestations de services",
    "vat_due": "TVA collectée",
    "vat_pending": "TVA à régulariser ou en attente",
    "vat_oss": "TVA due par le guichet unique",
    "bank": "Banque",
    "clearing": "Stripe - fonds en attente",
    "fees": "Services bancaires",
    "expired": "Produits divers de gestion courante",
    "losses": "Pertes sur créances irrécouvrables",
}
_TEXTS = {
    Step.ISSUE: "Facture",
    Step.SETTLEMENT: "Règlement",
    Step.CREDIT: "Avoir",
    Step.FEE: "Frais",
    Step.PAYOUT: "Virement",
    Step.VOUCHER: "Avance",
    Step.REFUND: "Remboursement d'avance",
    Step.EXPIRY: "Avance périmée",
    Step.LOSS: "Perte",
    Step.REVERSAL: "Annulation",
}
_JOURNALS = {"VE": "Ventes", "AV": "Avoirs", "BQ": "Banque", "ST": "Stripe", "OD": "Opérations diverses"}
# What would break a line or a field.
_BREAKS = re.compile(r"[|\t\r\n\x00-\x1f\u2028\u2029]+")


class NothingToExport(Refused):
    """The year cannot be exported, and why."""


class _Side(NamedTuple):
    """What one entry puts on one account, in both currencies."""

    account: str
    minor: int
    home: int
    debit: bool


def file_name(*, year: int, operator: Operator) -> str:
    """``732829320FEC20261231.txt``: the SIREN and the last day of the (calendar) year.

    :raises NothingToExport: when the operator's registration is no SIREN.
    """
    siren = "".join(operator.identity.registration.split())
    if not re.fullmatch(r"\d{9}(\d{5})?", siren):
        raise NothingToExport(
            f"identity.registration {operator.identity.registration!r} is no SIREN of 9 digits, by which a FEC is named: enter it"
        )
    return f"{siren[:9]}FEC{year}1231.txt"


def check_year(*, year: int) -> int:
    """How many rows of the ledger a year has; every one of them can be exported.

    :raises NothingToExport: for a year without any, or with amounts whose value in the currency of the books is not known.
    """
    rows = Posting.objects.filter(year=year)
    count = rows.count()
    if not count:
        raise NothingToExport(f"nothing is posted in {year}: issue bills first, or name another year")
    unknown = rows.filter(home_minor=None).select_related("invoice").first()
    if unknown:
        raise NothingToExport(
            f"entry {unknown.entry} of {year} ({unknown.piece}) is in {unknown.currency} and its bill names no "
            "rate, so what it is worth in the books is not known: ask your accountant, and enter rates before bills are issued "
            "('bonafide prices rate')"
        )
    last = rows.aggregate(last=Max("entry"))["last"]
    entries = rows.values("entry").distinct().count()
    if last != entries:
        raise NothingToExport(f"{year} has {entries} entries but the last is numbered {last}: run 'bonafide bills verify'")
    return count


def lines_of_year(*, year: int, operator: Operator) -> Iterator[str]:
    """The header and every line, each with its line end; the year must have passed :func:`check_year`."""
    yield "|".join(COLUMNS) + "\r\n"
    stream = (
        Posting.objects.filter(year=year)
        .order_by("entry", "line")
        .values(
            *("entry", "step", "source", "invoice_id", "piece", "piece_on", "dated_on", "posted_on", "debit", "credit"),
            *("amount_minor", "currency", "home_minor"),
            reference=F("account__reference"),
            name=F("account__name"),
            number=F("invoice__number"),
            buyer=F("invoice__buyer"),
        )
        .iterator(chunk_size=CHUNK)
    )
    grouped = groupby(stream, key=lambda row: row["entry"])
    chunk: list[list[dict[str, Any]]] = []
    for _entry, rows in grouped:
        chunk.append(list(rows))
        if len(chunk) == CHUNK:
            yield from _written(chunk, operator)
            chunk = []
    yield from _written(chunk, operator)


def _written(entries: list[list[dict[str, Any]]], operator: Operator) -> Iterator[str]:
    lettered = _lettered({rows[0]["invoice_id"] for rows in entries} - {None})
    for rows in entries:
        yield from _entry(rows, lettered, operator)


def _lettered(invoices: set[int]) -> dict[int, tuple[str, date]]:
    """Bills that are paid to the cent: their letter (the bill's own place in its chain) and the day of the last payment."""
    paid = (
        Settlement.objects.filter(invoice__in=invoices)
        .order_by()
        .values("invoice_id", total=F("invoice__total_minor"), place=F("invoice__position"))
        .annotate(sum=Sum("amount_minor"), last=Max("received_on"))
    )
    return {row["invoice_id"]: (letters(row["place"]), row["last"]) for row in paid if row["sum"] == row["total"]}


def letters(place: int) -> str:
    """1 is AAA, 2 AAB, ...: the letters that accountants join what belongs together by; at least three of them."""
    found = ""
    place -= 1
    while place or len(found) < 3:
        place, digit = divmod(place, 26)
        found = chr(65 + digit) + found
    return found


def _entry(rows: list[dict[str, Any]], lettered: dict[int, tuple[str, date]], operator: Operator) -> Iterator[str]:
    first, books, home = rows[0], operator.books, operator.billing.currency
    journal = _journal(rows, books)
    owed = (books.receivable, books.doubtful, books.prepaid)
    letter, lettered_on = lettered.get(first["invoice_id"], ("", None))
    name = str((first["buyer"] or {}).get("name", "") or first["name"] or "")
    reference = str((first["buyer"] or {}).get("reference", "") or first["reference"] or "")
    text = f"{_TEXTS[Step(first['step'])]} {first['number'] or first['piece']}"
    abroad = first["currency"] != home
    for side in _sides(rows):
        customer = side.account in owed
        amount = _amount(side.home, home)
        yield (
            "|".join(
                _clean(field)
                for field in (
                    journal,
                    _JOURNALS[journal],
                    str(first["entry"]),
                    _day(first["dated_on"]),
                    side.account,
                    _label(side.account, books),
                    reference if customer else "",
                    name if customer else "",
                    first["piece"],
                    _day(first["piece_on"] or first["dated_on"]),
                    text,
                    amount if side.debit else _amount(0, home),
                    _amount(0, home) if side.debit else amount,
                    letter if customer else "",
                    _day(lettered_on) if customer and lettered_on else "",
                    _day(first["posted_on"]),
                    f"{'' if side.debit else '-'}{_amount(side.minor, first['currency'])}" if abroad else "",
                    first["currency"] if abroad else "",
                )
            )
            + "\r\n"
        )


def _sides(rows: list[dict[str, Any]]) -> list[_Side]:
    """The balance of each account: debits first, in the order of the moves. What goes in and out again is not shown."""
    minor: dict[str, int] = {}
    home: dict[str, int] = {}
    for row in rows:
        for account, sign in ((row["debit"], 1), (row["credit"], -1)):
            minor[account] = minor.get(account, 0) + sign * row["amount_minor"]
            home[account] = home.get(account, 0) + sign * row["home_minor"]
    sides = [_Side(account, abs(minor[account]), abs(amount), amount > 0) for account, amount in home.items() if amount]
    return sorted(sides, key=lambda side: not side.debit)


def _journal(rows: list[dict[str, Any]], books: Books) -> str:
    """Sales, credit notes, or that of the money that moves."""
    step = rows[0]["step"]
    if step in (Step.ISSUE, Step.CREDIT, Step.REVERSAL):
        return "VE" if step == Step.ISSUE else "AV"
    accounts = {row[side] for row in rows for side in ("debit", "credit")}
    if books.bank in accounts:
        return "BQ"
    return "ST" if books.clearing in accounts else "OD"


def _label(account: str, books: Books) -> str:
    for key, label in _LABELS.items():
        number = getattr(books, key)
        if account == number:
            return label
        if key == "vat_oss" and account.startswith(number):
            return f"{label} ({account.removeprefix(number)})"
    return f"Compte {account}"


def _amount(minor: int, currency: str) -> str:
    """``1234,50``: as many decimals as the currency has, without thousands."""
    places = exponent(currency)
    digits = f"{abs(minor):0{places + 1}d}"
    whole, cents = (digits[:-places], digits[-places:]) if places else (digits, "00")
    return f"{'-' if minor < 0 else ''}{whole},{cents}"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _clean(text: str) -> str:
    return " ".join(_BREAKS.sub(" ", text).split())
