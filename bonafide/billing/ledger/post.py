"""Steps become entries: numbered in the order in which they become final, written in the transaction of the step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from django.db import connection
from django.db.models import Sum

from bonafide.billing.amend.models import CARRIED
from bonafide.billing.amend.stands import Stands
from bonafide.billing.ledger import moves
from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.moves import Move
from bonafide.billing.ledger.seal import GENESIS, LATER, SEALED, seal_of
from bonafide.billing.taxed import at_home
from bonafide.operator import Operator
from bonafide.operator_books import Books

if TYPE_CHECKING:
    from bonafide.billing.amend.models import Loss
    from bonafide.billing.issue import Numbered
    from bonafide.billing.models import Invoice, Settlement

# Means of payment whose money is at the provider first.
AT_PROVIDER = frozenset({"stripe", "card", "sepa_debit"})
# The means by which money that was paid in advance settles a bill.
BALANCE = "balance"


class _Decided(msgspec.Struct):
    """What of a bill's frozen ``tax_basis`` says where its VAT goes."""

    treatment: str = ""
    taxed_in: str = ""


# Every payment reads these two: as text they cost a tenth.
_READ_POSTED = (
    "SELECT line, debit, credit, amount_minor, home_minor FROM billing_posting "
    "WHERE step = %s AND source IN ({marks}) AND line <= 2 ORDER BY year, entry, line"
)
_READ_LAST = "SELECT entry, seal FROM billing_posting WHERE year = %s ORDER BY entry DESC, line DESC LIMIT 1"

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
    piece_on: date | None = None


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


def post_settlement(
    *,
    settlement: Settlement,
    operator: Operator,
    now: datetime | None,
    entered_on: date | None = None,
    before: Stands | None = None,
) -> None:
    """Post money on a bill, on the day it was received; call within its transaction, once the numbers are locked.

    :param entered_on: the day of the entry, where the month of that day is closed.
    :param before: where the bill stood before this money, if that was read since the numbers were locked.
    """
    invoice, books = settlement.invoice, operator.books
    if before is None:
        earlier = type(settlement).objects.filter(invoice=invoice, pk__lt=settlement.pk)
        settled: int = earlier.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    else:
        settled = before.paid_minor
    has_notes = before is None or before.has_credit_notes
    moved = moves.settled(
        books=books,
        money=money_account(books=books, means=settlement.means),
        standing=_standing(invoice, operator, settled, has_notes=has_notes),
        amount_minor=settlement.amount_minor,
    )
    received = settlement.received_on
    known = (Step.SETTLEMENT, settlement.pk, invoice.account_id, invoice.pk, settlement.reference)
    dated_on = entered_on or received
    piece_on = None if dated_on == received else received
    entry = Entry(*known, dated_on, _day(now, operator, dated_on), invoice.currency, moved, piece_on)
    write_entries(entries=[entry])


def post_loss(*, loss: Loss, before_minor: int, settled_minor: int, operator: Operator) -> None:
    """Post what is given up beside ``before_minor`` that was; call within its transaction, once the numbers are locked."""
    invoice = loss.invoice
    moved = moves.lost(
        books=operator.books,
        standing=_standing(invoice, operator, settled_minor),
        before_minor=before_minor,
        after_minor=before_minor + loss.amount_minor,
    )
    known = (Step.LOSS, loss.pk, invoice.account_id, invoice.pk, str(invoice.number))
    write_entries(entries=[Entry(*known, loss.made_on, loss.made_on, invoice.currency, moved)])


def post_reversal(*, original: Invoice, document: Issued, operator: Operator) -> None:
    """Take back what is left of a bill on the day of the one in its place; call within its transaction.

    What was posted goes back, between the accounts of then, whatever the settings are by now. Payments must have gone over.
    """
    moved = moves.reversed_by(_posted(Step.ISSUE, [original.pk]) + _posted(Step.CREDIT, list(_credit_notes(original))))
    day = document.issued_on
    known = (Step.REVERSAL, original.pk, original.account_id, original.pk, document.number)
    write_entries(entries=[Entry(*known, day, day, original.currency, moved)])


def money_account(*, books: Books, means: str) -> str:
    """Where money is that came (or goes) by these means."""
    if means in (BALANCE, CARRIED):  # paid in advance, or on its way from a replaced bill to the one in its place
        return books.prepaid
    return books.clearing if means in AT_PROVIDER else books.bank


def paid_in_advance(*, bill: Issued, settlement: Settlement, operator: Operator) -> Entry:
    """The entry of what a bill takes from money in advance at its issue, before anything else settles it."""
    books, total = operator.books, bill.net_minor + bill.tax_minor
    home_net, home_tax = home_of(bill, operator)
    vat = moves.vat_account(books=books, treatment=bill.treatment, taxed_in=bill.taxed_in, on_debits=operator.tax.vat_on_debits)
    waits = vat == books.vat_pending
    standing = moves.Standing(
        total_minor=total,
        billed_minor=total,
        home_billed=None if home_net is None or home_tax is None else home_net + home_tax,
        pending_minor=bill.tax_minor if waits else 0,
        home_pending=home_tax if waits else 0,
        settled_minor=0,
    )
    moved = moves.settled(books=books, money=books.prepaid, standing=standing, amount_minor=settlement.amount_minor)
    day = settlement.received_on
    known = (Step.SETTLEMENT, settlement.pk, bill.account_id, bill.id, settlement.reference)
    return Entry(*known, day, day, bill.currency, moved)


