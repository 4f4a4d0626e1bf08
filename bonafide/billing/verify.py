"""Checks every issued bill against its seal, its neighbours and its own sums, and names the first row that does not hold.

What hangs on bills is checked after them: credit notes, payments, the ledger, digests of usage files, closed months, the report.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import F, Sum

from bonafide.billing.amend.verify import first_amiss
from bonafide.billing.balance import verify as balance
from bonafide.billing.closings.verify import count_closings, first_wrong_closing
from bonafide.billing.explain.verify_notes import count_notes, first_wrong_note
from bonafide.billing.issue import payment_reference
from bonafide.billing.ledger.verify import first_wrong
from bonafide.billing.models import Correction, Invoice, InvoiceLine, InvoiceTax, Series, Settlement
from bonafide.billing.report.agree import first_difference
from bonafide.billing.seal import GENESIS, INVOICE_FIELDS, LINE_FIELDS, TAX_FIELDS, seal_of
from bonafide.billing.tax import out_of_gross, tax_on
from bonafide.money import EXACT, to_minor
from bonafide.operator import Operator

CHUNK = 1000

Row = dict[str, Any]


@dataclass(frozen=True)
class Verified:
    """Everything holds: how many bills, and the seal of the last, which vouches for all before it.

    ``closings`` and ``usage_files``: how many closed months and digests of usage files were checked as well.
    """

    bills: int
    seal: str
    closings: int = 0
    usage_files: int = 0


@dataclass(frozen=True)
class Fault:
    """The first thing that does not hold: where, and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def verify_books() -> Verified | Fault:
    """Read all issued bills in the order of their chain, streaming, and check them; see the module.

    Found are: a place or number that is missing or given twice, a row changed, added or removed by hand, sums that do not add
    up, settlements without an issued bill, a ledger that says otherwise, credit notes of another bill than they say, a digest of
    a usage file that is not what was noted, a closed month that is not what was closed, and a report that is not the ledger.
    A seal proves that something of that bill changed, not what: when the sums still hold, the bill is named as a whole.
    """
    seal, position = GENESIS, 0
    last: Counter[int] = Counter()
    for chunk in _chunks():
        parts = _parts([row["id"] for row in chunk])
        for row in chunk:
            lines, taxes = parts[row["id"]]
            fault = _order(row, position, last) or _sums(row, lines, taxes) or _sealed(row, lines, taxes, seal)
            if fault:
                return fault
            seal, position = row["seal"], row["position"]
    return _series(last) or _loose() or _corrections() or _books() or Verified(position, seal, count_closings(), count_notes())


def _chunks() -> Iterator[list[Row]]:
    rows = Invoice.objects.issued().order_by("position").values("id", "seal", *INVOICE_FIELDS)
    stream = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk


