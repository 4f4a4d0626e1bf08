"""The report of a period: its sums, and the same numbers as one flat table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bonafide.billing.report.receivables import NAMES, Owed, owed, owed_by_customer, owed_in_all
from bonafide.billing.report.revenue import DESTINATION, Kept, Sold, revenue, reversed_to
from bonafide.billing.report.roles import Roles, roles_of
from bonafide.billing.report.vat import Vat, vat
from bonafide.errors import Refused
from bonafide.money import from_minor
from bonafide.operator import Operator


class BadPeriod(Refused):
    """No report can be made of these days."""


@dataclass(frozen=True)
class Report:
    """Everything but the customers, who may be many: those are read by :func:`rows_of` and by the page, one after another.

    ``receivables`` are as of ``as_of``, by currency. Amounts are minor units of their currency, or of ``home`` where named so.
    """

    start: date
    end: date
    as_of: date
    home: str
    roles: Roles
    revenue: dict[Kept, Sold]
    vat: list[Vat]
    receivables: list[Owed]


def report_of(*, start: date, end: date, operator: Operator, as_of: date | None = None) -> Report:
    """Revenue and VAT of the days from ``start`` to ``end``, both included, and what is owed at the end of ``as_of``.

    Eleven queries, whatever there is.

    :param as_of: by default ``end``.
    :raises BadPeriod: when ``end`` is before ``start``.
    """
    if end < start:
        raise BadPeriod(f"{start} to {end}: expected the last day not before the first")
    roles, home, on = roles_of(books=operator.books), operator.billing.currency, as_of or end
    return Report(
        start=start,
        end=end,
        as_of=on,
        home=home,
        roles=roles,
        revenue=revenue(start=start, end=end, home=home),
        vat=vat(start=start, end=end, roles=roles),
        receivables=owed_in_all(on=on, roles=roles),
    )


def by(report: Report, *names: str, only: str = "") -> dict[tuple[str, ...], dict[bool, Sold]]:
    """Revenue added up by these fields of :class:`Kept`, in order: what was billed (False), what credit notes took back (True).

    :param only: a treatment, to which it is limited.
    """
    found: dict[tuple[str, ...], dict[bool, Sold]] = {}
    for key, sold in report.revenue.items():
        if only and key.treatment != only:
            continue
        group = found.setdefault(tuple(str(getattr(key, name)) for name in names), {False: Sold(), True: Sold()})
        group[key.credit].add(
            documents=sold.documents,
            net=sold.net_minor,
            tax=sold.tax_minor,
            net_home=sold.net_home,
            tax_home=sold.tax_home,
        )
    return dict(sorted(found.items()))


def one_stop_shop(report: Report) -> dict[tuple[str, ...], dict[bool, Sold]]:
    """By place of taxation, rate and currency: what the return of the one-stop shop asks for."""
    return by(report, "taxed_in", "rate", "currency", only=DESTINATION)


# --- The table ------------------------------------------------------------------------------------------------------------
# These names and their order stay: programs read them. What does not apply to a row is empty in it.
COLUMNS = (
    *("section", "month", "document", "currency", "category", "rate", "treatment", "taxed_in", "place"),
    *("account", "customer", "vat_number", "documents", "net", "tax", "total", "net_home", "tax_home", "total_home"),
    *NAMES,
)
Row = dict[str, str]


def rows_of(report: Report) -> Iterator[Row]:
    """Every number of the report as text, in major units with a decimal point.

    Sections: ``revenue``, ``oss``, ``reverse_charge``, ``vat_...``, ``receivable`` (each customer) and ``receivables`` (all of
    them). Customers are streamed; two more queries.
    """
    for key, sold in report.revenue.items():
        yield _row("revenue", key.currency, **_of_key(key), **_of_sold(sold, key.currency, report.home))
    for (taxed_in, rate, currency), apart in one_stop_shop(report).items():
        for credit, sold in apart.items():
            if sold.documents:
                about = {"document": _document(credit=credit), "taxed_in": taxed_in, "rate": rate}
                yield _row("oss", currency, **about, **_of_sold(sold, currency, report.home))
    yield from _reversed(report)
    for one in report.vat:
        tax = {"tax": _amount(one.tax_minor, one.currency), "tax_home": _amount(one.tax_home, report.home)}
        yield _row(f"vat_{one.item}", one.currency, rate=one.rate, **tax)
    for row in owed_by_customer(on=report.as_of, roles=report.roles).iterator(chunk_size=1000):
        yield _of_owed("receivable", owed(row=row), report.home)
    for all_of_it in report.receivables:
        yield _of_owed("receivables", all_of_it, report.home)


def _reversed(report: Report) -> Iterator[Row]:
    for sold in reversed_to(start=report.start, end=report.end, home=report.home):
        yield _row(
            "reverse_charge",
            sold.currency,
            month=f"{sold.month:%Y-%m}",
            document=_document(credit=sold.credit),
            account=sold.reference,
            customer=sold.name,
            vat_number=sold.vat_number,
            net=_amount(sold.net_minor, sold.currency),
            net_home=_amount(sold.net_home, report.home),
        )


def _row(section: str, currency: str, **values: str) -> Row:
    return dict.fromkeys(COLUMNS, "") | {"section": section, "currency": currency} | values


def _document(*, credit: bool) -> str:
    return "credit note" if credit else "bill"


def _of_key(key: Kept) -> Row:
    return {
        "month": f"{key.month:%Y-%m}",
        "document": _document(credit=key.credit),
        **{name: getattr(key, name) for name in ("category", "rate", "treatment", "taxed_in", "place")},
    }


def _of_sold(sold: Sold, currency: str, home: str) -> Row:
    total_home = None if sold.net_home is None or sold.tax_home is None else sold.net_home + sold.tax_home
    return {
        "documents": str(sold.documents),
        "net": _amount(sold.net_minor, currency),
        "tax": _amount(sold.tax_minor, currency),
        "total": _amount(sold.net_minor + sold.tax_minor, currency),
        "net_home": _amount(sold.net_home, home),
        "tax_home": _amount(sold.tax_home, home),
        "total_home": _amount(total_home, home),
    }


def _of_owed(section: str, one: Owed, home: str) -> Row:
    ages = {name: _amount(minor, one.currency) for name, minor in zip(NAMES, one.ages, strict=True)}
    about = {"account": one.reference, "customer": one.name}
    return _row(
        section, one.currency, **about, total=_amount(one.minor, one.currency), total_home=_amount(one.home, home), **ages
    )


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else format(from_minor(minor, currency), "f")
