"""The page of the balance, and codes that are redeemed on it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from bonafide.billing.balance.codes import make_code, stop_code
from bonafide.billing.balance.models import Grant, VoucherCode
from tests.billing.balance.grants import SEPTEMBER_10, make_charge, make_grant, make_payer
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import issue

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 9, 12, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def member(account, role="owner") -> Client:
    client = Client()
    client.force_login(make_member(account=account, role=role))
    return client


def code(**values) -> VoucherCode:
    known = {"code": "SPRING-24", "currency": "EUR", "amount_minor": 1000, "redemptions": 2, "now": SEPTEMBER_10}
    return make_code(**{**known, "redeem_until": date(2024, 9, 30), "lasts_months": 2, **values})


def text(answer) -> str:
    return answer.content.decode()


def test_it_shows_what_is_left_until_when_and_everything_that_came_and_went() -> None:
    account = make_payer("100")
    make_grant(account, "prepaid", 20000)
    make_grant(account, "credit", 500, reason="Outage of 3 September", expires_on=date(2024, 12, 31))
    make_charge(account, "40", text_en="Migration by hand", charged_on=date(2024, 10, 5))
    issue()
    with time_machine.travel(datetime(2024, 10, 2, tzinfo=UTC), tick=False):
        page = text(member(account, "viewer").get("/balance"))
    # 100.00 less 5.00 with 20 % is 114.00
    for said in ("€86.00", "Outage of 3 September", "used by bill", "Migration by hand", "does not expire", "-€114.00"):
        assert said in page, said
    assert "Redeem the code" not in page


def test_a_code_is_redeemed_once_an_account_and_holds_to_the_end_of_a_month() -> None:
    account = make_payer("100")
    code()
    for _again in range(2):
        assert member(account, "billing").post("/balance", {"code": " spring-24 "}).status_code == 302
    grant = Grant.objects.get()
    assert (grant.kind, grant.amount_minor, grant.starts_on, grant.expires_on) == (
        "voucher", 1000, date(2024, 9, 12), date(2024, 11, 30),
    )  # fmt: skip


def test_it_says_why_a_code_gives_nothing() -> None:
    made, account = code(redemptions=1), make_account()
    code(code="DOLLARS", currency="USD")
    make_payer("1")
    dollars = member(make_payer("1"))
    assert "There is no such code" in text(dollars.post("/balance", {"code": "WINTER"}))
    assert "in USD" in text(dollars.post("/balance", {"code": "DOLLARS"}))
    member(account).post("/balance", {"code": "SPRING-24"})
    assert "as often as it may be" in text(member(make_account()).post("/balance", {"code": "SPRING-24"}))
    stop_code(code=made, now=NOW)
    assert "until 12 September 2024" in text(member(make_account()).post("/balance", {"code": "SPRING-24"}))
    assert Grant.objects.count() == 1


def test_a_code_of_another_plan_is_refused() -> None:
    account, other = make_payer("100"), make_payer("100")
    code(plan=other.subscriptions.get().plan.code)
    assert "another plan" in text(member(account).post("/balance", {"code": "SPRING-24"}))
    assert member(other).post("/balance", {"code": "SPRING-24"}).status_code == 302


def test_codes_cannot_be_guessed_at_will() -> None:
    client = member(make_account())
    for n in range(10):
        assert "There is no such code" in text(client.post("/balance", {"code": f"GUESS-{n}"}))
    code()
    assert "Too many attempts" in text(client.post("/balance", {"code": "SPRING-24"}))
    assert not Grant.objects.exists()


def test_a_viewer_redeems_nothing() -> None:
    code()
    assert member(make_account(), "viewer").post("/balance", {"code": "SPRING-24"}).status_code == 403
