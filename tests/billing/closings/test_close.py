"""Months of the books are closed one after another, and stay so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from bonafide.billing.closings.close import CannotClose, close_months
from bonafide.billing.closings.models import Closing
from bonafide.billing.closings.seal import SEALED
from bonafide.billing.correct import credit
from bonafide.billing.explain.note_usage import note_next
from bonafide.billing.ledger.fec import lines_of_year
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.settle import settle
from bonafide.billing.tasks import close_books
from bonafide.billing.verify import Fault, Verified, verify_books
from bonafide.periods import Month
from tests.factories.billing import issue, make_invoice, make_sale, triggers_lifted

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER, DECEMBER = Month(2024, 10), Month(2024, 11), Month(2024, 12)
NOW = datetime(2025, 1, 11, 4, tzinfo=UTC)


def close(until: Month, now: datetime = NOW) -> list[Closing]:
    return close_months(until=until, operator=settings.OPERATOR, now=now)


def pay(invoice: Invoice, amount: int, on: date, reference: str, now: datetime | None = None) -> Settlement:
    return settle(invoice=invoice, amount_minor=amount, received_on=on, means="transfer", reference=reference, now=now)


@pytest.fixture
def invoice() -> Invoice:
    """Of 12.00, issued on 1 October 2024; 5.00 came on the 9th, and 1.20 were taken back on the 20th."""
    made = make_invoice()
    pay(made, 500, date(2024, 10, 9), "B-1")
    at = datetime(2024, 10, 20, tzinfo=UTC)
    credit(invoice=made, net_minor=100, reason="outage", key="k", operator=settings.OPERATOR, now=at)
    return made


def test_a_month_is_closed_with_its_sums_and_those_since_the_beginning(invoice: Invoice) -> None:
    pay(invoice, 580, date(2024, 12, 3), "B-2")
    october, november, december = close(DECEMBER)
    assert october.totals == [
        {
            "currency": "EUR", "documents": 1, "net_minor": 1000, "tax_minor": 200, "total_minor": 1200,
            "credit_notes": 1, "credited_net_minor": 100, "credited_tax_minor": 20, "credited_minor": 120,
            "settlements": 1, "settled_minor": 500,
        }
    ]  # fmt: skip
    assert (october.cumulative, november.totals, november.cumulative) == (october.totals, [], october.totals)
    assert [(one["total_minor"], one["settled_minor"]) for one in december.cumulative] == [(1200, 1080)]
    last = Invoice.objects.order_by("-position").first()
    assert last
    assert (december.bills_position, december.bills_seal) == (2, last.seal)
    entry = Posting.objects.order_by("-entry", "-line").first()
    assert entry
    assert (december.ledger_year, december.ledger_entry, december.ledger_seal) == (2024, 4, entry.seal)
    assert verify_books() == Verified(2, last.seal, closings=3)


def test_no_month_is_left_out_closed_twice_or_closed_before_its_end(invoice: Invoice) -> None:
    with pytest.raises(CannotClose, match="2024-10 is not over yet"):
        close(OCTOBER, datetime(2024, 10, 31, 22, tzinfo=UTC))
    assert [one.month for one in close(NOVEMBER)] == [202410, 202411]
    assert close(OCTOBER) == []
    assert [one.month for one in close(DECEMBER)] == [202412]


def test_nothing_is_closed_before_anything_was_booked() -> None:
    with pytest.raises(CannotClose, match="nothing was booked"):
        close(OCTOBER)


def test_money_told_of_late_is_entered_in_the_open_month_and_keeps_its_own_day(invoice: Invoice) -> None:
    close(OCTOBER)
    before = Closing.objects.get().totals
    late = pay(invoice, 100, date(2024, 10, 30), "B-2", datetime(2024, 12, 5, 9, tzinfo=UTC))
    pay(invoice, 50, date(2024, 10, 31), "B-3")  # nobody says when: the first day that is open
    pay(invoice, 30, date(2024, 11, 2), "B-4")
    days = Posting.objects.filter(step="settlement", line=1).order_by("entry").values_list("dated_on", "piece_on")
    assert list(days) == [
        (date(2024, 10, 9), None),
        (date(2024, 12, 5), date(2024, 10, 30)),
        (date(2024, 11, 1), date(2024, 10, 31)),
        (date(2024, 11, 2), None),
    ]
    line = next(line for line in lines_of_year(year=2024, operator=settings.OPERATOR) if late.reference in line).split("|")
    assert (line[3], line[9]) == ("20241205", "20241030")
    assert isinstance(verify_books(), Verified)
    assert close(DECEMBER)[-1].totals[0]["settled_minor"] == 100
    assert Closing.objects.get(month=202410).totals == before


# --- The database itself --------------------------------------------------------------------------------------------------
ADD_ENTRY = (
    "INSERT INTO billing_posting (year, entry, line, step, source, piece, dated_on, posted_on, debit, credit, amount_minor,"
    " currency, seal) VALUES (2024, 99, 1, 'fee', 1, 'p', '{day}', '2025-01-01', '411000', '512000', 5, 'EUR', '')"
)
REFUSED = {
    "a sum changes": "UPDATE billing_closing SET totals = '[]'",
    "a closing goes": "DELETE FROM billing_closing",
    "an entry comes into a closed month": ADD_ENTRY.format(day="2024-11-30"),
}


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(sql: str, invoice: Invoice) -> None:
    close(NOVEMBER)
    with pytest.raises(DatabaseError):
        run(sql)
    run(ADD_ENTRY.format(day="2024-12-01"))  # as it should be


# --- What is touched behind its back --------------------------------------------------------------------------------------
def test_every_column_is_sealed() -> None:
    assert {*SEALED, "id", "seal"} == {field.column for field in Closing._meta.concrete_fields}


CHANGES = {
    "position": "position + 5", "month": "202501", "last_on": "'2024-11-29'", "closed_at": "'2025-01-01 00:00:00+00:00'",
    "totals": "'[]'", "cumulative": "'[]'", "digests": "'{}'", "bills_position": "1", "bills_seal": "'x'", "ledger_year": "2023",
    "ledger_entry": "1", "ledger_seal": "'x'", "seal": "'x'",
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
def test_a_closing_changed_by_hand_is_named(column: str, invoice: Invoice) -> None:
    pay(invoice, 100, date(2024, 11, 4), "B-2")
    close(NOVEMBER)
    with triggers_lifted():
        run(f"UPDATE billing_closing SET {column} = {CHANGES[column]} WHERE month = 202411")
    found = verify_books()
    assert isinstance(found, Fault)
    assert found.where == ("closing of 2025-01" if column == "month" else "closing of 2024-11")


def test_a_closing_taken_away_is_missed(invoice: Invoice) -> None:
    close(DECEMBER)
    with triggers_lifted():
        run("DELETE FROM billing_closing WHERE month = 202411")
    assert str(verify_books()).startswith("closing of 2024-12: stands at place 3")


TOUCHED = {
    "UPDATE billing_settlement SET amount_minor = 501": "settlement B-1: the ledger has 500",
    "UPDATE billing_settlement SET received_on = '2024-10-10'": "settlement B-1: the ledger has it of",
    "UPDATE billing_settlement SET reference = 'B-9'": "settlement B-9: the ledger has it of",
    "UPDATE billing_settlement SET means = 'cash'": "closing of 2024-10: a payment of it",
    "DELETE FROM billing_settlement": "entry 2 of 2024: is of B-1, which was never there",
    "UPDATE billing_correction SET reason = 'because'": "bill 2024-000002: is a credit note, and",
    "UPDATE billing_correction SET key = 'z'": "closing of 2024-10: the row of a credit note of it",
    "DELETE FROM billing_correction": "bill 2024-000002: is a credit note, and",
    "UPDATE billing_series SET last = 7": "year 2024: 7 numbers",
    "UPDATE billing_usagefile SET sha256 = 'x' WHERE position = 1": "usage file of bill 2024-000001: its note",
    "UPDATE billing_usagefile SET seal = 'x' WHERE position = 1": "usage file of bill 2024-000001: its note",
    "UPDATE billing_usagefile SET size = 0 WHERE position = 1": "usage file of bill 2024-000001: its note",
    "UPDATE billing_usagefile SET size = size + 1 WHERE position = 1": "closing of 2024-10: a note of a usage file",
    "DELETE FROM billing_usagefile WHERE position = 1": "usage file of bill 2024-000002: stands at place 2",
    "UPDATE billing_posting SET piece_on = '2024-10-08' WHERE entry = 2 AND line = 1": "entry 2 of 2024, line 1",
}


@pytest.mark.parametrize("sql", TOUCHED)
def test_what_was_closed_and_is_touched_by_hand_is_named(sql: str, invoice: Invoice) -> None:
    at = datetime(2024, 10, 2, tzinfo=UTC)
    while note_next(operator=settings.OPERATOR, now=at):
        pass
    close(OCTOBER)
    assert verify_books() == Verified(2, Invoice.objects.get(position=2).seal, closings=1, usage_files=2)
    with triggers_lifted():
        run(sql)
    assert str(verify_books()).startswith(TOUCHED[sql])


def test_a_document_or_an_entry_that_came_into_a_closed_month_is_seen(invoice: Invoice) -> None:
    make_sale("Later", "10", country="FR", postcode="75001")
    close(OCTOBER)
    with triggers_lifted():
        issue(month=Month(2024, 9), now=datetime(2024, 10, 31, 9, tzinfo=UTC))
    assert str(verify_books()).startswith("closing of 2024-10: it says EUR 1200 billed, 120 credited, 500 paid, and")


@pytest.mark.parametrize(("day", "closed"), [(10, []), (11, [202410])])
def test_a_month_is_closed_by_itself_ten_days_after_its_end(day: int, closed: list[int], invoice: Invoice) -> None:
    with time_machine.travel(datetime(2024, 11, day, 4, 50, tzinfo=UTC), tick=False):
        close_books.call()
        close_books.call()
    assert list(Closing.objects.values_list("month", flat=True)) == closed
