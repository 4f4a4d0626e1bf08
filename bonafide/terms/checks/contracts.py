"""Contracts: what was shown is kept, and the ways out work: a canary orders, withdraws and cancels on the real pages."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from html import unescape
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.models import Account
from bonafide.accounts.sign_up import open_account
from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.summary import Summary
from bonafide.mail.models import Letter
from bonafide.operator import Operator
from bonafide.periods import Month
from bonafide.pricing.models import Plan, Price
from bonafide.pricing.rating import Flat
from bonafide.terms.checks.trying import canary, get, new_browser, nothing_stays, silent
from bonafide.terms.finding import Finding

# So soon after an order its letter is in the outbox: it is written in the same transaction.
_NEW = timedelta(days=1)


class _Failed(Exception):
    """What did not work, in words that are published."""


@dataclass(frozen=True)
class _Ordered:
    """A canary's contract, and the browser in which the canary is signed in."""

    contract: Contract
    browser: Client
    email: str


def orders_are_kept(operator: Operator, now: datetime) -> Finding:
    """Every contract is what was shown, each new one was confirmed, and an order on the real pages is both."""
    counts = {"contracts": 0, "tried": 0}
    for text, digest in Contract.objects.exclude(summary="").values_list("summary", "digest").iterator(chunk_size=500):
        counts["contracts"] += 1
        if sha256(text.encode()).hexdigest() != digest:
            return Finding(counts, "a contract is not what was shown when it was ordered")
    new = Contract.objects.filter(ordered_at__gte=now - _NEW, ordered_at__lte=now).values_list("reference", flat=True)
    silent_ones = [one for one in new if not Letter.objects.filter(once=f"ordered {one}").exists()]
    if silent_ones:
        return Finding(counts, f"{len(silent_ones)} contracts of the last day were not confirmed by a letter")
    return _tried(counts, lambda: _confirmed(_order(operator, now)))


def withdrawals_are_carried_out(operator: Operator, now: datetime) -> Finding:
    """A consumer withdraws by a link and a button without signing in; nothing that is to be paid back is overdue."""
    counts = {"withdrawals": Notice.objects.filter(kind=Notice.Kind.WITHDRAWAL).count(), "overdue": 0, "tried": 0}
    if fault := _overdue(Notice.Kind.WITHDRAWAL, counts, operator, now):
        return Finding(counts, fault)
    if not operator.consumers.sells_to_consumers:
        return _tried(counts, lambda: _sells_to_no_consumer(operator, now))
    return _tried(counts, lambda: _withdraw(_order(operator, now)))


def cancellations_are_carried_out(operator: Operator, now: datetime) -> Finding:
    """Somebody who is not signed in cancels by a form, a look and a notice; nothing that staff have to find is overdue."""
    counts = {"cancellations": Notice.objects.filter(kind=Notice.Kind.CANCELLATION).count(), "overdue": 0, "tried": 0}
    if fault := _overdue(Notice.Kind.CANCELLATION, counts, operator, now):
        return Finding(counts, fault)
    return _tried(counts, lambda: _cancel(_order(operator, now)))


def _overdue(kind: Notice.Kind, counts: dict[str, int], operator: Operator, now: datetime) -> str:
    today = now.astimezone(operator.zone).date()
    counts["overdue"] = Notice.objects.to_do().filter(kind=kind, due_on__lt=today).count()
    return f"{counts['overdue']} notices are past the last day on which staff act" if counts["overdue"] else ""


def _tried(counts: dict[str, int], story: Any) -> Finding:
    """A story of a canary, of which nothing stays."""
    fault = ""
    with nothing_stays(), translation.override(settings.LANGUAGE_CODE):
        try:
            story()
        except _Failed as failed:
            fault = str(failed)
    return Finding({**counts, "tried": 1}, fault)


# --- Stories --------------------------------------------------------------------------------------------------------------
def _order(operator: Operator, now: datetime) -> _Ordered:
    """Somebody new orders a plan on its page."""
    plan = _plan(operator, now)
    person, browser = canary(), new_browser()
    account = open_account(user=person, country=operator.identity.country, language=settings.LANGUAGE_CODE, now=now)
    if not operator.consumers.sells_to_consumers:
        Account.objects.filter(pk=account.pk).update(kind=Account.Kind.COMPANY)
    browser.force_login(person)
    address = f"/order/{plan.code}"
    page = _page(get(browser, address), address)
    if f">{_('Order with obligation to pay')}</button>" not in page:
        raise _Failed("the button of an order does not say that it obliges to pay")
    _post(browser, address, {**_hidden(page, "digest", "key"), "terms": "on", "begin_at_once": "on"})
    contract = Contract.objects.filter(account=account).select_related("subscription").first()
    if contract is None or contract.subscription is None:
        raise _Failed("an order on its page made no contract")
    shown = unescape(re.sub(r"<[^>]+>", "", page))
    told = [text for section in Summary(contract.summary).parts["sections"] for text in section["paragraphs"]]
    if not told or any(text not in shown for text in told):
        raise _Failed("a contract holds something else than stood above the button")
    return _Ordered(contract, browser, person.email)


