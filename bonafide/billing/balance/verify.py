"""Checks grants against what was taken from them, against bills, and against the ledger."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from bonafide.billing.balance.apply import UNITS
from bonafide.billing.balance.left import with_left
from bonafide.billing.balance.models import Grant, GrantKind, OneOffBilled, Taken
from bonafide.billing.ledger.models import Posting
from bonafide.billing.ledger.verify import Wrong
from bonafide.billing.models import Invoice, InvoiceLine

# Where prices include the tax, what a line says is its gross.
_AMOUNT = Coalesce("gross_minor", "net_minor")


def first_wrong() -> Wrong | None:
    """The first thing that does not hold.

    Found are: more taken than was granted, bills whose advance or discount is not what grants gave, a ledger that has another
    balance of money in advance, and charges that are not the line they say.
    """
    return _beyond() or _prepaid() or _discounts() or _one_offs() or _ledger()


def _beyond() -> Wrong | None:
    found = with_left(Grant.objects.all()).filter(left_minor__lt=0).order_by("pk").first()
    return Wrong(f"grant {found.pk}", "more was taken from it than was granted") if found else None


def _prepaid() -> Wrong | None:
    """What a bill was paid in advance is what grants gave it."""
    given = Sum("taken__amount_minor", filter=Q(taken__grant__kind=GrantKind.PREPAID), default=0)
    bills = Invoice.objects.issued().annotate(given=given).exclude(given=0, prepaid_minor=None)
    found = bills.exclude(given=F("prepaid_minor")).order_by("position").values_list("number", "prepaid_minor", "given").first()
    if found is None:
        return None
    number, said, gave = found
    return Wrong(f"bill {number}", f"was paid {said or 0} in advance, and grants gave it {gave}")


def _discounts() -> Wrong | None:
    """What lines take off is what vouchers and credits gave."""
    taken = Taken.objects.exclude(grant__kind=GrantKind.PREPAID).exclude(invoice=None)
    given = dict(taken.order_by().values_list("invoice__number").annotate(sum=Sum("amount_minor")))
    lines = InvoiceLine.objects.filter(meter="", unit__in=UNITS.values(), invoice__kind=Invoice.Kind.INVOICE)
    off = dict(lines.order_by().values_list("invoice__number").annotate(sum=-Sum(_AMOUNT)))
    for number in sorted(given.keys() | off.keys()):
        if given.get(number) != off.get(number):
            found = f"its discounts come to {off.get(number, 0)}, and grants gave it {given.get(number, 0)}"
            return Wrong(f"bill {number}", found)
    return None


def _one_offs() -> Wrong | None:
    """A charge is the line that it is noted to be."""
    line = InvoiceLine.objects.filter(invoice=OuterRef("invoice"), position=OuterRef("position")).values(amount=_AMOUNT)
    billed = OneOffBilled.objects.annotate(amount=Subquery(line, output_field=BigIntegerField()))
    differs = billed.filter(Q(amount=None) | ~Q(amount=F("one_off__amount_minor"))).order_by("pk")
    found = differs.values_list("invoice__number", "position").first()
    return Wrong(f"bill {found[0]}, line {found[1]}", "is not the one-off charge that it should be") if found else None


def _ledger() -> Wrong | None:
    """What customers have in advance is the balance of its account in the ledger, by currency."""
    account = settings.OPERATOR.books.prepaid
    books: Counter[str] = Counter()
    for side, sign in ((Q(credit=account), 1), (Q(debit=account), -1)):
        posted = Posting.objects.filter(side).order_by().values_list("currency").annotate(sum=Sum("amount_minor"))
        for currency, minor in posted:
            books[currency] += sign * minor
    left: Counter[str] = Counter()
    for currency, minor in with_left(Grant.objects.filter(kind=GrantKind.PREPAID)).values_list("currency", "left_minor"):
        left[currency] += minor
    for currency in sorted(books.keys() | left.keys()):
        if books[currency] != left[currency]:
            return Wrong(
                f"account {account}, {currency}",
                f"the ledger has {books[currency]} paid in advance, and customers have {left[currency]} left",
            )
    return None
