"""What became of bills, changed by hand behind the guards' back, is seen and named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from bonafide.billing.amend.give_up import give_up
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.amend.taken_back import LineAsked
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.billing.verify import Verified, verify_books
from tests.billing.amend.bills import make_mixed
from tests.factories.billing import make_invoice, operator, triggers_lifted

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 8, tzinfo=UTC)


def run(sql: str, *values: object) -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def bills() -> tuple[Invoice, Invoice]:
    """One that was paid in part and replaced, and the one in its place, which is given up."""
    invoice = make_invoice()
    settle(invoice=invoice, amount_minor=600, received_on=date(2024, 10, 2), means="transfer", reference="B-1")
    invoice.account.street = "9 rue Neuve"
    invoice.account.save()
    made = rectify(invoice=invoice, reason="Wrong address", key="k-1", operator=operator(), now=NOW)
    give_up(invoice=made, amount_minor=None, reason="Insolvent", key="l-1", operator=operator(), now=NOW)
    assert isinstance(verify_books(), Verified)
    return invoice, made


BROKEN = {
    "the replaced bill forgotten": ("DELETE FROM billing_replacement", "bill {made}: is a corrected invoice, and the bill that"),
    "another account's": (
        "UPDATE billing_replacement SET original_id = (SELECT MIN(id) FROM billing_invoice)",
        "bill {other}: cannot be replaced by {made}",
    ),
    "money left on the replaced bill": (
        "UPDATE billing_settlement SET amount_minor = 500 WHERE reference = 'B-1'",
        "bill {invoice}: was replaced, and -100 is still paid on it",
    ),
    "money that did not arrive": (
        "UPDATE billing_settlement SET amount_minor = 599 WHERE amount_minor = 600 AND reference <> 'B-1'",
        "bill {invoice}: 600 went over to bill {made}, and 599 came there",
    ),
    "a loss on the replaced bill": (
        "UPDATE billing_loss SET invoice_id = (SELECT original_id FROM billing_replacement)",
        "bill {invoice}: was replaced, and 600 is still given up of it",
    ),
    "more given up than is unpaid": ("UPDATE billing_loss SET amount_minor = 601", "bill {made}: 601 of it is given up, and 600"),
    "a loss of nothing": (
        "DELETE FROM billing_loss",
        "entry 7 of 2024: is of {made}, which was never there",
    ),
    "less given up than the books say": (
        "UPDATE billing_loss SET amount_minor = 599",
        "loss {loss} of bill {made}: the ledger has 600 of it, and it is 599",
    ),
}


@pytest.mark.parametrize(("sql", "said"), BROKEN.values(), ids=BROKEN)
def test_what_was_changed_by_hand_is_named(sql: str, said: str, request: pytest.FixtureRequest) -> None:
    other = make_invoice() if "MIN(id)" in sql else None
    invoice, made = request.getfixturevalue("bills")
    loss = made.losses.get().pk
    run(sql)
    names = {"invoice": invoice.number, "made": made.number, "other": other, "loss": loss}
    assert str(verify_books()).startswith(said.format(**names))


def test_a_reversal_that_is_not_in_the_books_is_missed(bills: tuple[Invoice, Invoice]) -> None:
    run("UPDATE billing_posting SET source = 999 WHERE step = 'reversal'")
    assert "its content is not what was sealed" in str(verify_books())
    from bonafide.billing.ledger.verify import _reversals

    assert "takes back 0 of it, and 1200 was left" in str(_reversals())


def test_credit_notes_beyond_a_rate_or_a_line_are_named() -> None:
    invoice, large = make_mixed(fees=(("standard", "1"), ("books", "99"))), make_mixed(fees=(("standard", "50"), ("books", "1")))
    credit(invoice=large, net_minor=None, lines=[LineAsked(1)], reason="r", key="k", operator=operator(), now=NOW)
    run("UPDATE billing_creditedline SET amount_minor = 5001")
    assert str(verify_books()) == f"bill {large.number}, line 1: its credit notes take back more than it came to"
    run("UPDATE billing_correction SET original_id = %s", invoice.pk)
    assert str(verify_books()) == f"bill {invoice.number}, tax S 20: its credit notes come to more than its base"
