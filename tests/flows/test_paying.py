"""Paying, from the button to the books: a real browser, a served console with its workers, Stripe's page on another host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.fakes.receiver import SECRET, Receiver, receiving
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.stripe import FakeStripe, serving
from tests.flows.test_bill_run import shown
from tests.flows.test_story import watch
from tests.flows.test_visit import PASSWORD, signed_in
from tests.payments.stripe.conftest import SECRET as HOOKS
from tests.payments.stripe.conftest import account_of
from tests.test_serving import eventually

pytestmark = pytest.mark.browser

ONCE = ["receipt card 12000", "posting 511500 411000 12000"]
PLAN = """
from datetime import date
from decimal import Decimal
from bonafide.pricing.models import Plan, Price
from bonafide.pricing.rating import Flat
plan = Plan.objects.create(code="main", name_en="Plan", name_fr="Offre", currency="EUR", is_default=True)
Price.objects.create(plan=plan, code="p1", valid_from=date(2020, 1, 1), name_en="Plan", name_fr="Offre",
                     terms=Flat(amount=Decimal("100")).to_json(), position=1)
"""
# Customers who have been there for two months, and have no bill yet.
CUSTOMERS = f"""
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone
from bonafide.accounts.models import Account, Membership, User
from bonafide.periods import Month
before = Month.of(timezone.now(), settings.OPERATOR.zone).previous().previous().start(settings.OPERATOR.zone)
for name in {{names}}:
    user = User(username=name, email=f"{{{{name}}}}@example.com", language="en")
    user.set_password("{PASSWORD}")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    account = Account.objects.create(kind="company", name=f"Atelier {{{{name}}}}", country="FR", language="en", created_at=before)
    Membership.objects.create(user=user, account=account, role="owner", created_at=before)
"""
# Somebody who reads French and looks after the bills of lyra's account.
READER = """
noe = User(username="noe", email="noe@example.com", language="fr", password=user.password)
noe.save()
EmailAddress.objects.create(user=noe, email=noe.email, primary=True, verified=True)
Membership.objects.create(user=noe, account=account, role="billing", created_at=before)
"""
# The bills of the month before last, issued so many days ago; they are due two days after.
ISSUE = """
from datetime import timedelta
from django.conf import settings
from django.utils import timezone
from bonafide.billing.run import issue_month
from bonafide.billing.models import Invoice
from bonafide.periods import Month
month = Month.of(timezone.now(), settings.OPERATOR.zone).previous().previous()
issue_month(month=month, operator=settings.OPERATOR, now=timezone.now() - timedelta(days={days}))
for name in {names}:
    print(Invoice.objects.get(account__members__username=name).number)
"""
# What was booked for a customer: receipts, and what the ledger has from whom to whom.
BOOKED = """
from bonafide.accounts.models import Account
from bonafide.billing.ledger.models import Posting
from bonafide.payments.models import Receipt
account = Account.objects.get(members__username="{name}")
for receipt in Receipt.objects.filter(account=account):
    print("receipt", receipt.means, receipt.amount_minor)
for posting in Posting.objects.filter(account=account, step="settlement", credit__startswith="411"):
    print("posting", posting.debit, posting.credit, posting.amount_minor)
"""
# A schedule whose time has come.
NOW = """
from django.utils import timezone
from bonafide.background.models import Due
assert Due.objects.filter(name="{name}").update(next_run_at=timezone.now())
"""
SETTINGS = """
[stripe]
enabled = true
account = "{account}"
retry_days = [1]

[dunning]
enabled = true