def post_credit(*, document: Issued, original: Invoice, settled_minor: int, operator: Operator) -> None:
    """Post a credit note on the day of its issue; call within its transaction, before it is written down as a correction."""
    home_net, home_tax = home_of(document, operator)
    rows = Posting.objects.filter(step=Step.ISSUE, source=original.pk).exclude(credit=operator.books.revenue)
    vat = rows.order_by("line").values_list("credit", flat=True).last() or operator.books.vat_due
    moved = moves.credited(
        books=operator.books,
        standing=_standing(original, operator, settled_minor),
        credit=moves.Credited(vat, document.net_minor, document.tax_minor, home_net, home_tax),
    )
    day = document.issued_on
    known = (Step.CREDIT, document.id, document.account_id, document.id, document.number)
    write_entries(entries=[Entry(*known, day, day, document.currency, moved)])


def _standing(invoice: Invoice, operator: Operator, settled_minor: int, *, has_notes: bool = True) -> moves.Standing:
    """What the ledger says a bill still is, less its credit notes: what was posted counts, whatever the settings are by now."""
    pending = operator.books.vat_pending
    issued = _posted(Step.ISSUE, [invoice.pk])
    credited = _posted(Step.CREDIT, list(_credit_notes(invoice))) if has_notes else []
    total, _home = _balance(issued + credited, operator.books.receivable)
    billed, home_billed = _balance(issued, operator.books.receivable)
    waiting, home_waiting = _balance(issued + credited, pending)
    return moves.Standing(
        total_minor=total,
        billed_minor=billed,
        home_billed=home_billed,
        pending_minor=-waiting,
        home_pending=None if home_waiting is None else -home_waiting,
        settled_minor=settled_minor,
    )


def _posted(step: Step, sources: list[int]) -> list[tuple[str, str, int, int | None]]:
    """The revenue and the VAT of bills, or of credit notes; what a credit note says of VAT that is due follows from them.

    Of a credit note its first row says which account the customer's is: the others that are meant touch it as well.
    """
    found, owed = list[tuple[str, str, int, int | None]](), ""
    rows = []
    if sources:
        with connection.cursor() as cursor:
            cursor.execute(_READ_POSTED.format(marks=", ".join(["%s"] * len(sources))), [str(step), *sources])
            rows = cursor.fetchall()
    for line, debit, credit, minor, home in rows:
        owed = credit if line == 1 else owed
        if line == 1 or step == Step.ISSUE or owed in (debit, credit):
            found.append((debit, credit, minor, home))
    return found


def _credit_notes(invoice: Invoice) -> Iterable[int]:
    """Keys of a bill's credit notes; before there were any, the model of a migration has none."""
    corrections = getattr(invoice, "corrections", None)
    return corrections.values_list("document_id", flat=True) if corrections is not None else ()


def _balance(rows: Sequence[tuple[str, str, int, int | None]], account: str) -> tuple[int, int | None]:
    """What rows leave on an account, debit above zero, in both currencies; the second is None when a row does not say."""
    signed = [(1 if debit == account else -1, minor, home) for debit, credit, minor, home in rows if account in (debit, credit)]
    known = all(home is not None for _sign, _minor, home in signed)
    return sum(sign * minor for sign, minor, _home in signed), sum(
        sign * (home or 0) for sign, _, home in signed
    ) if known else None


def write_entries(*, entries: Iterable[Entry]) -> None:
    """Number entries in their order, each year from 1 without a gap, and write them; the numbers must be locked.

    The unique key of step and source refuses what is posted already.
    """
    from bonafide.billing.write import insert_rows  # which writes bills, whose models know the ledger's

    last: dict[int, tuple[int, str]] = {}
    rows = []
    given = [entry for entry in entries if entry.moves]
    late = any(entry.piece_on for entry in given)
    for entry in given:
        year = entry.dated_on.year
        number, seal = last.get(year) or _last_of(year)
        number += 1
        known = (str(entry.step), entry.source, entry.account_id, entry.invoice_id, entry.piece)
        days = (entry.dated_on.isoformat(), entry.posted_on.isoformat())
        for line, moved in enumerate(entry.moves, start=1):
            amounts = (moved.debit, moved.credit, moved.amount_minor, entry.currency, moved.home_minor)
            row: tuple[Any, ...] = (year, number, line, *known, *days, *amounts)
            if late:
                row = (*row, entry.piece_on and entry.piece_on.isoformat())
            seal = seal_of(row=row, previous=seal)
            rows.append((*row, seal))
        last[year] = number, seal
    if rows:
        insert_rows(table=Posting._meta.db_table, columns=(*SEALED, *(LATER if late else ()), "seal"), rows=rows)


def _last_of(year: int) -> tuple[int, str]:
    """Number and seal of the last row of a year."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_LAST, [year])
        return cursor.fetchone() or (0, GENESIS)
