"""Usage and bills read by programs."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.models import Account
from bonafide.pricing.rating import Graduated, PerUnit, Tier
from tests.factories.accounts import make_account
from tests.factories.billing import make_invoice, make_plan
from tests.factories.billing import use as add_total
from tests.factories.simulated import NOW, advance_to, make_simulated
from tests.factories.usage import make_draft, make_meter, take_in, use

pytestmark = pytest.mark.django_db
SCOPES = ["usage:read", "bills:read"]


def get(path: str, account: Account | None = None, scopes: list[str] = SCOPES) -> HttpResponse:
    _key, text = make_key(account=account, name="reader", scopes=scopes, expires_at=None, now=datetime.now(UTC))
    return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {text}"})


def test_a_month_of_usage_is_read_meter_by_meter() -> None:
    account = make_account(reference="/subscriptions/one two")
    meter = make_meter("storage", unit="GB", group_by="region", scale=3)
    use(account, meter, "1.5", "2024-09-18T12:00:00Z", region="north")
    use(account, meter, "2", "2024-09-19T12:00:00Z", region="south")
    use(account, meter, "7", "2024-10-19T12:00:00Z", region="south")
    read = get(f"/accounts/{quote(account.reference, safe='')}/usage?month=2024-09", account)
    assert read.json() == {
        "account": "/subscriptions/one two",
        "month": "2024-09",
        "meters": [
            {
                "meter": "storage",
                "name": "storage",
                "unit": "GB",
                "aggregation": "sum",
                "quantity": "3.5",
                "events": 2,
                "groups": {"north": "1.5", "south": "2"},
                "days": [
                    {"day": "2024-09-18", "quantity": "1.5", "events": 1},
                    {"day": "2024-09-19", "quantity": "2", "events": 1},
                ],
            }
        ],
    }


def test_without_a_month_the_running_one_is_read() -> None:
    account = make_account()
    now = datetime.now(UTC)
    take_in([make_draft(account=account, meter=make_meter(), time=now.isoformat())], now=now)
    read = get(f"/accounts/{account.reference}/usage").json()
    assert [meter["quantity"] for meter in read["meters"]] == ["1"]


def test_what_belongs_to_others_or_nobody_does_not_exist() -> None:
    mine, other = make_account(), make_account(reference="other")
    assert get("/accounts/other/usage", mine).status_code == 404
    assert get("/accounts/other/usage", mine).json() == {"error": "there is no account 'other'"}
    assert get("/accounts/nobody/usage", mine).json() == {"error": "there is no account 'nobody'"}
    assert get("/accounts/other/usage").status_code == 200
    assert get("/accounts/other/usage", other).status_code == 200


@time_machine.travel("2026-11-11T12:00:00Z", tick=False)
def test_the_running_months_forecast_is_read_with_its_range() -> None:
    account, meter = make_account(), make_meter("gpu", unit="h")
    tiers = (Tier(up_to=Decimal(100), unit_price=Decimal(1)), Tier(up_to=None, unit_price=Decimal("0.1")))
    make_plan((meter, Graduated(tiers=tiers)))
    for day in range(1, 11):
        add_total(account, meter, "9" if day % 2 else "11", day=20261100 + day)
    read = get(f"/accounts/{account.reference}/forecast", account).json()
    assert (read["month"], read["whole_days"], read["currency"]) == ("2026-11", 10, "EUR")
    assert read["so_far"] == {"net_minor": 10000, "tax_minor": 2000, "total_minor": 12000}
    assert [read[end]["net_minor"] for end in ("low", "likely", "high")] == [11800, 12000, 12200]
    assert read["meters"] == [
        {
            "meter": "gpu",
            "unit": "h",
            "quantity": "100",
            "low": "280",
            "likely": "300",
            "high": "320",
            "cost_minor": 10000,
            "likely_cost_minor": 12000,
        }
    ]
    assert get(f"/accounts/{account.reference}/forecast", make_account()).status_code == 404
    assert get(f"/accounts/{account.reference}/forecast", account, scopes=["usage:read"]).status_code == 403


@time_machine.travel("2026-11-02T12:00:00Z", tick=False)
def test_a_forecast_that_cannot_be_told_yet_is_null() -> None:
    account = make_account()
    read = get(f"/accounts/{account.reference}/forecast", account).json()
    assert (read["whole_days"], read["likely"], read["so_far"], read["meters"]) == (0, None, None, [])


@time_machine.travel("2026-11-11T12:00:00Z", tick=False)
def test_drafts_are_read_apart_from_bills() -> None:
    account, meter = make_account(), make_meter("gpu")
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    for day in (20261003, 20261103):
        add_total(account, meter, "9", day=day)
    assert get("/bills", account).json() == []
    drafts = get("/bills?state=draft", account).json()
    assert [(draft["number"], draft["month"], draft["state"]) for draft in drafts] == [
        (None, "2026-11", "draft"),
        (None, "2026-10", "draft"),
    ]
    assert len(get("/bills?state=draft&month=2026-10", account).json()) == 1
    assert get("/bills?state=draft").json()["error"].startswith("state: drafts are of one account")
    assert len(get(f"/bills?state=draft&account={account.reference}").json()) == 2
    assert get("/bills?state=draft", make_account()).json() == []


def test_bills_are_read_by_their_state() -> None:
    invoice = make_invoice()
    assert [bill["number"] for bill in get("/bills?state=overdue", invoice.account).json()] == [invoice.number]
    assert get("/bills?state=paid", invoice.account).json() == []
    assert get("/bills?state=lost", invoice.account).status_code == 400


def test_a_test_account_is_read_at_its_own_time() -> None:
    meter = make_meter("h", aggregation="hours", subject="server", unit="h", scale=0)
    account = make_simulated()
    advance_to(account, 2027, 1, 2)
    done = take_in([make_draft(account=account, meter=meter, time="2026-12-31T23:00:00Z", server="a")], now=NOW)
    assert not done.rejected
    read = get(f"/accounts/{account.reference}/usage").json()
    assert (read["month"], read["meters"][0]["quantity"]) == ("2027-01", "24")


def test_wrong_questions_get_one_plain_line() -> None:
    account = make_account()
    read = get(f"/accounts/{account.reference}/usage?month=2024-13", account)
    assert (read.status_code, read.json()["error"]) == (
        400,
        "month '2024-13' is not a month: expected YYYY-MM, for example 2024-09",
    )
    assert get("/bills?limit=many").status_code == 400
    assert get("/bills", scopes=["usage:read"]).status_code == 403
    assert get(f"/accounts/{account.reference}/usage", scopes=["bills:read"]).status_code == 403
    assert Client().get("/api/v1/bills").status_code == 401


def test_issued_bills_are_read_by_their_owner_and_the_operator_alone() -> None:
    bill = make_invoice()
    other = make_account()
    whole = get(f"/bills/{bill.number}", bill.account).json()
    assert (whole["number"], whole["account"], whole["total_minor"]) == (bill.number, bill.account.reference, bill.total_minor)
    assert whole["lines"]
    assert get("/bills", bill.account).json() == [whole]
    assert get(f"/bills?month={whole['month']}&account={bill.account.reference}").json() == [whole]
    assert get("/bills?month=2020-01").json() == []
    assert get("/bills", other).json() == []
    assert get(f"/bills/{bill.number}", other).json() == {"error": f"there is no bill '{bill.number}'"}
    assert get(f"/bills/{bill.number}", other).status_code == 404
    assert get(f"/bills/{bill.number}").json() == whole
    assert get(f"/bills?account={bill.account.reference}", other).status_code == 404


def test_the_interface_describes_itself_and_names_no_other_host() -> None:
    described = Client().get("/api/v1/openapi.json")
    paths = json.loads(described.content)["paths"]
    assert set(paths) == {
        "/api/v1/events",
        "/api/v1/accounts/{reference}/forecast",
        "/api/v1/accounts/{reference}/usage",
        "/api/v1/bills",
        "/api/v1/bills/{number}",
        "/api/v1/me/sessions",
        "/api/v1/me/sessions/{id}",
        "/api/v1/me/sign-ins",
    }
    assert "application/x-ndjson" in paths["/api/v1/events"]["post"]["requestBody"]["content"]
    assert b"://" not in described.content
    assert Client().get("/api/v1/docs").status_code == 404