[[webhooks]]
id = "service"
url = "{url}"
"""
# The days between the due date and now, each with a round in the night and one in the morning, until the service is suspended.
DAYS = """
from datetime import datetime, time, timedelta
from django.conf import settings
from django.utils import timezone
from bonafide.billing.models import Invoice
from bonafide.payments.dunning.follow_up import follow_up
from bonafide.payments.dunning.models import Suspension
from bonafide.payments.stripe.auto import choose_auto_pay, words_of
from bonafide.payments.stripe.charge.due import charge_due
from bonafide.payments.stripe.models import Method
by, method = settings.OPERATOR, Method.objects.get(account__members__username="{name}")
bill = Invoice.objects.get(account=method.account)
words = words_of(method=method, operator=by, language="en")
choose_auto_pay(method=method, words=words, by=None, language="en", operator=by, now=bill.issued_at)
day = bill.due_on
while day < timezone.now().astimezone(by.zone).date() and not Suspension.objects.filter(account=bill.account).exists():
    for hour in (0, 9):
        now = datetime.combine(day, time(hour, 10), by.zone)
        charge_due(operator=by, now=now)
        follow_up(operator=by, now=now)
    day += timedelta(days=1)
assert Suspension.objects.filter(account=bill.account).exists()
"""


@dataclass
class Paying:
    """A served console whose bills are paid at ``stripe``, whose letters come to ``mail``, and whose service is ``told``."""

    console: Console
    stripe: FakeStripe
    mail: SmtpSink
    told: Receiver
    late: str = ""  # the number of a bill that was due long ago

    def python(self, code: str) -> str:
        return self.console.instance.python(code)

    def customers(self, *names: str, further: str = "") -> None:
        self.python(CUSTOMERS.format(names=names) + further)

    def issue(self, *names: str, days_ago: int = 2) -> list[str]:
        """Bills for these customers; their numbers. As it is, today is the day on which they are due."""
        return self.python(ISSUE.format(names=names, days=days_ago)).split()

    def run(self, schedule: str) -> None:
        """Have the workers do now what they do every few minutes."""
        self.python(NOW.format(name=schedule))

    def letters(self, to: str, subject: str) -> list[str]:
        found = [letter for letter in self.mail.letters if subject in str(letter["Subject"]) and f"{to}@" in str(letter["To"])]
        return [body.get_content() for letter in found if (body := letter.get_body(("plain",)))]

    def letter(self, to: str, subject: str) -> str:
        eventually(lambda: bool(self.letters(to, subject)), f"a letter {subject!r} to {to}")
        return self.letters(to, subject)[0]

    def booked(self, name: str) -> list[str]:
        return self.python(BOOKED.format(name=name)).splitlines()

    def told_of(self, number: str) -> list[str]:
        """What the service was told, and verified, about the customer of a bill."""
        bills = self.console.instance.bills()
        [account] = [bill["account"] for bill in bills if bill["number"] == number]
        return [event["type"] for event in self.told.taken if event["data"].get("account") == account]

    def books_agree(self) -> None:
        assert "numbers without a gap" in self.console.instance.bonafide("bills", "verify").stdout
        assert "0 differences" in self.console.instance.bonafide("payments", "reconcile").stdout

    def complaints(self, seen: list[str]) -> list[str]:
        """Of what a page complained about, what is not a step to Stripe's own page."""
        return [line for line in seen if not line.startswith(self.stripe.url)]


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paying]:
    """One console for all of it: each story has customers of its own."""
    port, mail = free_port(), SmtpSink()
    with (
        ExitStack() as stack,
        serving() as stripe,
        receiving() as told,
        instance(tmp_path_factory.mktemp("paying") / "instance", port=port, smtp_port=mail.port) as made,
    ):
        mail.start()
        stack.callback(mail.stop)
        file = made.home / "operator.toml"
        text = file.read_text(encoding="utf-8").replace("[service]\n", "[service]\ntrial = true\n", 1)
        file.write_text(text + SETTINGS.format(account=account_of(stripe), url=told.url), encoding="utf-8")
        made.environment |= {"STRIPE_SECRET_KEY": stripe.key, "STRIPE_API_URL": stripe.url, "STRIPE_WEBHOOK_SECRET": HOOKS}
        made.environment["BONAFIDE_WEBHOOK_SERVICE_SECRET"] = SECRET
        with started(made, port=port) as console:
            stripe.controls.hooks_to(f"{console.url}/stripe/events", secret=HOOKS)
            paying = Paying(console, stripe, mail, told)
            paying.customers("lyra", further=READER + PLAN)
            paying.late = paying.issue("lyra", days_ago=15)[0]  # before all others, as numbers go with days
            yield paying


