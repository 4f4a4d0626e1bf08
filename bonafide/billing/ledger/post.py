"""Steps become entries: numbered in the order in which they become final, written in the transaction of the step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from django.db.models import Q, Sum

from bonafide.billing.ledger import moves
from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.moves import Move
from bonafide.billing.ledger.seal import GENESIS, SEALED, seal_of
from bonafide.billing.taxed import at_home
from bonafide.operator import Operator

if TYPE_CHECKING:
    from bonafide.billing.issue import Numbered
    from bonafide.billing.models import Settlement

# Means of payment whose money is at the provider first.
AT_PROVIDER = frozenset({"stripe", "card", "sepa_debit"})


class _Decided(msgspec.Struct):
    """What of a bill's frozen ``tax_basis`` says where its VAT goes."""

    treatment: str = ""
    taxed_in: str = ""


_read_basis = msgspec.json.Decoder(_Decided).decode


class Issued(NamedTuple):
    """What of an issued bill is posted; days as ISO 8601 or dates."""

    id: int
    account_id: int
    number: str
    issued_on: date
    currency: str
    net_minor: int
    tax_minor: int
    tax_home_minor: int | None
    exchange: dict[str, str] | None
    treatment: str
    taxed_in: str


@dataclass(frozen=True)
class Entry:
    """One step's moves, on the way into the ledger."""

    step: Step
    source: int
    account_id: int | None
    invoice_id: int | None
    piece: str
    dated_on: date
    posted_on: date
    currency: str
    moves: Sequence[Move]


def issued_of(*, ids: Sequence[int], bills: Sequence[Numbered]) -> list[Issued]:
    """Numbered bills that were just written under these keys."""
    found = []
    for id_, bill in zip(ids, bills, strict=True):
        row = bill.invoice
        basis = _read_basis(row["tax_basis"]) if row["tax_basis"] is not None else _Decided()
        exchange = row["exchange"]
        found.append(
            Issued(
                id_,
                row["account_id"],
                row["number"],
                date.fromisoformat(row["issued_on"]),
                row["currency"],
                row["net_minor"],
                row["tax_minor"],
                row["tax_home_minor"],
                None if exchange is None else msgspec.json.decode(exchange),
                basis.treatment,
                basis.taxed_in,
            )
        )
    return found


def issued_from(*, row: dict[str, Any]) -> Issued:
    """A bill as the database has it, by column."""
    basis = row["tax_basis"] or {}
    values = {name: row[name] for name in Issued._fields if name in row}
    return Issued(**values, treatment=basis.get("treatment", ""), taxed_in=basis.get("taxed_in", ""))


def post_issued(*, issued: Iterable[Issued], operator: Operator, now: datetime | None = None) -> None:
    """Post bills on the day of their issue; call within the transaction that issued them, once the numbers are locked.

    Final from ``now`` on, by default from the day of issue. Bills of zero move nothing and have no entry.
    """
    write_entries(entries=[_issue(bill, operator, now) for bill in issued])


def _issue(bill: Issued, operator: Operator, now: datetime | None) -> Entry:
    books = operator.books
    home_net, home_tax = home_of(bill, operator)
    vat = moves.vat_account(books=books, treatment=bill.treatment, taxed_in=bill.taxed_in, on_debits=operator.tax.vat_on_debits)
    moved = moves.issued(
        books=books, vat=vat, net_minor=bill.net_minor, tax_minor=bill.tax_minor, home_net=home_net, home_tax=home_tax
    )
    posted_on = _day(now, operator, bill.issued_on)
    return Entry(Step.ISSUE, bill.id, bill.account_id, bill.id, bill.number, bill.issued_on, posted_on, bill.currency, moved)


def _day(now: datetime | None, operator: Operator, otherwise: date) -> date:
    return now.astimezone(operator.zone).date() if now else otherwise


def home_of(bill: Issued, operator: Operator) -> tuple[int | None, int | None]:
    """Net and tax in the currency of the books; None where the bill names no rate."""
    if bill.currency == operator.billing.currency:
        return bill.net_minor, bill.tax_minor
    net = at_home(minor=bill.net_minor, currency=bill.currency, exchange=bill.exchange)
    return net, bill.tax_home_minor


def post_settlement(*, settlement: Settlement, operator: Operator, now: datetime | None) -> None:
    """Post money on a bill, on the day it was received; call within its transaction, once the numbers are locked."""
    invoice = settlement.invoice
    earlier = type(settlement).objects.filter(invoice=invoice, pk__lt=settlement.pk)
    pending, home_pending = _pending(invoice.pk, operator)
    home_total: int | None = invoice.total_minor
    if invoice.currency != operator.billing.currency:
        net = at_home(minor=invoice.net_minor, currency=invoice.currency, exchange=invoice.exchange)
        home_total = None if net is None or invoice.tax_home_minor is None else net + invoice.tax_home_minor
    books = operator.books
    moved = moves.settled(
        books=books,
        money=books.clearing if settlement.means in AT_PROVIDER else books.bank,
        standing=moves.Standing(
            total_minor=invoice.total_minor,
            home_total=home_total,
            pending_minor=pending,
            home_pending=home_pending,
            settled_minor=earlier.aggregate(sum=Sum("amount_minor"))["sum"] or 0,
        ),
        amount_minor=settlement.amount_minor,
    )
    received = settlement.received_on
    posted_on = _day(now, operator, received)
    write_entries(
        entries=[
            Entry(
                Step.SETTLEMENT,
                settlement.pk,
                invoice.account_id,
                invoice.pk,
                settlement.reference,
                received,
                posted_on,
                invoice.currency,
                moved,
            )
        ]
    )


def _pending(invoice_id: int, operator: Operator) -> tuple[int, int | None]:
    """VAT that the bill's issue left waiting for its money: what was posted says so, whatever the settings are by now."""
    rows = Posting.objects.filter(step=Step.ISSUE, source=invoice_id)
    pending = operator.books.vat_pending
    found = rows.filter(Q(debit=pending) | Q(credit=pending)).values_list("credit", "amount_minor", "home_minor")
    for credit, amount, home in found:
        sign = 1 if credit == pending else -1
        return sign * amount, None if home is None else sign * home
    return 0, 0


def write_entries(*, entries: Iterable[Entry]) -> None:
    """Number entries in their order, each year from 1 without a gap, and write them; the numbers must be locked.

    The unique key of step and source refuses what is posted already.
    """
    from bonafide.billing.write import insert_rows  # which writes bills, whose models know the ledger's

    last: dict[int, tuple[int, str]] = {}
    rows = []
    for entry in entries:
        if not entry.moves:
            continue
        year = entry.dated_on.year
        number, seal = last.get(year) or _last_of(year)
        number += 1
        known = (str(entry.step), entry.source, entry.account_id, entry.invoice_id, entry.piece)
        days = (entry.dated_on.isoformat(), entry.posted_on.isoformat())
        for line, moved in enumerate(entry.moves, start=1):
            amounts = (moved.debit, moved.credit, moved.amount_minor, entry.currency, moved.home_minor)
            row = (year, number, line, *known, *days, *amounts)
            seal = seal_of(row=row, previous=seal)
            rows.append((*row, seal))
        last[year] = number, seal
    if rows:
        insert_rows(table=Posting._meta.db_table, columns=(*SEALED, "seal"), rows=rows)


def _last_of(year: int) -> tuple[int, str]:
    """Number and seal of the last row of a year."""
    found = Posting.objects.filter(year=year).order_by("-entry", "-line").values_list("entry", "seal").first()
    return found or (0, GENESIS)
