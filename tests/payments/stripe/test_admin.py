"""What staff see of payments by Stripe, and the one thing that they can do: have an event followed again."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from bonafide.payments.stripe.models import Attempt, Difference, Hook, Movement
from tests.factories.accounts import enter_as_staff
from tests.factories.billing import make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Any, reasons_given: Any) -> Any:
    enter_as_staff(client)
    return client


def test_each_page_opens_and_nothing_is_changed_there(staff: Any) -> None:
    bill, now = make_invoice(), timezone.now()
    values = {"account": bill.account, "currency": "EUR", "amount_minor": 1200, "begun_at": now, "moved_at": now}
    attempt = Attempt.objects.create(way="checkout", invoice=bill, url="https://checkout.example/secret", **values)
    hook = Hook.objects.create(event_id="evt_1", kind="x", body=b"{}", received_at=now, try_at=now)
    money = {"currency": "EUR", "amount_minor": 1200}
    moved = Movement.objects.create(stripe_id="txn_1", kind="charge", fee_minor=43, moved_at=now, noted_at=now, **money)
    differs = Difference.objects.create(about="ch_1", said="12.00 EUR more", found_at=now, seen_at=now, **money)
    for row, name in ((attempt, "attempt"), (hook, "hook"), (moved, "movement"), (differs, "difference")):
        for page in ("", f"{row.pk}/change/"):
            answer = staff.get(f"/staff/payments_stripe/{name}/{page}")
            assert answer.status_code == 200, (name, page)
            assert "checkout.example" not in answer.content.decode()
        assert staff.post(f"/staff/payments_stripe/{name}/{row.pk}/change/", {"state": "x"}).status_code == 403
        assert staff.post(f"/staff/payments_stripe/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_event_that_was_refused_is_followed_again(staff: Any) -> None:
    now = timezone.now()
    known = {"kind": "x", "state": "refused", "tries": 8, "received_at": now, "try_at": now}
    hook = Hook.objects.create(event_id="evt_1", body=b"{}", **known)
    forged = Hook.objects.create(event_id="refused-1", **known)
    given = {"action": "follow_again", "_selected_action": [hook.pk, forged.pk]}
    assert staff.post("/staff/payments_stripe/hook/", given).status_code == 302
    assert list(Hook.objects.order_by("pk").values_list("state", "tries")) == [("waiting", 0), ("refused", 8)]