def test_a_bill_is_paid_by_card(browser: Any, paying: Paying) -> None:
    paying.customers("sirius")
    [number] = paying.issue("sirius")
    page = signed_in(browser, paying.console, "sirius")
    seen = watch(page, paying.console)
    page.goto(f"{paying.console.url}/bills")
    page.get_by_role("link", name=number).first.click()
    page.get_by_role("link", name="Pay this bill").click()
    shown(page, "pay")
    page.get_by_role("button", name="Pay €120.00").click()
    page.wait_for_url(f"{paying.stripe.url}/**")  # another origin: the policy of the page lets the form go there
    page.get_by_role("button", name="Pay with: A card that is declined").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("link", name=re.compile("^Back to")).click()
    page.get_by_role("button", name="Pay €120.00").click()
    page.get_by_role("button", name="Pay with: A card that works").click()
    page.get_by_role("heading", name="This bill is paid. Thank you.").wait_for()

    page.get_by_role("link", name="See the bill").click()
    page.locator(".chip.kept", has_text="paid").first.wait_for()
    assert not page.get_by_role("link", name="Pay this bill").count()
    page.goto(f"{paying.console.url}/bills")
    assert "paid" in page.locator("tr", has_text=number).first.inner_text()
    page.goto(f"{paying.console.url}/bills/{number}/pay")
    page.get_by_text("Nothing is left to pay of this bill.").wait_for()

    letter = paying.letter("sirius", "We received your payment")
    assert "€120.00" in letter
    assert number in letter
    eventually(lambda: "invoice.paid" in paying.told_of(number), "the service is told")
    assert paying.booked("sirius") == ONCE
    paying.books_agree()
    assert paying.complaints(seen) == []


def save_card(page: Any, paying: Paying, quick: str) -> None:
    """Save a card on the stand-in's page, from the page of payment methods and back to it."""
    page.goto(f"{paying.console.url}/payment-methods")
    page.get_by_role("button", name="Add a card").click()
    page.wait_for_url(f"{paying.stripe.url}/**")
    page.get_by_role("button", name=f"Save with: {quick}").click()


def agree(page: Any) -> None:
    page.get_by_text("Saved. Nothing is charged by itself unless you choose so below.").wait_for()
    page.get_by_role("button", name="Choose automatic payment").click()
    assert page.get_by_text("pays bills by itself").count() == 0, "nothing is chosen without the tick"
    page.get_by_label("I agree to this").check()
    page.get_by_role("button", name="Choose automatic payment").click()
    page.get_by_text("pays bills by itself").wait_for()


def test_saved_cards_pay_the_next_bills_on_their_day_and_a_bank_asks(browser: Any, paying: Paying) -> None:
    paying.customers("vega", "orion")
    page, asked = signed_in(browser, paying.console, "vega"), signed_in(browser, paying.console, "orion")
    seen, seen_of_asked = watch(page, paying.console), watch(asked, paying.console)
    save_card(page, paying, "A card that works")
    agree(page)
    shown(page, "automatic")
    assert "Visa card ending in 4242" in paying.letter("vega", "Your bills are paid by themselves from now on")
    save_card(asked, paying, "A card whose bank asks whether it is you")
    asked.get_by_role("heading", name="Is it you?").wait_for()
    asked.get_by_role("button", name="Complete").click()
    agree(asked)

    number, of_asked = paying.issue("vega", "orion")
    for path in (f"/bills/{number}/pay", f"/bills/{number}"):
        page.goto(paying.console.url + path)
        page.get_by_text("This bill is paid by itself on").wait_for()
    shown(page, "bill-to-be-charged")
    paying.run("charge-bills")
    assert number in paying.letter("vega", "We received your payment")
    page.reload()
    page.locator(".chip.kept", has_text="paid").first.wait_for()
    follow_the_letter(asked, paying, of_asked)
    for schedule in ("charge-bills", "reconcile-stripe"):
        paying.run(schedule)
    paying.books_agree()
    assert paying.booked("vega") == paying.booked("orion") == ONCE
    assert paying.complaints(seen) == paying.complaints(seen_of_asked) == []


