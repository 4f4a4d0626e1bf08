"""What will not be paid is a loss in the books, and is none any more when the money comes after all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bonafide.billing.amend.give_up import LossRefused, give_up, lost_of
from bonafide.billing.commands import bills
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice, Loss, State
from bonafide.billing.open_bills import open_bills
from bonafide.billing.settle import settle
from bonafide.billing.verify import Verified, verify_books
from tests.billing.amend.bills import balances
from tests.factories.accounts import make_member
from tests.factories.billing import issue, make_invoice, make_sale, operator

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 12, 5, 8, tzinfo=UTC)


def lose(invoice: Invoice, minor: int | None = None, *, key: str = "l-1", reason: str = "Insolvent") -> Loss:
    return give_up(invoice=invoice, amount_minor=minor, reason=reason, key=key, operator=operator(), now=NOW)


def pay(invoice: Invoice, minor: int, reference: str = "B-1") -> None:
    settle(invoice=invoice, amount_minor=minor, received_on=date(2024, 12, 6), means="transfer", reference=reference, now=NOW)


def state(invoice: Invoice, *, losses: bool = True) -> tuple[int, str]:
    found = Invoice.objects.with_state(date(2024, 12, 6), losses=losses).get(pk=invoice.pk)
    return found.open_minor, found.state  # type: ignore[attr-defined]


def test_vat_that_waited_for_the_payment_goes_with_it() -> None:
    invoice = make_invoice()
    lose(invoice)
    assert balances() == {"706000": -1000, "654000": 1000}
    assert isinstance(verify_books(), Verified)


def test_vat_that_was_due_at_issue_is_lost_as_well() -> None:
    make_sale("A", "100", country="FR", postcode="75001")
    issue(by=operator(tax={"vat_on_debits": True}))
    lose(Invoice.objects.get())
    assert balances() == {"706000": -10000, "445710": -2000, "654000": 12000}


def test_staff_see_it_and_the_customer_owes_it_still(client: Client) -> None:
    invoice = make_invoice()
    lose(invoice)
    assert state(invoice) == (1200, State.UNCOLLECTIBLE)
    assert state(invoice, losses=False) == (1200, State.OVERDUE)
    assert [owed.minor for owed in open_bills(account=invoice.account, today=date(2024, 12, 6))] == [1200]
    client.force_login(make_member(account=invoice.account))
    page = client.get(f"/bills/{invoice.number}").content.decode()
    assert "overdue" in page
    assert "Insolvent" not in page
    assert "uncollectible" in CliRunner().invoke(bills, ["list"]).stdout


def test_of_a_part_the_rest_is_still_expected() -> None:
    invoice = make_invoice()
    lose(invoice, 600)
    assert state(invoice) == (1200, State.OVERDUE)
    assert balances() == {"411000": 600, "706000": -1000, "654000": 500, "445800": -100}
    with pytest.raises(LossRefused, match=r"6\.00 EUR is open and not given up"):
        lose(invoice, 601, key="l-2")
    lose(invoice, key="l-2")
    assert (lost_of(invoice), state(invoice)[1]) == (1200, State.UNCOLLECTIBLE)
    assert isinstance(verify_books(), Verified)


def test_money_that_comes_after_all_is_lost_no_more() -> None:
    invoice = make_invoice()
    lose(invoice)
    pay(invoice, 500)
    assert (lost_of(invoice), state(invoice)) == (700, (700, State.UNCOLLECTIBLE))
    assert balances() == {"512000": 500, "706000": -1000, "654000": 583, "445710": -83}
    pay(invoice, 700, "B-2")
    assert (lost_of(invoice), state(invoice)) == (0, (0, State.PAID))
    assert balances() == {"512000": 1200, "706000": -1000, "445710": -200}
    assert [loss.amount_minor for loss in Loss.objects.order_by("pk")] == [1200, -500, -700]
    assert isinstance(verify_books(), Verified)


def test_what_is_taken_back_is_lost_no_more() -> None:
    invoice = make_invoice()
    lose(invoice)
    credit(invoice=invoice, net_minor=500, reason="Outage", key="c-1", operator=operator(), now=NOW)
    assert (lost_of(invoice), state(invoice)) == (600, (600, State.UNCOLLECTIBLE))
    assert balances() == {"706000": -500, "654000": 500}
    assert isinstance(verify_books(), Verified)


def test_once_by_one_key_and_only_of_what_is_open() -> None:
    invoice = make_invoice()
    assert lose(invoice, 600) == lose(invoice, 600)
    with pytest.raises(LossRefused, match="already used"):
        lose(invoice, 500)
    with pytest.raises(LossRefused, match="expected a reason"):
        lose(invoice, reason=" ", key="l-2")
    pay(invoice, 600)
    for minor in (1, None):
        with pytest.raises(LossRefused, match=r"0\.00 EUR is open"):
            lose(invoice, minor, key="l-3")


LOST = "INSERT INTO billing_loss (invoice_id, amount_minor, reason, key, made_on) VALUES"
REFUSED = {
    "more than is unpaid": f"{LOST} ({{invoice}}, 601, 'r', 'k', '2024-12-05')",
    "taken up more than was given up": f"{LOST} ({{invoice}}, -601, 'r', 'k', '2024-12-05')",
    "changed": "UPDATE billing_loss SET amount_minor = 1",
    "taken away": "DELETE FROM billing_loss",
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(sql: str) -> None:
    invoice = make_invoice()
    lose(invoice, 600)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(invoice=invoice.pk))


def test_the_command_gives_up_once() -> None:
    number = str(make_invoice().number)
    for said in ("is given up", "was given up already"):
        result = CliRunner().invoke(bills, ["give-up", number, "--amount", "6", "--reason", "Insolvent"])
        assert result.exit_code == 0, result.exception
        assert result.stdout == f"bill {number}: 6.00 EUR {said} in the books, 6.00 EUR of it is still expected\n"
    assert Loss.objects.count() == 1