def _confirmed(ordered: _Ordered) -> None:
    if not Letter.objects.filter(once=f"ordered {ordered.contract.reference}", address=ordered.email).exists():
        raise _Failed("no letter confirmed an order")


def _withdraw(ordered: _Ordered) -> None:
    reference = ordered.contract.reference
    listed = _page(get(ordered.browser, "/settings/contracts"), "/settings/contracts")
    if f'/withdraw?contract={reference}">{_("Withdraw from the contract here")}</a>' not in listed:
        raise _Failed("who ordered today finds no link to withdraw")
    stranger = new_browser()
    page = _page(get(stranger, "/withdraw"), "/withdraw")
    if f">{_('Confirm the withdrawal')}</button>" not in page:
        raise _Failed("the button that confirms a withdrawal is not there")
    written = {"name": "Canary", "email": ordered.email, "contract": reference}
    _post(stranger, "/withdraw", {**written, **_hidden(page, "key")})
    _ended(ordered, Notice.Kind.WITHDRAWAL)
    if ordered.contract.withdrawn_at is None:
        raise _Failed("a withdrawal was not carried out")


def _cancel(ordered: _Ordered) -> None:
    stranger = new_browser()
    form = _page(get(stranger, "/cancel"), "/cancel")
    written = {"name": "Canary", "email": ordered.email, "contract": ordered.contract.reference}
    look = _page(_post(stranger, "/cancel", {**written, **_hidden(form, "key")}), "/cancel")
    if f">{_('Notify the cancellation')}</button>" not in look:
        raise _Failed("the button that notifies a cancellation is not there")
    _post(stranger, "/cancel/notify", _hidden(look, "sealed"))
    _ended(ordered, Notice.Kind.CANCELLATION)


def _ended(ordered: _Ordered, kind: Notice.Kind) -> None:
    """The contract has its last day, the plan ends with it, and a letter says so."""
    contract = ordered.contract
    contract.refresh_from_db()
    notice = Notice.objects.filter(contract=contract, kind=kind).first()
    if notice is None or notice.last_on is None or contract.last_on is None:
        raise _Failed(f"a {kind.value} that names its contract was not carried out")
    if contract.subscription is not None and contract.subscription.ends_on is None:
        raise _Failed(f"the plan goes on after a {kind.value}")
    if not Letter.objects.filter(once__startswith=f"{notice.reference} ", address=ordered.email).exists():
        raise _Failed(f"no letter confirmed a {kind.value}")


def _sells_to_no_consumer(operator: Operator, now: datetime) -> None:
    """Somebody new, who is a person, cannot order."""
    plan, person, browser = _plan(operator, now), canary(), new_browser()
    open_account(user=person, country=operator.identity.country, language=settings.LANGUAGE_CODE, now=now)
    browser.force_login(person)
    address = f"/order/{plan.code}"
    if "</button>" in _page(get(browser, address), address).partition("<main")[2].partition("</main>")[0]:
        raise _Failed("a consumer can order here, and could not withdraw")


# --- Pages ----------------------------------------------------------------------------------------------------------------
def _plan(operator: Operator, now: datetime) -> Plan:
    plan = Plan.objects.create(
        code=f"canary-{secrets.token_hex(8)}",
        name_en="Canary",
        name_fr="Canari",
        currency=operator.billing.currency,
        offer={"en": "A canary.", "fr": "Un canari."},
    )
    Price.objects.create(
        plan=plan,
        code="fee",
        valid_from=Month.of(now, operator.zone).first_day,
        name_en="Fee",
        name_fr="Abonnement",
        terms=Flat(amount=Decimal(30)).to_json(),
        position=1,
    )
    return plan


def _page(answer: Any, address: str) -> str:
    if answer.status_code != 200:
        raise _Failed(f"{re.sub(r'canary-.*', '<plan>', address)} answered {answer.status_code}, so nothing was tried")
    return str(answer.content.decode())


def _post(browser: Client, address: str, values: dict[str, str]) -> Any:
    with silent("django.request"):
        return browser.post(address, values, secure=settings.SECURE)


def _hidden(page: str, *names: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in names}
    return {name: unescape(match[1]) for name, match in found.items() if match}
