"""What customers and programs see of what became of a bill."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bonafide.billing.amend.changes import LineChange
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.correct import credit
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice, operator

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 8, tzinfo=UTC)


def replaced() -> tuple[Invoice, Invoice, Invoice]:
    """A bill, its credit note and the one in its place; 6.00 were paid."""
    invoice = make_invoice()
    settle(invoice=invoice, amount_minor=600, received_on=date(2024, 10, 2), means="transfer", reference="B-1")
    note = credit(invoice=invoice, net_minor=100, reason="Outage", key="c-1", operator=operator(), now=NOW)
    invoice.account.street = "9 rue Neuve"
    invoice.account.save()
    return invoice, note, rectify(invoice=invoice, reason="Wrong address", key="k-1", operator=operator(), now=NOW)


def test_a_customer_finds_each_from_the_other(client: Client) -> None:
    invoice, note, made = replaced()
    client.force_login(make_member(account=invoice.account))
    pages = {bill: client.get(f"/bills/{bill.number}").content.decode() for bill in (invoice, note, made)}
    for one, others in ((invoice, (note, made)), (note, (invoice,)), (made, (invoice,))):
        for other in others:
            assert f'href="{reverse("bill", args=[other.number])}"' in pages[one]
    assert "replaced" in pages[invoice]
    assert "Nothing is owed on this one any more" in pages[invoice]
    assert "from the bill that this one replaces" in pages[made]
    assert "Wrong address" in pages[made]


def test_nothing_is_asked_for_on_a_replaced_bill(client: Client) -> None:
    invoice, _note, made = replaced()
    client.force_login(make_member(account=invoice.account))
    listed = client.get("/bills").content.decode()
    assert "€4.80" in listed.split("</h1>")[0]
    assert "replaced" in listed
    assert 'id="transfer"' not in client.get(f"/bills/{invoice.number}").content.decode()
    assert 'id="transfer"' in client.get(f"/bills/{made.number}").content.decode()


def test_the_pages_ask_as_many_questions_whatever_became_of_the_bills(client: Client) -> None:
    invoice, _note, made = replaced()
    client.force_login(make_member(account=invoice.account))
    client.get("/bills")
    counts = []
    for turn in range(3):
        with CaptureQueriesContext(connection) as captured:
            client.get("/bills")
        counts.append(len(captured))
        made = rectify(
            invoice=made,
            reason="Again",
            key=f"again {turn}",
            operator=operator(),
            now=NOW,
            changes={1: LineChange(text=f"Turn {turn}")},
        )
    assert counts[0] == counts[1] == counts[2]
