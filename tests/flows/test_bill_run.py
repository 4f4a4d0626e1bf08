"""Staff rehearse last month in a real browser, mend what stops, sign it off and issue it; the customer gets the letter."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_visit import PEOPLE, WHY, signed_in

pytestmark = pytest.mark.browser

# What a year of the service left behind, in small: usage of last month that is priced, of one account ten times as much as in
# the month before, and of another in dollars, for which nobody has entered a rate yet.
WORLD = """
from datetime import date
from decimal import Decimal
from bonafide.billing.run import issue_month
from bonafide.periods import Month
from bonafide.pricing.models import Meter, Plan, Price
from bonafide.pricing.rating import CostPlus, PerUnit
from bonafide.usage.models import Total
from django.conf import settings
operator = settings.OPERATOR
last = Month.of(timezone.now(), operator.zone).previous()
before = last.previous()
Account.objects.update(created_at=before.start(operator.zone))
others = [
    Account.objects.create(kind="company", name=name, country="FR", language="en", created_at=before.start(operator.zone))
    for name in ("Brasserie Orion", "Studio Lyra")
]
hours = Meter.objects.create(code="hours", name_en="Instance hours", name_fr="Heures", unit="h", aggregation="sum", scale=0)
cost = Meter.objects.create(code="cost", name_en="Storage", name_fr="Stockage", unit="USD", aggregation="sum", scale=2)
plan = Plan.objects.create(code="main", name_en="Plan", name_fr="Offre", currency="EUR", is_default=True)
for n, (meter, terms) in enumerate([
    (hours, PerUnit(unit_price=Decimal("0.8"))), (cost, CostPlus(markup_percent=Decimal(70))),
], start=1):
    Price.objects.create(plan=plan, code=f"p{n}", meter=meter, valid_from=date(2020, 1, 1), name_en=meter.name_en,
                         name_fr=meter.name_fr, terms=terms.to_json(), position=n)
def use(account, meter, quantity, month):
    Total.objects.create(account=account, meter=meter, bill_month=month.key, day=month.key * 100 + 15, quantity=quantity,
                         events=1, latest_us=0)
use(account, hours, 20, before)
issue_month(month=before, operator=operator, now=last.start(operator.zone))
use(account, hours, 200, last)
use(others[0], hours, 30, last)
use(others[1], cost, 1000, last)
from bonafide.billing.models import BillLetter, Invoice
BillLetter.objects.create(invoice=Invoice.objects.get(), at=timezone.now(), letters=0)
print(last)
"""


@pytest.fixture
def console(tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Console]:
    """A console that issues nothing without a sign-off."""
    port = free_port()
    with instance(tmp_path / "instance", port=port, smtp_port=smtp_sink.port) as made:
        file = made.home / "operator.toml"
        file.write_text(file.read_text(encoding="utf-8") + '\n[billing]\nsign_off = "required"\n', encoding="utf-8")
        with started(made, port=port) as console:
            yield console


def shown(page: Any, title: str) -> None:
    """For ``make screenshots``' eye: kept where BONAFIDE_SCREENSHOTS names a folder."""
    folder = os.environ.get("BONAFIDE_SCREENSHOTS")
    for scheme, width in (("light", 1280), ("dark", 390)) if folder else ():
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{folder}/{title}-{scheme}-{width}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_month_is_rehearsed_mended_signed_off_and_issued(browser: Any, console: Console, smtp_sink: SmtpSink) -> None:
    month = console.instance.python(PEOPLE + WORLD).split()[-1]
    assert "is not signed off" in console.instance.bonafide("bills", "issue", month, check=False).stderr
    staff = signed_in(browser, console, "camille")
    staff.set_default_timeout(60_000)
    rehearse(staff, month)
    look_at_what_is_odd(staff)
    mend(staff, f"{console.url}/staff/bill-runs/{month}", month)
    sign_off_and_issue(staff)
    assert len([bill for bill in console.instance.bills() if bill["month"] == month]) == 3
    letter = smtp_sink.wait_for("vega@example.com", seconds=120).get_body(("plain",)).get_content()
    assert "€192.00" in letter
    assert f"{console.url}/bills/" in letter
    assert "numbers without a gap" in console.instance.bonafide("bills", "verify").stdout


def rehearse(staff: Any, month: str) -> None:
    staff.locator("summary").first.click()
    staff.get_by_role("link", name="Bill runs").click()
    shown(staff, "months")
    staff.locator(f"a[href$='/{month}']").click()
    staff.get_by_text("This month was not rehearsed yet.").wait_for()
    staff.get_by_role("button", name="Rehearse").click()
    staff.get_by_role("heading", name="What would go out").wait_for()  # the page reloads by itself until then


def look_at_what_is_odd(staff: Any) -> None:
    shown(staff, "rehearsed")
    rows = staff.locator("#bills tbody tr")
    names = rows.locator("th a").all_inner_texts()
    assert names == ["Studio Lyra", "Atelier Vega SARL", "Brasserie Orion"]  # what stops, then what is odd
    assert "at least doubled" in rows.nth(1).inner_text()
    assert "+€172.80" in rows.nth(1).inner_text()
    staff.get_by_role("link", name="Atelier Vega SARL").click()
    staff.get_by_label("Reason").fill(WHY)
    staff.get_by_role("button", name="Open the record").click()
    staff.get_by_text("€160.00").first.wait_for()
    shown(staff, "one-bill")


def mend(staff: Any, page: str, month: str) -> None:
    staff.goto(page)
    staff.get_by_text("No exchange rate").first.wait_for()
    staff.get_by_role("link", name="Enter the exchange rate").first.click()
    given = {"base": "USD", "quote": "EUR", "rate": "0.90", "source": "ECB", "dated_on": f"{month}-15"}
    for field, value in given.items():
        staff.fill(f"input[name={field}]", value)
    staff.locator("[name=_save]").first.click()
    staff.wait_for_url(re.compile("/exchangerate/$"))
    staff.goto(page)
    staff.get_by_role("button", name="Rehearse again").click()
    staff.get_by_role("heading", name="What would go out").wait_for()
    staff.get_by_text("3 bills").first.wait_for()


def sign_off_and_issue(staff: Any) -> None:
    assert staff.get_by_role("button", name="Issue the bills").count() == 0
    staff.get_by_label("Note").fill("Vega grew, as they told us")
    shown(staff, "to-sign")
    staff.get_by_role("button", name="Sign these bills off").click()
    staff.get_by_text("“Vega grew, as they told us”").wait_for()
    shown(staff, "signed")
    staff.get_by_role("button", name="Issue the bills").click()
    staff.get_by_text("Issued on").wait_for()
    shown(staff, "issued")
