"""The database itself keeps what was issued; every statement here is plain SQL, as somebody with a shell would type it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide.billing.models import Invoice, InvoiceLine, InvoiceTax, Series, Settlement
from bonafide.billing.settle import settle
from tests.factories.accounts import make_account
from tests.factories.billing import SEPTEMBER, make_invoice, triggers_lifted

pytestmark = pytest.mark.django_db

ON_SQLITE = "sqlite"


@pytest.fixture
def invoice() -> Invoice:
    invoice = make_invoice()
    settle(invoice=invoice, amount_minor=100, received_on=date(2024, 10, 2), means="transfer", reference="B-1")
    return invoice


def make_draft() -> Invoice:
    draft = Invoice.objects.create(
        account=make_account(),
        month=SEPTEMBER.key,
        currency="EUR",
        language="en",
        seller={},
        buyer={},
        period_start_on=SEPTEMBER.first_day,
        period_end_on=SEPTEMBER.last_day,
        net_minor=100,
        tax_minor=20,
        total_minor=120,
    )
    InvoiceLine.objects.create(invoice=draft, position=1, text="A", quantity="1", unit="h", unit_price="1", net_minor=100)
    InvoiceTax.objects.create(invoice=draft, category="S", rate="20", base_minor=100, tax_minor=20)
    return draft


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


REFUSED = {
    "an issued amount changes": "UPDATE billing_invoice SET net_minor = 1, tax_minor = 0, total_minor = 1 WHERE id = {invoice}",
    "an issued number is taken away": (
        "UPDATE billing_invoice SET number = NULL, issued_at = NULL, position = NULL WHERE id = {invoice}"
    ),
    "an issued bill is deleted": "DELETE FROM billing_invoice WHERE id = {invoice}",
    "a line changes": "UPDATE billing_invoiceline SET text = 'cheaper' WHERE invoice_id = {invoice}",
    "a line is deleted": "DELETE FROM billing_invoiceline WHERE invoice_id = {invoice}",
    "a line is added": (
        "INSERT INTO billing_invoiceline (invoice_id, position, text, meter, quantity, unit, unit_price, net_minor, details)"
        " VALUES ({invoice}, 9, 'more', '', '1', 'h', '1', 100, '[]')"
    ),
    "a line moves in from a draft": (
        "UPDATE billing_invoiceline SET invoice_id = {invoice}, position = 9 WHERE invoice_id = {draft}"
    ),
    "a line moves out to a draft": (
        "UPDATE billing_invoiceline SET invoice_id = {draft}, position = 9 WHERE invoice_id = {invoice}"
    ),
    "a tax changes": "UPDATE billing_invoicetax SET rate = '0' WHERE invoice_id = {invoice}",
    "a tax is deleted": "DELETE FROM billing_invoicetax WHERE invoice_id = {invoice}",
    "a tax is added": (
        "INSERT INTO billing_invoicetax (invoice_id, category, rate, base_minor, tax_minor, reason_code, reason)"
        " VALUES ({invoice}, 'S', '5', 100, 5, '', '')"
    ),
    "a settlement changes": "UPDATE billing_settlement SET amount_minor = 1",
    "a settlement is deleted": "DELETE FROM billing_settlement",
    "a number is made to be given again": "UPDATE billing_series SET last = 0",
    "a year's count is deleted": "DELETE FROM billing_series",
    "a year's count becomes another year's": "UPDATE billing_series SET year = 1999",
}
TRUNCATED = {
    f"{table} is emptied": f"TRUNCATE {table} CASCADE"
    for table in (
        "billing_invoice",
        "billing_invoiceline",
        "billing_invoicetax",
        "billing_settlement",
        "billing_series",
        "accounts_account",
    )
}
REPLACED = {
    "a bill is replaced by its key": (
        "INSERT OR REPLACE INTO billing_invoice SELECT * FROM billing_invoice WHERE id = {invoice}"
    ),
    "a draft takes an issued number": (
        "UPDATE OR REPLACE billing_invoice SET number = '2024-000001', issued_at = '2024-10-01', issued_on = '2024-10-01',"
        " due_on = '2024-10-01', position = 2 WHERE id = {draft}"
    ),
    "a draft takes an issued place": (
        "UPDATE OR REPLACE billing_invoice SET number = 'X', issued_at = '2024-10-01', issued_on = '2024-10-01',"
        " due_on = '2024-10-01', position = 1 WHERE id = {draft}"
    ),
    "a draft takes an account's month": (
        "UPDATE OR REPLACE billing_invoice SET account_id = (SELECT account_id FROM billing_invoice WHERE id = {invoice})"
        " WHERE id = {draft}"
    ),
    "a line is replaced by its key": (
        "INSERT OR REPLACE INTO billing_invoiceline"
        " (id, position, text, meter, quantity, unit, unit_price, net_minor, details, invoice_id)"
        " SELECT id, 9, text, meter, quantity, unit, unit_price, net_minor, details, {draft}"
        " FROM billing_invoiceline WHERE invoice_id = {invoice}"
    ),
    "a settlement is replaced by its key": "INSERT OR REPLACE INTO billing_settlement SELECT * FROM billing_settlement",
    "a year's count is replaced": "INSERT OR REPLACE INTO billing_series (year, last) VALUES (2024, 0)",
}


@pytest.mark.parametrize("deed", REFUSED)
def test_the_database_refuses_when(deed: str, invoice: Invoice) -> None:
    sql = REFUSED[deed].format(invoice=invoice.pk, draft=make_draft().pk)
    with pytest.raises(DatabaseError, match="never"):
        run(sql)


@pytest.mark.parametrize("deed", REFUSED)
def test_without_the_guards_the_database_lets_it_happen_that(deed: str, invoice: Invoice) -> None:
    """So it is the guards that refuse, and not a mistake in the statements above."""
    sql = REFUSED[deed].format(invoice=invoice.pk, draft=make_draft().pk)
    with triggers_lifted():
        if deed == "an issued bill is deleted":  # its parts hang on it
            for table in ("billing_settlement", "billing_invoiceline", "billing_invoicetax"):
                run(f"DELETE FROM {table} WHERE invoice_id = {invoice.pk}")
        run(sql)


@pytest.mark.parametrize("deed", TRUNCATED)
def test_postgresql_refuses_when(deed: str, invoice: Invoice) -> None:
    if connection.vendor == ON_SQLITE:
        pytest.skip("SQLite has no TRUNCATE")
    run("SET CONSTRAINTS ALL IMMEDIATE")  # rows made in this transaction still wait for the check of their foreign keys
    with pytest.raises(DatabaseError, match="never"):
        run(TRUNCATED[deed])


@pytest.mark.parametrize("deed", REPLACED)
def test_sqlite_refuses_when(deed: str, invoice: Invoice) -> None:
    if connection.vendor != ON_SQLITE:
        pytest.skip("only SQLite has OR REPLACE")
    sql = REPLACED[deed].format(invoice=invoice.pk, draft=make_draft().pk)
    with pytest.raises(DatabaseError, match="never"):
        run(sql)


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: Invoice.objects.filter(pk=draft.pk).update(net_minor=200, total_minor=220),
        lambda draft: draft.lines.update(text="B"),
        lambda draft: draft.taxes.update(reason="because"),
        lambda draft: draft.lines.all().delete(),
        lambda draft: draft.delete(),
    ],
)
def test_a_draft_can_change(change: Callable[[Invoice], object], invoice: Invoice) -> None:
    change(make_draft())


def test_a_draft_can_be_issued_by_hand_and_is_kept_from_then_on(invoice: Invoice) -> None:
    draft = make_draft()
    values = {"number": "X-1", "issued_at": invoice.issued_at, "issued_on": invoice.issued_on, "due_on": invoice.due_on}
    Invoice.objects.filter(pk=draft.pk).update(position=2, **values)
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        draft.lines.update(text="B")


def test_settlements_and_numbers_can_be_added(invoice: Invoice) -> None:
    settle(invoice=invoice, amount_minor=-100, received_on=date(2024, 10, 3), means="transfer", reference="B-2")
    Series.objects.filter(year=2024).update(last=7)
    assert Settlement.objects.count() == 2
