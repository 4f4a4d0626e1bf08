"""The operator's service is told of bills afterwards: each once, whatever the run does, and paid as often as it is so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings

from bonafide.billing.amend.rectify import rectify
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.billing.tell_service import tell_service
from bonafide.webhooks.kinds import declared
from bonafide.webhooks.models import Cursor, Event
from tests.factories.billing import make_invoice
from tests.fakes.receiver import Receiver
from tests.webhooks.conftest import listens  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 10, 5, 9, tzinfo=UTC)
DAY = date(2024, 10, 2)
Listens = Callable[..., Receiver]


def told() -> list[tuple[str, str]]:
    """Kinds and numbers of bills, in their order."""
    while tell_service(operator=settings.OPERATOR, now=NOW):
        pass
    return [(event.kind, event.data["number"]) for event in Event.objects.order_by("pk")]


def pay(bill: Invoice, minor: int, reference: str = "p1") -> None:
    settle(invoice=bill, amount_minor=minor, received_on=DAY, means="transfer", reference=reference, now=NOW)


@pytest.fixture
def begun(listens: Listens) -> None:  # noqa: F811
    """Somebody listens, and the first round has been."""
    listens()
    assert told() == []


@pytest.mark.usefixtures("begun")
def test_a_bill_is_told_as_issued_and_as_paid_once_each() -> None:
    bill = make_invoice()
    assert told() == [("invoice.issued", bill.number)]
    assert Event.objects.get().data["open_minor"] == bill.total_minor
    assert set(Event.objects.get().data) == set(declared("invoice.issued").example)
    pay(bill, bill.total_minor - 1)
    assert len(told()) == 1, "a cent is open"
    pay(bill, 1, "p2")
    assert told() == told() == [("invoice.issued", bill.number), ("invoice.paid", bill.number)]
    assert Event.objects.get(kind="invoice.paid").data["open_minor"] == 0


@pytest.mark.usefixtures("begun")
def test_a_bill_that_was_open_again_is_paid_again() -> None:
    bill = make_invoice()
    pay(bill, bill.total_minor)
    assert [kind for kind, _ in told()] == ["invoice.issued", "invoice.paid"]
    pay(bill, -bill.total_minor, "back")
    assert [kind for kind, _ in told()] == ["invoice.issued", "invoice.paid"]
    pay(bill, bill.total_minor, "p2")
    pay(bill, 5, "too much")
    assert [kind for kind, _ in told()] == ["invoice.issued", "invoice.paid", "invoice.paid"]


@pytest.mark.usefixtures("begun")
def test_paid_and_open_again_before_anybody_looked_is_not_paid() -> None:
    bill = make_invoice()
    pay(bill, bill.total_minor)
    pay(bill, -bill.total_minor, "back")
    assert [kind for kind, _ in told()] == ["invoice.issued"]


@pytest.mark.usefixtures("begun")
def test_a_credit_note_is_told_and_pays_what_it_takes_back() -> None:
    bill = make_invoice()
    told()
    note = credit(invoice=bill, reason="Outage", key="k", operator=settings.OPERATOR, now=NOW)
    assert told()[1:] == [("invoice.corrected", note.number), ("invoice.paid", bill.number)]
    data = Event.objects.get(kind="invoice.corrected").data
    assert (data["type"], data["corrects"]) == ("credit_note", bill.number)
    assert set(data) == set(declared("invoice.corrected").example)


@pytest.mark.usefixtures("begun")
def test_a_bill_in_the_place_of_another_is_told_and_what_was_paid_goes_over() -> None:
    bill = make_invoice()
    pay(bill, bill.total_minor)
    told()
    bill.account.name = "Company of another name"
    bill.account.save()
    better = rectify(invoice=bill, reason="Address", key="k", operator=settings.OPERATOR, now=NOW)
    assert told()[2:] == [("invoice.corrected", better.number), ("invoice.paid", better.number)]
    assert Event.objects.get(kind="invoice.corrected").data["corrects"] == bill.number


@pytest.mark.usefixtures("begun")
def test_a_round_that_is_killed_is_made_again_and_tells_nobody_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    bill = make_invoice()
    pay(bill, bill.total_minor)

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("bonafide.billing.tell_service.emit_many", die)
        with pytest.raises(KeyboardInterrupt):
            tell_service(operator=settings.OPERATOR, now=NOW)
    assert [kind for kind, _ in told()] == ["invoice.issued", "invoice.paid"]
    Cursor.objects.update(position=0)
    assert [kind for kind, _ in told()] == ["invoice.issued", "invoice.paid"]


def test_who_begins_to_listen_is_told_nothing_of_before(listens: Listens, settings: Any) -> None:  # noqa: F811
    make_invoice()
    assert (told(), Cursor.objects.exists()) == ([], False)
    listens(events=("invoice.paid",))
    old, bill = Invoice.objects.get(), make_invoice()
    assert told() == []
    pay(bill, bill.total_minor)
    pay(old, old.total_minor, "p2")
    assert told() == [("invoice.paid", old.number), ("invoice.paid", bill.number)]
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"webhooks": ()})
    told()
    assert not Cursor.objects.exists()


@pytest.mark.usefixtures("begun")
def test_it_asks_for_as_many_queries_for_many_bills_as_for_few(django_assert_max_num_queries: Any) -> None:
    for _ in range(5):
        bill = make_invoice()
        pay(bill, bill.total_minor, f"p{bill.pk}")
    with django_assert_max_num_queries(25):
        assert tell_service(operator=settings.OPERATOR, now=NOW) == 10
    assert tell_service(operator=settings.OPERATOR, now=NOW, limit=2) == 0