def follow_the_letter(asked: Any, paying: Paying, number: str) -> None:
    """Nothing was charged; the person whom the bank asks for pays by the link of the letter."""
    letter = paying.letter("orion", f"Your bank wants to hear from you before bill {number} is paid")
    link = re.search(rf"{paying.console.url}/bills/{number}/pay\b", letter)
    assert link, letter
    assert not paying.letters("orion", "We received your payment")
    asked.goto(link.group())
    asked.get_by_role("button", name="Pay €120.00").click()
    asked.get_by_role("button", name="Pay with: A card whose bank asks whether it is you").click()
    asked.get_by_role("button", name="Complete").click()
    asked.get_by_role("heading", name="This bill is paid. Thank you.").wait_for()
    assert number in paying.letter("orion", "We received your payment")


def test_who_does_not_pay_is_suspended_and_who_pays_is_reinstated(browser: Any, paying: Paying) -> None:
    page, number = signed_in(browser, paying.console, "lyra"), paying.late
    phone = phone_in_french(browser, paying)
    seen, seen_on_phone = watch(page, paying.console), watch(phone, paying.console)
    page.goto(f"{paying.console.url}/payment-methods")
    page.get_by_role("button", name="Add a card").click()
    page.get_by_label("Visa, declined once saved").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    paying.python(DAYS.format(name="lyra"))
    was_told_of_it(paying, number)
    for path in ("/", "/usage", "/bills", "/settings/profile", "/payment-methods", "/help"):
        page.goto(paying.console.url + path)
        page.get_by_role("alert").get_by_text("has been suspended since").wait_for()
    shown(page, "suspended")
    for path in ("/", f"/bills/{number}", f"/bills/{number}/pay", "/payment-methods", "/help", "/help/pay"):
        fits(phone, paying, path)
        phone.get_by_role("alert").first.wait_for()

    page.get_by_role("link", name=f"Pay bill {number}").click()
    page.get_by_role("link", name="Pay this bill").click()
    page.get_by_role("button", name="Pay €120.00").click()
    page.get_by_role("button", name="Pay with: A card that works").click()
    page.get_by_role("heading", name="This bill is paid. Thank you.").wait_for()
    eventually(lambda: "account.reinstated" in paying.told_of(number), "the service is told")
    paying.letter("lyra", "your service runs again")
    for path in ("/", "/bills"):
        page.goto(paying.console.url + path)
        assert not page.get_by_text("has been suspended since").count()
    for path in (f"/bills/{number}/paid", f"/bills/{number}/pay"):
        fits(phone, paying, path)
    assert not phone.get_by_role("alert").count()
    assert paying.told.forged == []
    assert paying.complaints(seen) == seen_on_phone == []


def was_told_of_it(paying: Paying, number: str) -> None:
    """Two declines and three steps by letter; the suspension by a webhook, too."""
    eventually(lambda: len(paying.letters("lyra", "was declined")) == 2, "a letter for each decline")
    first, second = paying.letters("lyra", "was declined")
    assert "We try again by ourselves on" in first
    assert "We do not try again by ourselves" in second
    for subject in ("A reminder", "Formal notice to pay", "Your service is suspended"):
        assert number in paying.letter("lyra", subject)
    eventually(lambda: "account.suspended" in paying.told_of(number), "the service is told")


def phone_in_french(browser: Any, paying: Paying) -> Any:
    """A member of the same account, on a phone, in the dark."""
    phone = signed_in(browser, paying.console, "noe")
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.emulate_media(color_scheme="dark")
    return phone


def fits(phone: Any, paying: Paying, path: str) -> None:
    """It is there, in French, and nothing of it lies beside the screen."""
    answer = phone.goto(paying.console.url + path)
    assert answer.status == 200, path
    assert phone.locator("html").get_attribute("lang") == "fr", path
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"{path} is {wide} px wide"
    if folder := os.environ.get("BONAFIDE_SCREENSHOTS"):
        phone.screenshot(path=f"{folder}/fr-dark-{path.strip('/').replace('/', '-') or 'overview'}.png", full_page=True)
