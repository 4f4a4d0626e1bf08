"""The events behind a bill: which, in which order, with what they counted in."""

import csv
import io
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bonafide.billing.explain.events import COLUMNS, events_gone, usage_csv
from bonafide.billing.explain.replay import Unexplained, replay
from bonafide.billing.models import Invoice
from bonafide.periods import Month
from bonafide.usage.models import Event, Total
from tests.billing.explain.bills import EVENTS, LATE, issue_everything, take
from tests.factories.accounts import make_account
from tests.factories.billing import issue, make_invoice
from tests.factories.usage import PARIS

pytestmark = pytest.mark.django_db


def read(invoice):
    explained = replay(invoice=invoice, zone=PARIS)
    return explained, b"".join(usage_csv(invoice=invoice, explained=explained, zone=PARIS))


def test_it_holds_each_event_of_the_bill_once_and_nobody_else_s():
    invoice = issue_everything()
    other = make_account(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    take(other, {"requests": [("", "", "77", "2024-09-02T17:00:00Z")]}, now=datetime(2024, 10, 6, tzinfo=UTC))
    explained, said = read(invoice)
    rows = list(csv.DictReader(io.StringIO(said.decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    on_bill = [row for row in rows if row["bill"] == "2024-09"]
    expected = Event.objects.filter(account=invoice.account, bill_month=202409).order_by("pk")
    assert [row["id"] for row in on_bill] == list(expected.values_list("event_id", flat=True))
    assert len(on_bill) == sum(map(len, LATE.values())) + sum(map(len, EVENTS.values())) - 1  # one state was on August's bill
    exact = next(row for row in rows if row["quantity"] == "7.1")
    assert (exact["time"], exact["source"]) == ("2024-09-09T10:00:00.123456Z", "test")

    earlier = {(row["meter"], row["id"] == "") for row in rows if row["bill"] == "2024-08"}
    assert earlier == {("traffic", False), ("users", False), ("hours", False)}  # what late lines are the difference to

    by_line = defaultdict(Decimal)
    for row in rows:
        for position in row["lines"].split():
            by_line[int(position)] += Decimal(row["quantity"])
    requests = next(one for one in explained if one.charge.entry.meter and one.charge.entry.meter.code == "requests")
    assert {by_line[position] for position in requests.positions} == {Decimal("19.445")}
    assert read(invoice)[1] == said  # the same bytes again


def test_what_ran_when_the_month_began_comes_first_without_source_and_id():
    invoice = issue_everything()
    issue(month=Month(2024, 10), now=datetime(2024, 11, 5, tzinfo=UTC))
    october = Invoice.objects.get(account=invoice.account, month=202410)
    rows = list(csv.DictReader(io.StringIO(read(october)[1].decode(), newline="")))
    assert [(row["subject"], row["source"], row["id"], row["bill"]) for row in rows] == [("vm-2", "", "", "2024-09")]


def test_events_are_gone_once_the_sweep_may_have_taken_one():
    invoice = make_invoice()  # usage of 15 September 2024
    assert not events_gone(invoice=invoice, now=datetime(2027, 9, 14, 12, tzinfo=UTC), months=36, zone=PARIS)
    assert events_gone(invoice=invoice, now=datetime(2027, 9, 15, 12, tzinfo=UTC), months=36, zone=PARIS)


def test_a_bill_that_no_longer_follows_from_what_is_kept_is_not_explained():
    invoice = make_invoice()
    assert [one.positions for one in replay(invoice=invoice, zone=PARIS)] == [(1,)]
    Total.objects.filter(account=invoice.account).update(quantity=1)
    with pytest.raises(Unexplained, match=str(invoice.number)):
        replay(invoice=invoice, zone=PARIS)
