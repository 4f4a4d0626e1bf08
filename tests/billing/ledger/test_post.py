"""Every step of a bill is in the books, in the same transaction, once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from bonafide.billing.ledger.catch_up import catch_up
from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.seal import LATER, SEALED
from bonafide.billing.models import Invoice, Settlement
from bonafide.billing.settle import settle
from bonafide.billing.verify import Fault, Verified, verify_books
from bonafide.pricing.rating import Flat
from tests.factories.accounts import make_account
from tests.factories.billing import issue, make_invoice, make_plan, make_rate, make_sale, operator, subscribe, triggers_lifted

pytestmark = pytest.mark.django_db
RECEIVED = date(2024, 10, 2)


def pay(invoice: Invoice, amount: int, reference: str = "B-1", means: str = "transfer") -> Settlement:
    return settle(invoice=invoice, amount_minor=amount, received_on=RECEIVED, means=means, reference=reference)


def posted() -> list[tuple[object, ...]]:
    return list(Posting.objects.order_by("entry", "line").values_list("entry", "debit", "credit", "amount_minor", "home_minor"))


def test_a_bill_and_its_payment_are_two_entries() -> None:
    invoice = make_invoice()
    pay(invoice, 600)
    pay(invoice, 600, "S-1", "stripe")
    assert posted() == [
        (1, "411000", "706000", 1000, 1000),
        (1, "411000", "445800", 200, 200),
        (2, "512000", "411000", 600, 600),
        (2, "445800", "445710", 100, 100),
        (3, "511500", "411000", 600, 600),
        (3, "445800", "445710", 100, 100),
    ]
    first = Posting.objects.get(entry=1, line=1)
    assert (first.year, first.step, first.source, first.piece) == (2024, "issue", invoice.pk, invoice.number)
    assert (first.account, first.invoice, first.dated_on) == (invoice.account, invoice, invoice.issued_on)
    assert isinstance(verify_books(), Verified)


def test_the_same_payment_told_twice_is_posted_once() -> None:
    invoice = make_invoice()
    pay(invoice, 600)
    pay(invoice, 600)
    assert Posting.objects.filter(step="settlement").values("entry").distinct().count() == 1


def test_on_debits_vat_is_due_at_issue() -> None:
    make_sale("A", "100", country="FR", postcode="75001")
    issue(by=operator(tax={"vat_on_debits": True}))
    pay(Invoice.objects.get(), 12000)
    assert posted() == [
        (1, "411000", "706000", 10000, 10000),
        (1, "411000", "445710", 2000, 2000),
        (2, "512000", "411000", 12000, 12000),
    ]


def test_vat_of_other_member_states_stands_by_place() -> None:
    make_sale("A", "50")
    issue(by=operator(tax={"oss": "registered"}))
    assert (1, "411000", "445780DE", 950, 950) in posted()


def test_a_bill_in_another_currency_is_kept_in_both() -> None:
    make_rate("USD", "EUR", "0.9")
    account = make_account()
    subscribe(account, make_plan((None, Flat(amount=Decimal(100))), currency="USD", is_default=False))
    issue()
    pay(Invoice.objects.get(), 12000)
    assert posted()[0] == (1, "411000", "706000", 10000, 9000)
    assert posted()[2] == (2, "512000", "411000", 12000, 10800)


def test_a_bill_of_zero_moves_nothing() -> None:
    make_invoice(hours="0")
    assert posted() == []
    assert isinstance(verify_books(), Verified)


def test_what_cannot_be_posted_is_not_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = make_invoice()

    def fail(**_given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("bonafide.billing.settle.post_settlement", fail)
    with pytest.raises(RuntimeError):
        pay(invoice, 600)
    assert not Settlement.objects.exists()


def test_what_was_before_the_ledger_is_posted_once_when_it_comes() -> None:
    invoice = make_invoice()
    pay(invoice, 1200)
    before = posted()
    with triggers_lifted():
        Posting.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
    given = {
        "invoice": Invoice,
        "settlement": Settlement,
        "operator": settings.OPERATOR,
        "now": datetime(2026, 11, 25, tzinfo=UTC),
    }
    assert catch_up(**given) == 2  # type: ignore[arg-type]
    assert posted() == before
    assert set(Posting.objects.values_list("posted_on", flat=True)) == {date(2026, 11, 25)}
    assert catch_up(**given) == 0  # type: ignore[arg-type]


# --- The database itself --------------------------------------------------------------------------------------------------
REFUSED = {
    "an amount changes": "UPDATE billing_posting SET amount_minor = 1",
    "an account changes": "UPDATE billing_posting SET debit = '999'",
    "a row is deleted": "DELETE FROM billing_posting WHERE line = 2",
    "a row is added twice": (
        "INSERT INTO billing_posting (year, entry, line, step, source, piece, dated_on, posted_on, debit, credit, amount_minor,"
        " currency, seal) SELECT year, 9, line, step, source, piece, dated_on, posted_on, debit, credit, amount_minor, currency,"
        " seal FROM billing_posting WHERE line = 1"
    ),
}
ADDED = "INSERT INTO billing_posting (year, entry, line, step, source, piece, dated_on, posted_on, debit, credit, amount_minor, \
currency, seal) VALUES (2024, 9, 1, 'fee', 1, 'p', '2024-10-01', '2024-10-01', {debit}, '512000', {amount}, 'EUR', '')"
REFUSED["an amount of nothing"] = ADDED.format(debit="'411000'", amount=0)
REFUSED["an account against itself"] = ADDED.format(debit="'512000'", amount=5)


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(sql: str) -> None:
    make_invoice()
    with pytest.raises(DatabaseError):
        run(sql)
    run(ADDED.format(debit="'411000'", amount=5))  # as it should be


# --- What is touched behind its back --------------------------------------------------------------------------------------
def test_every_column_is_sealed() -> None:
    assert {*SEALED, *LATER, "id", "seal"} == {field.column for field in Posting._meta.concrete_fields}


CHANGES = {
    "debit": "'512000'", "credit": "'999'", "amount_minor": "amount_minor + 1", "home_minor": "1", "currency": "'USD'",
    "dated_on": "'2024-10-09'", "posted_on": "'2024-10-09'", "piece": "'x'", "account_id": "account_id + 1",
    "invoice_id": "invoice_id + 1", "source": "source + 99", "step": "'fee'", "seal": "'x'", "piece_on": "'2024-10-09'",
}  # fmt: skip


@pytest.mark.parametrize("column", CHANGES)
def test_a_column_changed_by_hand_is_named(column: str) -> None:
    pay(make_invoice(), 600)
    with triggers_lifted():
        run(f"UPDATE billing_posting SET {column} = {CHANGES[column]} WHERE entry = 1 AND line = 2")
    found = verify_books()
    assert isinstance(found, Fault)
    assert found.where == "entry 1 of 2024, line 2"


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("entry = 1 AND line = 2", "entry 2 of 2024, line 1: its content is not what was sealed"),
        ("entry = 1", "entry 2 of 2024, line 1: follows entry 0, line 0"),
        ("entry = 2", "settlement B-1: the ledger has 0 of it, and it is 600"),
        ("entry > 0", "bill 2024-000001: the ledger has 0 of it, and it comes to 1200"),
    ],
)
def test_what_is_taken_away_is_seen(where: str, said: str) -> None:
    pay(make_invoice(), 600)
    with triggers_lifted():
        run(f"DELETE FROM billing_posting WHERE {where}")
    assert str(verify_books()).startswith(said)
