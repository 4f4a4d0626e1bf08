"""Each thing that ``bills verify`` says of grants is seen going wrong."""

from __future__ import annotations

import pytest
from django.db import connection

from bonafide.billing.balance import triggers, verify
from bonafide.billing.verify import Verified, verify_books
from tests.billing.balance.grants import make_charge, make_grant, make_payer
from tests.factories.billing import issue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE billing_taken SET amount_minor = amount_minor + 100000", "more was taken"),
        ("UPDATE billing_grant SET amount_minor = amount_minor + 1 WHERE kind = 'prepaid'", "customers have 1 left"),
        ("DELETE FROM billing_taken WHERE grant_id IN (SELECT id FROM billing_grant WHERE kind = 'prepaid')", "grants gave it 0"),
        (
            "UPDATE billing_taken SET amount_minor = 1 WHERE grant_id IN (SELECT id FROM billing_grant WHERE kind = 'credit')",
            "its discounts come to 700, and grants gave it 1",
        ),
        ("DELETE FROM billing_taken WHERE grant_id IN (SELECT id FROM billing_grant WHERE kind = 'credit')", "grants gave it 0"),
        ("UPDATE billing_oneoffbilled SET position = 1", "is not the one-off charge"),
    ],
)
def test_it_finds_what_was_changed_by_hand(sql: str, said: str) -> None:
    account = make_payer("100")
    make_grant(account, "credit", 700)
    make_grant(account, "prepaid", 900)
    make_charge(account, "5")
    issue()
    assert isinstance(verify_books(), Verified)
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
        cursor.execute(sql)
    wrong = verify.first_wrong()
    assert wrong is not None
    assert said in wrong.what
