"""What staff can choose for a movement: bills with what is open, customers, and payments that were taken back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db.models import Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Account
from bonafide.billing.models import Invoice
from bonafide.money import exponent, from_minor, scaled
from bonafide.payments.models import Receipt
from bonafide.payments.transfers.decide import MEANS, DecisionRefused
from bonafide.payments.transfers.match import Why
from bonafide.payments.transfers.models import Movement
from bonafide.payments.transfers.propose import Proposal

SHOWN = 20
WHY: dict[Why, str | Promise] = {
    Why.REFERENCE: _("its payment reference is given"),
    Why.NUMBER: _("its number is written"),
    Why.ACCOUNT: _("the customer’s reference is written, and the amount is what is open"),
    Why.NAME: _("who paid has the customer’s name, and the amount is what is open"),
    Why.AMOUNT: _("it alone has exactly this amount open"),
    Why.PAID: _("it is named, but nothing is open on it any more"),
}


@dataclass(frozen=True)
class Choice:
    """A bill that can be chosen; ``minor`` of the movement is proposed for it, ``why`` in words."""

    bill: Invoice
    open_minor: int
    minor: int = 0
    why: str | Promise = ""

    @property
    def typed(self) -> str:
        """The proposed amount as somebody would type it."""
        return f"{from_minor(self.minor, self.bill.currency):f}"


def choices(*, proposal: Proposal, words: str) -> list[Choice]:
    """The bills that are proposed, those that are named though they are paid, then those that the words find."""
    shares = {share.bill.id: share for share in proposal.match.shares}
    paid = [bill.id for bill in proposal.match.paid]
    asked = Q(pk__in=[*shares, *paid])
    bills = Invoice.objects.issued().exclude(kind=Invoice.Kind.CREDIT_NOTE).filter(currency=proposal.line.currency)
    known = bills.with_state(date.max).select_related("account")
    found = {bill.pk: bill for bill in known.filter(asked)}
    if terms := _terms(words):
        more = known.filter(_named(terms), total_minor__gt=0, open_minor__gt=0)  # type: ignore[misc]  # with_state's
        found |= {bill.pk: bill for bill in more.order_by("due_on", "pk")[:SHOWN]}
    rows = []
    for pk, bill in found.items():
        open_minor = max(bill.open_minor, 0)  # type: ignore[attr-defined]  # with_state's
        share = shares.get(pk)
        why: str | Promise = WHY[share.why] if share else WHY[Why.PAID] if pk in paid else ""
        rows.append(Choice(bill, open_minor, share.amount_minor if share else 0, why))
    return rows


def accounts_named(words: str) -> list[Account]:
    """Customers whose reference or name has one of the words."""
    terms = _terms(words)
    if not terms:
        return []
    asked = Q()
    for term in terms:
        asked |= Q(reference__icontains=term) | Q(name__icontains=term)
    return list(Account.objects.filter(asked, is_test=False).order_by("name", "pk")[:SHOWN])


def returnable(*, movement: Movement, words: str) -> Sequence[Receipt]:
    """Payments by transfer of which so much can go back, the latest first: of exactly the amount, or that the words find."""
    asked = Q(amount_minor=-movement.amount_minor)
    for term in _terms(words):
        asked |= Q(reference__icontains=term) | Q(account__reference__icontains=term) | Q(account__name__icontains=term)
    paid = Receipt.objects.filter(asked, means=MEANS, currency=movement.currency, amount_minor__gte=-movement.amount_minor)
    rows = paid.annotate(gone=Sum("returned__amount_minor")).select_related("account").order_by("-received_on", "-pk")
    return [one for one in rows[: SHOWN * 2] if one.amount_minor - (one.gone or 0) >= -movement.amount_minor][:SHOWN]


def account_by_reference(reference: str) -> Account | None:
    """:raises DecisionRefused: when there is no such customer."""
    reference = reference.strip()
    if not reference:
        return None
    found = Account.objects.filter(reference=reference, is_test=False).first()
    if found is None:
        raise DecisionRefused(f"no customer has the reference {reference[:60]!r}: search for the name, and copy it")
    return found


def amounts_of(*, given: Iterable[tuple[str, str]], movement: Movement) -> list[tuple[Invoice, int]]:
    """The bills with the amounts that somebody typed, those due first in front; ``given`` are ids and texts.

    :raises DecisionRefused: for what is no amount, no bill, more than is open on it, or more than came.
    """
    typed = {int(pk): _minor(text, movement.currency) for pk, text in given if text.strip() and re.fullmatch(r"[0-9]{1,18}", pk)}
    typed = {pk: minor for pk, minor in typed.items() if minor}
    bills = Invoice.objects.issued().exclude(kind=Invoice.Kind.CREDIT_NOTE).with_state(date.max).filter(pk__in=typed)
    found = {bill.pk: bill for bill in bills.order_by("due_on", "pk")}
    if len(found) < len(typed):
        raise DecisionRefused("one of the bills is not there any more: look again")
    for pk, minor in typed.items():
        if minor > found[pk].open_minor:  # type: ignore[attr-defined]  # with_state's
            raise DecisionRefused(f"bill {found[pk].number}: more than is open on it")
    if sum(typed.values()) > movement.amount_minor:
        raise DecisionRefused("the amounts come to more than came")
    return [(bill, typed[pk]) for pk, bill in found.items()]


def _minor(text: str, currency: str) -> int:
    written = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    try:
        minor = scaled(Decimal(written), exponent(currency)) if re.fullmatch(r"\d{1,15}(\.\d{1,6})?", written) else -1
    except (InvalidOperation, ValueError, ArithmeticError):
        minor = -1
    if minor < 0:
        raise DecisionRefused(f"{text.strip()[:30]!r} is no amount in {currency}: expected one such as 120.00")
    return minor


def _terms(words: str) -> Sequence[str]:
    return [term for term in (part.strip() for part in words.split(",")) if len(term) >= 2][:10]


def _named(terms: Sequence[str]) -> Q:
    found = Q()
    for term in terms:
        together = re.sub(r"\s", "", term)
        found |= Q(number__icontains=together) | Q(payment_reference__icontains=together)
        found |= Q(account__reference__icontains=together) | Q(account__name__icontains=term)
    return found


def settled_by(receipt: Receipt) -> list[tuple[Invoice, int]]:
    """The bills that a payment settled, with how much of it."""
    from bonafide.billing.models import Settlement

    mine = Q(reference=receipt.reference) | Q(reference__startswith=f"{receipt.reference}/")
    rows = Settlement.objects.filter(mine, means=receipt.means, amount_minor__gt=0).select_related("invoice__account")
    return [(row.invoice, row.amount_minor) for row in rows.order_by("pk")]
