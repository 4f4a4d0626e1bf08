"""Bills: one a month, kept, and paid without a card or anything else that we would have to keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, Model, OuterRef
from stdnum import luhn

from bonafide.accounts.models import Account, Membership
from bonafide.accounts.sign_up import open_account
from bonafide.billing.compute import compute_bills
from bonafide.billing.computed import ComputedBill
from bonafide.billing.models import BillRun, Invoice, Settlement
from bonafide.billing.run import skipped_as_zero
from bonafide.billing.verify import Fault, verify_books
from bonafide.documents.models import Document
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.terms.checks.trying import canary, get, new_browser, nothing_stays
from bonafide.terms.finding import Finding
from bonafide.usage.models import Total

# A month's bills may take so long after its end.
BILLED_WITHIN = timedelta(days=10)
# A document may take so long after its bill.
RENDERED_WITHIN = timedelta(hours=6)


def months_are_billed(operator: Operator, now: datetime) -> Finding:
    """Every month that was begun is finished, the last full month with usage was billed in time, and nobody was left out."""
    last = Month.of(now, operator.zone).previous()
    runs = {run.month: run for run in BillRun.objects.all()}
    unfinished = [key for key, run in runs.items() if run.finished_at is None and now - run.started_at > BILLED_WITHIN]
    if unfinished:
        return Finding({"months": len(runs)}, f"the bills of {Month.from_key(unfinished[0])} were begun and never finished")
    overdue = now - last.end(operator.zone) > BILLED_WITHIN
    if overdue and last.key not in runs and Total.objects.filter(bill_month=last.key).exists():
        return Finding({"months": len(runs)}, f"{last} has usage and was not billed")
    left_out = 0
    for key in sorted(runs)[-2:]:
        for outcome in compute_bills(month=Month.from_key(key), operator=operator):
            if not isinstance(outcome, ComputedBill) or not skipped_as_zero(bill=outcome, operator=operator):
                left_out += 1
    counts = {"months": len(runs), "bills": Invoice.objects.issued().count(), "left_out": left_out}
    return Finding(counts, f"{left_out} accounts of a billed month have no bill" if left_out else "")


def bills_are_kept(operator: Operator, now: datetime) -> Finding:
    """The chain of issued bills holds, and every bill has its document, unchanged, in the folder of documents."""
    books = verify_books()
    if isinstance(books, Fault):
        return Finding({}, f"the books do not hold: {books}")
    counts = {"bills": books.bills, "documents": 0, "read": 0}
    late = Invoice.objects.issued().filter(issued_at__lt=now - RENDERED_WITHIN)
    waiting = late.exclude(Exists(Document.objects.filter(invoice=OuterRef("pk"), rendered_at__isnull=False))).count()
    if waiting:
        return Finding(counts, f"{waiting} bills have no document {RENDERED_WITHIN.seconds // 3600} hours after their issue")
    for document in Document.objects.filter(rendered_at__isnull=False).only("path", "sha256", "size", "pk").iterator():
        counts["documents"] += 1
        path = Path(settings.INSTANCE.documents) / document.path
        if not path.is_file() or path.stat().st_size != document.size:
            return Finding(counts, f"the document {document.path} is missing or has another size")
        if document.pk % 30 == now.toordinal() % 30:  # each is read in full once a month
            counts["read"] += 1
            if sha256(path.read_bytes()).hexdigest() != document.sha256:
                return Finding(counts, f"the document {document.path} was changed")
    return Finding(counts)


# --- B3, U2 ---------------------------------------------------------------------------------------------------------------
# The brands' ranges and lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Discover.
_CARD = re.compile(
    r"(?<![0-9A-Za-z])(?:4\d{12}(?:\d{3}(?:\d{3})?)?|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|6(?:011|5\d\d)\d{12})(?![0-9A-Za-z])"
)
# Where somebody, customer or staff, could have typed one.
_TYPED: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Account, ("name", "street", "city", "registration", "purchase_order")),
    (Settlement, ("means", "reference")),
)


def no_card_is_asked_or_kept(operator: Operator, now: datetime) -> Finding:
    """No page about bills has a field for a card's number, and none stands where people could have typed one."""
    counts = {"pages": 0, "fields": 0, "texts": 0}
    with nothing_stays():
        for path, answer in _pages_of_somebody_new(now, _paths_of_paying()):
            if answer.status_code != 200:
                return Finding(counts, f"{path} answered {answer.status_code}, so it could not be read")
            fields = _Fields()
            fields.feed(answer.content.decode())
            counts["pages"] += 1
            counts["fields"] += len(fields.found)
            if asking := [field for field in fields.found if _asks_for_a_card(field)]:
                return Finding(counts, f"{path} asks for the number of a card in the field {asking[0].get('name')!r}")
    for model, columns in _TYPED:
        for row in model._default_manager.values_list(*columns).iterator(chunk_size=5000):
            counts["texts"] += len(row)
            if any(holds_a_card_number(text) for text in row):
                return Finding(counts, f"what looks like the number of a card stands in {model._meta.db_table}")
    return Finding(counts)


def nothing_asks_for_a_means_of_payment(operator: Operator, now: datetime) -> Finding:
    """Somebody new, who gave nothing but name, address and password, opens everything that a customer has."""
    counts = {"pages": 0}
    with nothing_stays():
        for path, answer in _pages_of_somebody_new(now, _PAGES):
            if answer.status_code != 200:
                return Finding(counts, f"{path} answers {answer.status_code} to who has given no means of payment")
            counts["pages"] += 1
    return Finding(counts)


_PAGES = ("/", "/usage", "/bills", "/settings/profile", "/settings/company", "/settings/members", "/settings/sessions")


def _paths_of_paying() -> tuple[str, ...]:
    number = Invoice.objects.issued().order_by("-position").values_list("number", flat=True).first()
    return _PAGES + ((f"/bills/{number}",) if number else ())


def _pages_of_somebody_new(now: datetime, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """What they get; a bill is looked at as a member of its account."""
    browser, person = new_browser(), canary()
    open_account(user=person, country=settings.OPERATOR.identity.country, language=settings.LANGUAGE_CODE, now=now)
    browser.force_login(person)
    for path in paths:
        if path.startswith("/bills/"):
            account = Invoice.objects.get(number=path.removeprefix("/bills/")).account
            Membership.objects.create(user=person, account=account, role=Membership.Role.OWNER, created_at=now)
        yield path, get(browser, path)


class _Fields(HTMLParser):
    """The fields of a page's forms, each with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("input", "textarea"):
            self.found.append({name: value or "" for name, value in attrs})


def _asks_for_a_card(field: dict[str, str]) -> bool:
    told = " ".join((field.get("name", ""), field.get("id", ""))).lower()
    return field.get("autocomplete", "").lower().startswith("cc-") or bool(re.search(r"card.?n|cvc|cvv|\bpan\b", told))


def holds_a_card_number(text: str) -> bool:
    """Whether the number of a payment card stands in the text: right length and range, and the check digit (Luhn) holds."""
    return any(luhn.is_valid(found) for found in _CARD.findall(re.sub(r"(?<=\d)[ -](?=\d)", "", text)))
