"""Who is suspended and pays is reinstated with the booking itself, whichever way the money comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bonafide.billing.models import Invoice
from bonafide.mail.models import Letter
from bonafide.payments.dunning.models import DunningCase, DunningStep
from bonafide.payments.dunning.reinstate import reinstate_if_paid, reinstating
from bonafide.payments.dunning.state import is_suspended
from bonafide.payments.stripe.begin import begin
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.follow import follow_attempt
from bonafide.payments.transfers.decide import book
from bonafide.payments.transfers.import_statement import import_statement
from bonafide.payments.transfers.propose import waiting
from tests.factories.billing import make_invoice, operator
from tests.factories.dunning import follow_up_by_hand
from tests.factories.transfers import Paid, camt
from tests.fakes.stripe import FakeStripe
from tests.payments.stripe.charging import agree, make_payer, save

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2024, 10, 31, 9, tzinfo=UTC)


def on_the_page(bill: Invoice, fake: FakeStripe, by: Any) -> None:
    attempt = begin(invoice=bill, by=bill.account.members.get(), operator=by, now=NOW)
    fake.controls.pay(attempt.session_id or "")
    follow_attempt(attempt=attempt, operator=by, now=NOW)


def by_itself(bill: Invoice, fake: FakeStripe, by: Any) -> None:
    agree(save(fake, bill.account, bill.account.members.get()))
    charge_due(operator=by, now=NOW)


def by_a_transfer_that_names_it(bill: Invoice, fake: FakeStripe, by: Any) -> None:
    paid = Paid("12.00", reference=bill.payment_reference, ref="B-1", day=NOW.date())
    import_statement(content=camt(paid), name="s.xml", operator=by, now=NOW)


def by_a_transfer_that_staff_find(bill: Invoice, fake: FakeStripe, by: Any) -> None:
    import_statement(content=camt(Paid("12.00", text="thanks", ref="B-1", day=NOW.date())), name="s.xml", operator=by, now=NOW)
    [movement] = waiting()
    book(movement=movement, bills=[(bill, None)], account=bill.account, operator=by, now=NOW)


@pytest.mark.parametrize("way", [on_the_page, by_itself, by_a_transfer_that_names_it, by_a_transfer_that_staff_find])
def test_each_way_of_paying_reinstates_at_once(way: Callable[..., None], fake: FakeStripe, settings: Any) -> None:
    account, _owner = make_payer()
    bill = make_invoice(account=account)
    follow_up_by_hand(bill)
    assert not reinstate_if_paid(account=account, now=NOW)
    way(bill, fake, settings.OPERATOR)
    assert not is_suspended(account)
    assert DunningCase.objects.get().outcome == "paid"
    assert DunningStep.objects.filter(kind="reinstatement", done_at__isnull=False).count() == 1
    assert Letter.objects.filter(purpose="unpaid-bills").count() == 1


def test_who_is_not_suspended_costs_one_statement() -> None:
    follow_up_by_hand(make_invoice(), days={"notice": 1})
    accounts = set(DunningCase.objects.values_list("account_id", flat=True))
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        with reinstating(accounts=accounts, operator=operator(), now=NOW):
            pass
        assert len(asked) == 1
