"""Which accounts of the ledger are receivables, revenue and VAT: by today's settings, and by what earlier entries used."""

from __future__ import annotations

from dataclasses import dataclass

from bonafide.billing.ledger.models import Posting, Step
from bonafide.operator_books import Books


@dataclass(frozen=True)
class Roles:
    """Numbers of accounts by what they are for. What other member states' VAT goes to is ``oss``."""

    receivable: frozenset[str]
    revenue: frozenset[str]
    pending: frozenset[str]
    due: frozenset[str]
    oss: frozenset[str]

    @property
    def vat(self) -> frozenset[str]:
        return self.pending | self.due | self.oss


def roles_of(*, books: Books) -> Roles:
    """Read off the pairs of accounts that bills and payments ever moved between; one query.

    Rows carry the numbers of their day, so settings alone do not say what an earlier number was. The first line of an issued
    bill is what the customer owes against revenue, the second its VAT; the second of a payment makes VAT due that waited.
    """
    pairs = Posting.objects.filter(step__in=(Step.ISSUE, Step.SETTLEMENT), line__lte=2).order_by()
    found = sorted(pairs.values_list("step", "line", "debit", "credit").distinct())
    owed, sold = {books.receivable, books.doubtful}, {books.revenue}
    waiting, due = {books.vat_pending}, {books.vat_due}
    for step, line, debit, credit in found:
        if (step, line) == (Step.ISSUE, 1):
            turned = credit in owed or debit in sold  # a bill below zero
            owed.add(credit if turned else debit)
            sold.add(debit if turned else credit)
    for step, line, debit, credit in found:
        if (step, line) == (Step.SETTLEMENT, 2) and not {debit, credit} & owed:
            turned = debit in due or credit in waiting  # money that went back
            waiting.add(credit if turned else debit)
            due.add(debit if turned else credit)
    taxes = {side for step, line, *sides in found if (step, line) == (Step.ISSUE, 2) for side in sides} - owed - waiting
    oss = {number for number in taxes if number.startswith(books.vat_oss)}
    return Roles(frozenset(owed), frozenset(sold), frozenset(waiting), frozenset(due | (taxes - oss)), frozenset(oss))
