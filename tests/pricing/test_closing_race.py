"""While prices are being imported no month can be closed: the check against closed months holds until the commit."""

import threading

import pytest
from django.db import connection, transaction

from bonafide.periods import Month
from bonafide.pricing.closed_months import hold_closed_months
from bonafide.pricing.models import ClosedMonth
from tests.factories.pricing import close_month


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_an_import_that_has_looked_at_the_closed_months():
    order: list[str] = []
    begun = threading.Event()

    def close() -> None:
        try:
            begun.set()
            close_month(Month(2024, 9))
            order.append("closed")
        finally:
            connection.close()

    closing = threading.Thread(target=close)
    with transaction.atomic():
        assert hold_closed_months() == ()
        closing.start()
        begun.wait(timeout=20)
        closing.join(timeout=0.3)  # it waits for the lock; were there none, it would be through by now
        assert hold_closed_months() == ()
        order.append("imported")
    closing.join(timeout=40)
    assert order == ["imported", "closed"]
    assert ClosedMonth.objects.count() == 1
