"""What staff and customers see of unpaid bills."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse

from bonafide.accounts.models import Membership, User
from bonafide.billing.models import Invoice
from bonafide.payments.dunning.models import PauseEntry
from bonafide.privacy.models import Look
from tests.factories.accounts import enter, enter_as_staff, make_user
from tests.payments.dunning.conftest import DUE, at, dunning_operator, make_bill, pass_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "OPERATOR", dunning_operator())


def owner_of(bill: Invoice) -> User:
    return Membership.objects.filter(account=bill.account).select_related("user")[0].user


def test_every_page_of_a_suspended_account_says_what_to_pay(bill: Invoice, client: Client) -> None:
    pass_days(DUE, DUE + timedelta(days=10), by=dunning_operator())
    with time_machine.travel(at(DUE + timedelta(days=11)), tick=False):
        enter(client, owner_of(bill))
        for page in ("/", "/usage", "/bills", "/settings/profile"):
            shown = client.get(page)
            assert shown.status_code == 200
            assert "The service of this account has been suspended" in shown.content.decode()
            assert f"Pay bill {bill.number}" in shown.content.decode()
        stranger = Client()
        enter(stranger, owner_of(make_bill()))
        assert "has been suspended" not in stranger.get("/bills").content.decode()


def test_the_bill_of_a_company_says_what_the_law_adds(client: Client) -> None:
    company, person = make_bill(), make_bill(kind="person")
    with time_machine.travel(at(DUE + timedelta(days=3)), tick=False):
        enter(client, owner_of(company))
        shown = client.get(reverse("bill", args=[company.number])).content.decode()
        assert "What the law adds so far" in shown
        assert "€40.00" in shown
        other = Client()
        enter(other, owner_of(person))
        assert "What the law adds" not in other.get(reverse("bill", args=[person.number])).content.decode()


def staff_with_reason(client: Client, page: str) -> User:
    staff = enter_as_staff(client)
    assert client.get(page).status_code == 302
    client.post(f"/staff/reason?next={page}", {"reason": "The customer asked us to look at it."})
    return staff


def test_staff_see_what_comes_and_the_look_is_written_down(bill: Invoice, client: Client) -> None:
    with time_machine.travel(at(DUE), tick=False):
        enter_as_staff(client)
        shown = client.get("/staff/dunning/?days=14").content.decode()
    assert bill.account.name in shown
    assert "formal notice" in shown
    assert Look.objects.filter(account=bill.account).exists()


def test_staff_pause_and_resume(bill: Invoice, client: Client) -> None:
    page = reverse("dunning_account", args=[bill.account_id])
    now = datetime(2024, 10, 5, 9, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        staff = staff_with_reason(client, page)
        assert "What comes" in client.get(page).content.decode()
        wrong = client.post(f"{page}/pause", {"reason": "asked", "until_on": "2024-10-01"})
        assert "Choose today or a later day" in wrong.content.decode()
        assert not PauseEntry.objects.exists()
        client.post(f"{page}/pause", {"reason": "asked", "until_on": "2024-10-20"})
        entry = PauseEntry.objects.get()
        assert (entry.reason, entry.by, entry.pauses) == ("asked", staff, True)
        assert "paused until" in client.get(page).content.decode()
        client.post(f"{page}/resume")
    assert PauseEntry.objects.count() == 2


def test_others_see_no_page_of_staff(bill: Invoice, client: Client) -> None:
    enter(client, owner_of(bill))
    for path in ("/staff/dunning/", reverse("dunning_account", args=[bill.account_id])):
        assert client.get(path).status_code == 404
    assert client.post(reverse("pause_dunning", args=[bill.account_id]), {"reason": "x"}).status_code == 404
    assert not PauseEntry.objects.exists()


def test_the_database_keeps_what_staff_said(bill: Invoice) -> None:
    entry = PauseEntry.objects.create(account=bill.account, pauses=True, reason="r", by=make_user(is_staff=True), at=at(DUE))
    for change in (lambda: PauseEntry.objects.update(reason="other"), lambda: PauseEntry.objects.all().delete()):
        with pytest.raises(Error, match="stays as it was said"), transaction.atomic():
            change()
    assert entry.by
    entry.by.delete()  # who said it goes with their login
    entry.refresh_from_db()
    assert entry.by is None