def _parts(ids: list[int]) -> dict[int, tuple[list[Row], list[Row]]]:
    """Lines and taxes by invoice: two queries."""
    parts: dict[int, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for line in InvoiceLine.objects.filter(invoice__in=ids).order_by("position").values("invoice_id", *LINE_FIELDS):
        parts[line["invoice_id"]][0].append(line)
    for tax in InvoiceTax.objects.filter(invoice__in=ids).order_by("category", "rate").values("invoice_id", *TAX_FIELDS):
        parts[tax["invoice_id"]][1].append(tax)
    return parts


def _order(row: Row, position: int, last: Counter[int]) -> Fault | None:
    """Places follow one another, and so do the numbers of each year; the year is that of the date of issue."""
    where = f"bill {row['number']}"
    if row["position"] != position + 1:
        return Fault(where, f"stands at place {row['position']} of the chain, but the place before it is {position}")
    year = row["issued_on"].year
    expected = f"{year}-{last[year] + 1:06d}"
    if not row["number"].endswith(expected):
        return Fault(where, f"the number that follows in {year} is {expected}")
    last[year] += 1
    if row["payment_reference"] != payment_reference(number=row["number"]):
        return Fault(where, f"its payment reference {row['payment_reference']!r} is not that of its number")
    return None


def _sums(row: Row, lines: list[Row], taxes: list[Row]) -> Fault | None:
    """Each line is its quantity times its price, the lines add up, the tax is on their sum, once per rate, and so on."""
    where = f"bill {row['number']}"
    for line in lines:
        product = EXACT.multiply(Decimal(line["quantity"]), Decimal(line["unit_price"]))
        amount = line["net_minor"] if line["gross_minor"] is None else line["gross_minor"]
        if to_minor(product, row["currency"]) != amount:
            return Fault(f"{where}, line {line['position']}", "its quantity times its unit price is not its amount")
    gross = any(line["gross_minor"] is not None for line in lines)
    for tax in taxes:
        rate, whole = Decimal(tax["rate"]), tax["base_minor"] + tax["tax_minor"]
        again = out_of_gross(whole, rate)[1] if gross else tax_on(tax["base_minor"], rate)
        apart = abs(again - tax["tax_minor"])
        # The taxes of a bill's credit notes add up to its own, which one of them may have to be a unit off for.
        if apart > (1 if row["kind"] == "381" else 0):
            return Fault(f"{where}, tax {tax['category']} {tax['rate']}", "its rate on its base is not its amount")
    if wrong := _by_rate(lines, taxes):
        return Fault(where, wrong)
    checks = [
        (sum(line["net_minor"] for line in lines), row["net_minor"], "its lines do not add up to its amount before tax"),
        (
            sum(tax["base_minor"] for tax in taxes),
            row["net_minor"],
            "the bases of its tax do not add up to its amount before tax",
        ),
        (sum(tax["tax_minor"] for tax in taxes), row["tax_minor"], "its taxes do not add up to its tax"),
        (row["net_minor"] + row["tax_minor"], row["total_minor"], "its total is not its amount before tax plus its tax"),
    ]
    return next((Fault(where, f"{what} ({found} and {stated})") for found, stated, what in checks if found != stated), None)


def _by_rate(lines: list[Row], taxes: list[Row]) -> str:
    """Lines that say which tax they bear add up to its base; where prices include it, to base and tax."""
    sums: Counter[tuple[str, str]] = Counter()
    gross: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if not line["tax_category"]:
            return ""
        key = (line["tax_category"], line["tax_rate"])
        sums[key] += line["net_minor"]
        gross[key] += line["net_minor"] if line["gross_minor"] is None else line["gross_minor"]
    for tax in taxes:
        key = (tax["category"], tax["rate"])
        if sums[key] != tax["base_minor"]:
            return f"its lines at {key[0]} {key[1]} do not add up to the base of that tax"
        if gross[key] not in (tax["base_minor"], tax["base_minor"] + tax["tax_minor"]):
            return f"its lines at {key[0]} {key[1]} do not add up to what they come to with that tax"
    return (
        "" if set(sums) <= {(tax["category"], tax["rate"]) for tax in taxes} else "a line bears a tax that the bill does not have"
    )


def _sealed(row: Row, lines: Iterable[Row], taxes: Iterable[Row], previous: str) -> Fault | None:
    content = {name: row[name] for name in INVOICE_FIELDS}
    rows = [[line[name] for name in LINE_FIELDS] for line in lines]
    parts = [[tax[name] for name in TAX_FIELDS] for tax in taxes]
    if seal_of(invoice=content, lines=rows, taxes=parts, previous=previous) == row["seal"]:
        return None
    return Fault(
        f"bill {row['number']}", "its content is not what was sealed: this row, a line or a tax of it was changed by hand"
    )


def _series(last: Counter[int]) -> Fault | None:
    """The count of each year stands where the last bill left it; bills cut off the end of the chain show here."""
    given = dict(Series.objects.values_list("year", "last"))
    for year in sorted(given.keys() | last.keys()):
        if given.get(year, 0) != last[year]:
            return Fault(f"year {year}", f"{given.get(year, 0)} numbers were given, but {last[year]} bills carry one")
    return None


def _loose() -> Fault | None:
    """Numbers outside the chain, and money booked on what was never issued."""
    unplaced = Invoice.objects.filter(number__isnull=True).exclude(seal="").first()
    if unplaced:
        return Fault(f"draft {unplaced.pk}", "carries a seal but no number: its number was taken away by hand")
    settlement = Settlement.objects.filter(invoice__number__isnull=True).first()
    if settlement:
        return Fault(f"settlement {settlement.reference}", "is booked on a bill that was never issued")
    loose = Invoice.objects.issued().filter(kind=Invoice.Kind.CREDIT_NOTE, correction=None).order_by("position").first()
    if loose:
        return Fault(f"bill {loose.number}", "is a credit note, and the bill that it is for was taken away by hand")
    credited = Invoice.objects.annotate(credited=Sum("corrections__document__total_minor"))
    beyond = credited.filter(credited__gt=F("total_minor")).order_by("position").first()
    if beyond:
        return Fault(f"bill {beyond.number}", "its credit notes come to more than it")
    found = first_amiss()
    return Fault(*found) if found else None


def _corrections() -> Fault | None:
    """A credit note says, under its own seal, which bill it is for and why; the row beside it must say the same."""
    rows = Correction.objects.filter(document__kind=Invoice.Kind.CREDIT_NOTE).order_by("document__position")
    columns = ("document__number", "document__mentions", "document__account_id", "original__number", "original__account_id")
    for number, mentions, account, original, of_account, reason in rows.values_list(*columns, "reason").iterator(
        chunk_size=CHUNK
    ):
        if account != of_account or not any(original in said and reason in said for said in mentions):
            return Fault(f"bill {number}", "is a credit note, and the bill that it is for, or its reason, was changed by hand")
    return None


def _books() -> Fault | None:
    operator: Operator = settings.OPERATOR
    wrong = first_wrong() or balance.first_wrong() or first_wrong_note() or first_wrong_closing(zone=operator.zone)
    if wrong:
        return Fault(wrong.where, wrong.what)
    differs = first_difference(operator=operator)
    return Fault("report", differs) if differs else None
