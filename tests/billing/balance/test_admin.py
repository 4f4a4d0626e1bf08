"""The back office of grants, codes and one-off charges."""

from __future__ import annotations

import pytest

from bonafide.billing.balance.models import Grant, OneOff, Taken, VoucherCode
from bonafide.billing.ledger.models import Posting
from tests.billing.balance.grants import left_of, make_payer
from tests.factories.accounts import enter_as_staff

pytestmark = pytest.mark.django_db
STAFF = "/staff/billing"


@pytest.fixture
def staff(client, reasons_given):
    client.person = enter_as_staff(client)
    return client


def test_staff_grant_money_in_advance_once_and_pay_the_unused_part_back(staff) -> None:
    account = make_payer("100")
    given = {"account": account.pk, "kind": "prepaid", "amount": "30.00", "currency": "EUR", "reason": "Advance", "key": "k"}
    assert "expected the means" in staff.post(f"{STAFF}/grant/add/", given).content.decode()
    assert not Grant.objects.exists()
    for _ in range(2):
        assert staff.post(f"{STAFF}/grant/add/", {**given, "means": "transfer", "reference": "E2E-1"}).status_code == 302
    grant = Grant.objects.get()
    assert (grant.amount_minor, grant.made_by, Posting.objects.filter(step="voucher").count()) == (3000, staff.person, 1)
    assert "€30.00" in staff.get(f"{STAFF}/grant/").content.decode()
    assert "Advance" in staff.get(f"{STAFF}/grant/{grant.pk}/change/").content.decode()
    back = {"grant": grant.pk, "reason": "Closed", "means": "transfer", "reference": "E2E-2"}
    assert staff.post(f"{STAFF}/taken/add/", back).status_code == 302
    assert left_of(grant) == 0
    assert "nothing is left" in staff.post(f"{STAFF}/taken/add/", back).content.decode()
    assert "Closed" in staff.get(f"{STAFF}/taken/{Taken.objects.get().pk}/change/").content.decode()
    assert staff.post(f"{STAFF}/grant/{grant.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_make_a_code_and_stop_it(staff) -> None:
    given = {"code": "spring 24", "amount": "10", "currency": "EUR", "redemptions": "5", "redeem_until": "2099-12-31"}
    assert staff.post(f"{STAFF}/vouchercode/add/", given).status_code == 302
    code = VoucherCode.objects.get()
    assert (code.code, code.amount_minor, code.stopped_at) == ("SPRING24", 1000, None)
    assert "is there already" in staff.post(f"{STAFF}/vouchercode/add/", given).content.decode()
    staff.post(f"{STAFF}/vouchercode/", {"action": "stop", "_selected_action": [code.pk]})
    code.refresh_from_db()
    assert code.stopped_at is not None


def test_staff_charge_once_and_withdraw_it(staff) -> None:
    account = make_payer("100")
    given = {"account": account.pk, "amount": "12.5", "quantity": "2", "text_en": "Set-up", "text_fr": "Installation"}
    given |= {"charged_on": "2024-09-12", "sort": "standard", "key": "k"}
    assert "expected one of standard" in staff.post(f"{STAFF}/oneoff/add/", {**given, "sort": "x"}).content.decode()
    assert staff.post(f"{STAFF}/oneoff/add/", given).status_code == 302
    charge = OneOff.objects.get()
    assert (charge.amount_minor, charge.currency) == (2500, "EUR")
    assert "€25.00" in staff.get(f"{STAFF}/oneoff/").content.decode()
    assert "Installation" in staff.get(f"{STAFF}/oneoff/{charge.pk}/change/").content.decode()
    staff.post(f"{STAFF}/oneoff/", {"action": "withdraw_these", "_selected_action": [charge.pk]})
    charge.refresh_from_db()
    assert charge.withdrawn_at is not None
