"""Every field of every issued row, changed by hand behind the guards' back, is seen."""

from __future__ import annotations

import pytest
from django.db import connection

from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax, Settlement
from bonafide.billing.seal import INVOICE_FIELDS, LINE_FIELDS, TAX_FIELDS
from bonafide.billing.verify import Fault, Verified, verify_books
from tests.factories.accounts import make_account
from tests.factories.billing import make_invoice, triggers_lifted

pytestmark = pytest.mark.django_db


def columns(model: type) -> set[str]:
    return {field.column for field in model._meta.concrete_fields}  # type: ignore[attr-defined]


def run(sql: str, values: list[object]) -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(sql, values)


# What each column of the second of three bills is made to be; amounts are changed so that the table's own checks still hold.
INVOICE = {
    "account_id": None,  # set to a new account's
    "kind": "381",
    "month": 202408,
    "currency": "USD",
    "language": "fr",
    "seller": '{"legal_name": "Somebody else"}',
    "buyer": "{}",
    "mentions": "[]",
    "period_start_on": "2024-09-02",
    "period_end_on": "2024-09-29",
    "tax_home_minor": 5,
    "exchange": '{"rate": "1"}',
    "trial": True,
    "tax_basis": None,
    "eu_consumer_minor": 5,
    "prepaid_minor": 7,
    "number": "2024-000009",
    "issued_at": "2024-10-01 08:00:00.000001+00:00",
    "issued_on": "2024-10-02",
    "due_on": "2025-10-03",
    "payment_reference": "RF1",
    "position": 9,
    "seal": "f" * 64,
}
LINE = {
    "position": 4,
    "text": "Something else",
    "meter": "other",
    "quantity": "12.50",
    "unit": "day",
    "unit_price": "0.80",
    "net_minor": 999,
    "details": '[{"label": "x", "quantity": "1"}]',
    "tax_category": "E",
    "tax_rate": "9",
    "gross_minor": 3,
}
TAX = {"category": "E", "rate": "20.0", "base_minor": 1, "tax_minor": 1, "reason_code": "X", "reason": "because"}
AMOUNTS = {"net_minor", "tax_minor", "total_minor"}


def test_every_column_is_sealed_and_tampered_with_below() -> None:
    assert set(INVOICE_FIELDS) | {"id", "seal"} == columns(Invoice)
    assert set(LINE_FIELDS) | {"id", "invoice_id"} == columns(InvoiceLine)
    assert set(TAX_FIELDS) | {"id", "invoice_id"} == columns(InvoiceTax)
    assert set(INVOICE) | AMOUNTS | {"id"} == columns(Invoice)
    assert set(LINE) == set(LINE_FIELDS)
    assert set(TAX) == set(TAX_FIELDS)


@pytest.fixture
def bills() -> list[Invoice]:
    made = [make_invoice() for _ in range(3)]
    assert verify_books() == Verified(bills=3, seal=made[-1].seal)
    return made


@pytest.mark.parametrize("column", INVOICE)
def test_a_changed_bill_is_named(column: str, bills: list[Invoice]) -> None:
    value = make_account().pk if column == "account_id" else INVOICE[column]
    run(f"UPDATE billing_invoice SET {column} = %s WHERE id = %s", [value, bills[1].pk])
    fault = verify_books()
    assert isinstance(fault, Fault)
    # With a place or number of its own changed, it may be the next in the chain that is found out of order.
    names = {bills[1].number, "2024-000009"} | ({bills[2].number} if column == "position" else set())
    assert fault.where in {f"bill {name}" for name in names}


def test_changed_amounts_are_named(bills: list[Invoice]) -> None:
    run("UPDATE billing_invoice SET net_minor = 1, tax_minor = 2, total_minor = 3 WHERE id = %s", [bills[1].pk])
    assert "do not add up" in str(verify_books())
    assert str(bills[1].number) in str(verify_books())


@pytest.mark.parametrize(("table", "values"), [("billing_invoiceline", LINE), ("billing_invoicetax", TAX)])
def test_a_changed_line_or_tax_is_named(table: str, values: dict[str, object], bills: list[Invoice]) -> None:
    for column, value in values.items():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {column} FROM {table} WHERE invoice_id = %s", [bills[1].pk])
            original = cursor.fetchone()[0]
        run(f"UPDATE {table} SET {column} = %s WHERE invoice_id = %s", [value, bills[1].pk])
        fault = verify_books()
        assert isinstance(fault, Fault), column
        assert fault.where.startswith(f"bill {bills[1].number}"), column
        run(f"UPDATE {table} SET {column} = %s WHERE invoice_id = %s", [original, bills[1].pk])
        assert isinstance(verify_books(), Verified), column


@pytest.mark.parametrize("table", ["billing_invoiceline", "billing_invoicetax"])
def test_a_line_or_tax_that_was_removed_or_moved_is_named(table: str, bills: list[Invoice]) -> None:
    column = "position" if table.endswith("line") else "rate"
    run(f"UPDATE {table} SET invoice_id = %s, {column} = 7 WHERE invoice_id = %s", [bills[0].pk, bills[1].pk])
    assert str(bills[0].number) in str(verify_books())
    run(f"DELETE FROM {table} WHERE {column} = %s", [7 if column == "position" else "7"])
    assert str(bills[1].number) in str(verify_books())


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_bill_that_was_removed_is_missed(which: int, bills: list[Invoice]) -> None:
    for table in ("billing_invoiceline", "billing_invoicetax"):
        run(f"DELETE FROM {table} WHERE invoice_id = %s", [bills[which].pk])
    run("DELETE FROM billing_invoice WHERE id = %s", [bills[which].pk])
    assert isinstance(verify_books(), Fault)


def test_a_changed_count_of_numbers_is_named(bills: list[Invoice]) -> None:
    run("UPDATE billing_series SET last = %s", [4])
    assert str(verify_books()) == "year 2024: 4 numbers were given, but 3 bills carry one"


def test_an_issued_bill_made_a_draft_again_is_missed(bills: list[Invoice]) -> None:
    run(
        "UPDATE billing_invoice SET number = NULL, issued_at = NULL, position = NULL WHERE id = %s",
        [bills[2].pk],
    )
    assert isinstance(verify_books(), Fault)


def test_a_bill_changed_with_all_its_sums_and_its_own_seal_is_found_by_the_next(bills: list[Invoice]) -> None:
    """Whoever can also reckon the seal must reckon every seal after it."""
    from bonafide.billing.seal import seal_of

    row = Invoice.objects.values(*INVOICE_FIELDS).get(pk=bills[1].pk) | {"language": "fr"}
    lines = list(InvoiceLine.objects.filter(invoice=bills[1]).values_list(*LINE_FIELDS))
    taxes = list(InvoiceTax.objects.filter(invoice=bills[1]).values_list(*TAX_FIELDS))
    forged = seal_of(invoice=row, lines=lines, taxes=taxes, previous=bills[0].seal)
    run("UPDATE billing_invoice SET language = 'fr', seal = %s WHERE id = %s", [forged, bills[1].pk])
    fault = verify_books()
    assert isinstance(fault, Fault)
    assert fault.where == f"bill {bills[2].number}"


def test_no_bills_at_all_hold() -> None:
    assert verify_books() == Verified(bills=0, seal="0" * 64)
    assert not Settlement.objects.exists()
