"""A customer scans the code on a bill and pays; staff import the bank's statement in a real browser, and the bill is paid."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.factories.transfers import Paid, by_code, camt
from tests.fakes.console import Console
from tests.fakes.qr import scanned
from tests.fakes.smtp_sink import SmtpSink
from tests.flows.test_bill_run import shown
from tests.flows.test_visit import PEOPLE, signed_in

pytestmark = pytest.mark.browser

# A month of the account, which is billed.
WORLD = """
from datetime import date
from decimal import Decimal
from django.conf import settings
from bonafide.billing.run import issue_month
from bonafide.periods import Month
from bonafide.pricing.models import Plan, Price, Subscription
from bonafide.pricing.rating import Flat
last = Month.of(timezone.now(), settings.OPERATOR.zone).previous()
Account.objects.update(created_at=last.start(settings.OPERATOR.zone))
plan = Plan.objects.create(code="main", name_en="Plan", name_fr="Offre", currency="EUR", is_default=True)
Price.objects.create(plan=plan, code="p1", valid_from=date(2020, 1, 1), name_en="Plan", name_fr="Offre",
                     terms=Flat(amount=Decimal("100")).to_json(), position=1)
Subscription.objects.create(account=account, plan=plan, starts_on=date(2020, 1, 1))
issue_month(month=last, operator=settings.OPERATOR, now=timezone.now())
"""


def test_a_scanned_bill_is_paid_and_what_is_unknown_is_decided(
    browser: Any, console: Console, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    console.instance.python(PEOPLE + WORLD)
    [bill] = console.instance.bills()
    customer = signed_in(browser, console, "vega")
    customer.goto(f"{console.url}/bills/{bill['number']}")
    today = datetime.now(UTC).date()
    transfer = by_code(scanned(customer.content()), day=today, name="Atelier Vega")
    statement = tmp_path / "today.xml"
    statement.write_bytes(camt(transfer, Paid("33.00", text="cash", name="Somebody", day=today), Paid("-9.90", day=today)))

    staff = signed_in(browser, console, "camille")
    import_in_browser(staff, statement)
    customer.reload()
    customer.locator(".chip.kept", has_text="paid").first.wait_for()
    letter = smtp_sink.wait_for("vega@example.com", seconds=120).get_body(("plain",)).get_content()
    assert "we received €120.00" in letter
    assert bill["number"] in letter
    decide_in_browser(staff)
    customer.goto(f"{console.url}/balance")
    customer.get_by_text("€33.00").first.wait_for()
    said = console.instance.bonafide("payments", "import", str(statement)).stdout
    assert said == "today.xml: imported before, nothing new, 0 booked, none waiting\n"
    assert "numbers without a gap" in console.instance.bonafide("bills", "verify").stdout


def import_in_browser(staff: Any, statement: Path) -> None:
    staff.locator("summary").first.click()
    staff.get_by_role("link", name="Bank transfers").click()
    staff.get_by_label("Bank statement").set_input_files(str(statement))
    staff.get_by_role("button", name="See what it would do").click()
    staff.get_by_text("its payment reference is given").wait_for()
    shown(staff, "transfers-preview")
    staff.get_by_role("button", name="Import it, and book what is certain").click()
    staff.get_by_text("1 was booked.").wait_for()
    shown(staff, "transfers")


def decide_in_browser(staff: Any) -> None:
    """What names nobody is found to be of the customer, and kept for them."""
    staff.get_by_role("link", name="Somebody").click()
    staff.get_by_label("Number or reference of a bill").fill("vega")
    staff.get_by_role("button", name="Search").click()
    reference = staff.locator("td.code").first.inner_text()
    staff.get_by_label("Reference of the customer").fill(reference)
    shown(staff, "transfer-to-decide")
    staff.get_by_role("button", name="Keep all of it as money in advance").click()
    staff.get_by_text("Nothing waits for you.").wait_for()
