"""``make screenshots``: every page of a demo, as each kind of reader sees it, into ``screenshots/``.

.venv/bin/python -m tests.screenshots [--readme]    (--readme makes docs/console.png, the picture of the README)
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bonafide.demo.customers import PASSWORD, STAFF_APP
from bonafide.demo.phone import code_at
from tests import chromium
from tests.fakes.console import free_port

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "screenshots"
OPEN = {"landing": "/", "sign-in": "/account/login/", "sign-up": "/account/signup/", "reset": "/account/password/reset/",
        "terms": "/terms", "legal": "/legal", "cancel": "/cancel", "withdraw": "/withdraw", "lost": "/nowhere",
        "help": "/help", "help-pay": "/help/pay", "help-automatic": "/help/automatic-payment"}  # fmt: skip
OWN = {
    "overview": "/",
    "usage": "/usage",
    "bills": "/bills",
    "bill": "/bills/2026-000013",
    "security": "/settings/security",
    "balance": "/balance",
    "order": "/order",
    "contracts": "/settings/contracts",
    "pay": "/bills/2026-000013/pay",
    "payment-methods": "/payment-methods",
}
STAFF = {"staff": "/staff/", "staff-bills": "/staff/billing/invoice/", "staff-accounts": "/staff/accounts/account/",
         "staff-books": "/staff/books", "staff-closings": "/staff/billing/closing/", "staff-runs": "/staff/bill-runs/",
         "staff-tests": "/staff/test-accounts", "staff-transfers": "/staff/transfers/", "staff-dunning": "/staff/dunning/",
         "staff-attempts": "/staff/payments_stripe/attempt/", "staff-told": "/staff/webhooks/delivery/"}  # fmt: skip
WIDE, PHONE = 1200, 390


def main(arguments: list[str]) -> int:
    program = chromium.program()
    if not program:
        sys.stderr.write("screenshots: no Chromium was found; install it (Debian and Ubuntu: apt-get install chromium)\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="bonafide-screenshots-") as folder:
        port = free_port()
        command = [sys.executable, "-m", "tests.demo_with_stripe", "--home", f"{folder}/demo", "--port", str(port)]
        demo = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait(port, demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program, args=chromium.OPTIONS)
                address = f"http://localhost:{port}"
                readme(browser, address) if "--readme" in arguments else everything(browser, address)
        finally:
            demo.terminate()
            demo.wait()
    return 0


def everything(browser: Browser, address: str) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for language in ("en", "fr"):
        for scheme in ("light", "dark"):
            for width in (WIDE, PHONE):
                name = f"{language}-{scheme}-{'wide' if width == WIDE else 'phone'}"
                for person, pages in ((None, OPEN), ("vega", OWN), ("staff", STAFF)):
                    page = opened(browser, address, person, language, scheme, width)
                    for title, path in pages.items():
                        page.goto(address + path)
                        page.screenshot(path=FOLDER / f"{title}-{name}.png", full_page=True)
                    page.context.close()
                sys.stdout.write(f"{name}\n")


def readme(browser: Browser, address: str) -> None:
    """The picture at the top of the README: the overview, as a customer sees it first."""
    page = opened(browser, address, "hafen", "en", "light", 1180)
    page.set_viewport_size({"width": 1180, "height": 860})
    page.screenshot(path=ROOT / "docs" / "console.png")


# The cookies of who has signed in already: a code of the staff's app is good once in half a minute.
SIGNED_IN: dict[str, Any] = {}


def opened(browser: Browser, address: str, person: str | None, language: str, scheme: str, width: int) -> Page:
    """A page of a browser, signed in as that person of the demo, reading that language."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        storage_state=SIGNED_IN.get(person or ""),
    )
    page = context.new_page()
    page.goto(f"{address}/account/login/")
    if person and person not in SIGNED_IN:
        page.fill("input[name=login]", person)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        if person == "staff":
            page.fill("input[name=code]", code_at(STAFF_APP, datetime.now(UTC))[0])
            page.click("main form button[type=submit]")
        page.wait_for_url(f"{address}/")
        SIGNED_IN[person] = context.storage_state()
    if page.locator("html").get_attribute("lang") != language:
        page.locator("footer form button").click()
        page.wait_for_load_state()
    return page


def wait(port: int, demo: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if demo.poll() is not None:
            raise SystemExit(f"screenshots: the demo ended with status {demo.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("screenshots: the demo did not answer within two minutes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
