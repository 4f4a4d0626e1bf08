"""The story that must hold, in a real browser: from signing up to the total read back from the bill's PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from bonafide.periods import Month
from tests.fakes.console import ROOT, Console
from tests.fakes.smtp_sink import SmtpSink
from tests.test_serving import eventually

pytestmark = pytest.mark.browser

HOURS, REQUESTS = Decimal("620.5"), 2_345_678
# The worked sums of docs/prices.md and examples/cloud.toml are tested elsewhere; here the bill is compared with itself.
TAX = Decimal("1.20")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def watch(page: Any, console: Console) -> list[str]:
    """Whatever the page complains about, each answer that is an error, and each request to another host, as they come."""
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((console.url, "data:")) else seen.append(request.url))
    page.on("response", lambda answer: seen.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    return seen


def test_from_signing_up_to_the_total_on_the_paper(page: Any, console: Console, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    complaints = watch(page, console)
    reference = sign_up(page, console, smtp_sink)
    month = Month.of(datetime.now(UTC), ZoneInfo("Europe/Paris")).previous()
    use_and_bill(console, reference, month, tmp_path)

    page.goto(f"{console.url}/usage?month={month}")
    assert "620.5" in page.inner_text("main")
    assert re.search(r"2[,\s.]?345[,\s.]?678|2\.3", page.inner_text("main"))

    page.get_by_role("link", name="Bills", exact=True).first.click()
    page.locator("table.bills a.code").first.click()  # the draft of the running month stands before it
    number = page.inner_text("h1").removeprefix("Bill ")
    shown = page.inner_text("main")

    eventually(lambda: pdf_is_there(page), "the PDF is made by the worker")
    download = page.request.get(f"{console.url}/bills/{number}.pdf")
    assert download.headers["content-type"] == "application/pdf"
    paper = " ".join(text.extract_text() for text in PdfReader(BytesIO(download.body())).pages)

    [bill] = console.instance.bills()
    assert number == bill["number"]
    assert bill["total_minor"] == int((Decimal(bill["net_minor"]) * TAX).quantize(Decimal(1), ROUND_HALF_UP)) > 0
    total = f"{bill['total_minor'] // 100:,}.{bill['total_minor'] % 100:02d}"
    assert total in shown
    assert total in paper
    assert number in paper
    assert "Nordlys Cloud" in paper

    assert complaints == []
    page.evaluate("fetch('https://elsewhere.example/').catch(() => {})")
    assert any("Content Security Policy" in complaint for complaint in complaints), "the watch above would have seen nothing"


def sign_up(page: Any, console: Console, smtp_sink: SmtpSink) -> str:
    """Sign up, follow the link of the letter, and be in; the account's reference."""
    page.goto(f"{console.url}/")
    page.get_by_role("link", name=re.compile("account", re.IGNORECASE)).first.click()
    page.get_by_label("Username").fill("mira")
    page.get_by_label("E-mail address").fill("mira@example.com")
    page.get_by_label("Password", exact=True).fill("violet harbour 92 lanterns")
    page.get_by_role("button", name="Create the account").click()
    page.get_by_role("heading", name="Check your mail").wait_for()
    letter = smtp_sink.wait_for("mira@example.com")
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(rf"{console.url}/account/confirm-email/\S+", body.get_content())
    assert link, body.get_content()
    page.goto(link.group())
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url(f"{console.url}/")
    return console.instance.python(
        "from bonafide.accounts.models import Account\nprint(Account.objects.get(members__username='mira').reference)"
    ).strip()


def use_and_bill(console: Console, reference: str, month: Month, folder: Path) -> None:
    """Two meters used in the month before, priced and billed by the commands."""
    usage = folder / "usage.csv"
    usage.write_text(
        "id,account,meter,time,quantity,resource\n"
        f"h1,{reference},dev1-l-hours,{month}-05T10:00:00Z,{HOURS},web-1\n"
        f"r1,{reference},requests,{month}-06T10:00:00Z,{REQUESTS},\n",
        encoding="utf-8",
    )
    console.instance.bonafide("prices", "import", str(ROOT / "examples" / "cloud.toml"))
    console.instance.bonafide("usage", "import", str(usage), "--format", "csv")
    console.instance.bonafide("bills", "issue", str(month))
    # The round of rendering comes each minute: have it come now.
    console.instance.python(
        "from bonafide.background.models import Due\n"
        "from django.utils import timezone\n"
        "Due.objects.update(next_run_at=timezone.now())"
    )


def pdf_is_there(page: Any) -> bool:
    page.reload()
    return bool(page.get_by_role("link", name="Open the PDF").count())
