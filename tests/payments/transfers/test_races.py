"""What two do in the same moment, with real transactions on this run's kind of database: once is once."""

from __future__ import annotations

import pytest
from django.conf import settings

from bonafide.payments.models import Receipt
from bonafide.payments.transfers.decide import AlreadyDecided, book, set_aside
from bonafide.payments.transfers.import_statement import Imported
from bonafide.payments.transfers.models import BankStatement, Decision, Movement
from bonafide.payments.transfers.propose import waiting
from tests.accounts.test_member_races import at_once
from tests.factories.accounts import make_user
from tests.factories.billing import make_invoice
from tests.factories.transfers import NOW, Paid, camt, mt940, paid_on, take

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_of_the_staff_who_decide_at_once_one_wins_and_the_other_is_told() -> None:
    bill, staff = make_invoice(hours="100"), make_user(username="camille", is_staff=True)
    take(camt(*(Paid("5.00", ref=f"r{n}") for n in range(6))))
    for movement in list(waiting()):
        known = {"movement": movement, "now": NOW, "by": staff}
        paying = {"bills": [(bill, None)], "account": bill.account, "operator": settings.OPERATOR, **known}
        outcomes = at_once(lambda paying=paying: book(**paying), lambda known=known: set_aside(reason="private", **known))
        assert sorted(type(one).__name__ for one in outcomes) == ["AlreadyDecided", "Decision"], outcomes
    assert AlreadyDecided  # the name above is this one
    assert Decision.objects.count() == 6
    assert paid_on([bill]) == [500 * Receipt.objects.count()]


def test_the_same_file_and_its_twin_in_the_other_format_at_once_are_booked_once() -> None:
    one, two = make_invoice(), make_invoice()
    paid = [Paid("12.00", reference=bill.payment_reference, ref=f"B{bill.pk}") for bill in (one, two)]
    files = [camt(*paid), camt(*paid), mt940(*paid)]
    outcomes = at_once(*(lambda content=content: take(content) for content in files))
    assert all(isinstance(outcome, Imported) for outcome in outcomes), outcomes
    assert (Movement.objects.count(), BankStatement.objects.count(), paid_on([one, two])) == (2, 2, [1200, 1200])
