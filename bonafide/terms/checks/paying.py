"""Paying: no card is asked for or kept, no means of payment is needed, and nothing is charged that nobody chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q
from stdnum import luhn

from bonafide.accounts.models import Account, Membership
from bonafide.accounts.sign_up import open_account
from bonafide.billing.models import Invoice, Settlement
from bonafide.operator import Operator
from bonafide.payments.stripe.models import Attempt, AutoPay, Method
from bonafide.terms.checks.trying import canary, get, new_browser, nothing_stays
from bonafide.terms.finding import Finding

# The brands' ranges and lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Discover.
_CARD = re.compile(
    r"(?<![0-9A-Za-z])(?:4\d{12}(?:\d{3}(?:\d{3})?)?|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
    r"|3[47]\d{13}|6(?:011|5\d\d)\d{12})(?![0-9A-Za-z])"
)
# Where somebody, customer or staff, could have typed one.
_TYPED: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Account, ("name", "street", "city", "registration", "purchase_order")),
    (Settlement, ("means", "reference")),
    (Method, ("brand", "last4", "mandate")),
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
    """Somebody new, who gave nothing but name, address and password, opens everything that a customer has.

    And each payment that was begun without anybody there had been chosen before, in words that were kept, and not ended.
    """
    counts = {"pages": 0, "charges": Attempt.objects.filter(way=Attempt.Way.AUTO).count()}
    with nothing_stays():
        for path, answer in _pages_of_somebody_new(now, _PAGES):
            if answer.status_code != 200:
                return Finding(counts, f"{path} answers {answer.status_code} to who has given no means of payment")
            counts["pages"] += 1
    chosen = AutoPay.objects.filter(account=OuterRef("account"), agreed_at__lte=OuterRef("begun_at")).exclude(words="")
    held = chosen.filter(Q(ended_at=None) | Q(ended_at__gte=OuterRef("begun_at")))
    unasked = Attempt.objects.filter(~Exists(held), way=Attempt.Way.AUTO).order_by("pk").first()
    if unasked:
        return Finding(counts, f"attempt {unasked.key} was begun by itself, and nobody of its account had chosen that")
    return Finding(counts)


_PAGES = (
    "/",
    "/usage",
    "/bills",
    "/payment-methods",
    "/settings/profile",
    "/settings/company",
    "/settings/members",
    "/settings/sessions",
)


def _paths_of_paying() -> tuple[str, ...]:
    number = Invoice.objects.issued().order_by("-position").values_list("number", flat=True).first()
    return _PAGES + ((f"/bills/{number}", f"/bills/{number}/pay") if number else ())


def _pages_of_somebody_new(now: datetime, paths: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """What they get; a bill is looked at as a member of its account."""
    browser, person = new_browser(), canary()
    open_account(user=person, country=settings.OPERATOR.identity.country, language=settings.LANGUAGE_CODE, now=now)
    browser.force_login(person)
    for path in paths:
        if path.startswith("/bills/"):
            account = Invoice.objects.get(number=path.split("/")[2]).account
            known = {"role": Membership.Role.OWNER, "created_at": now}
            Membership.objects.get_or_create(user=person, account=account, defaults=known)
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
