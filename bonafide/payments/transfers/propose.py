"""What is proposed for movements that wait: bills, money in advance, a return; and whether it is certain. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from bonafide.payments.models import Receipt, Returned
from bonafide.payments.transfers.look_up import bills_to_pay
from bonafide.payments.transfers.match import Match
from bonafide.payments.transfers.models import Decision, Doubt, Movement
from bonafide.payments.transfers.statement import BankLine, plain

_NOTHING = Match((), 0, certain=False)


@dataclass(frozen=True)
class Proposal:
    """What one movement is for. ``receipt`` is the payment that it takes back, where it does.

    ``certain``: it may be booked by itself. It never is while the movement has a ``doubt``, when a rest of it is nobody's, or
    when it is money that the operator had sent and that came back.
    """

    line: BankLine
    match: Match
    certain: bool
    doubt: str = ""
    receipt: Receipt | None = None

    @property
    def rest_minor(self) -> int:
        return self.match.rest_minor

    @property
    def is_return(self) -> bool:
        """Money of a customer that the bank took back."""
        return self.line.amount_minor < 0

    @property
    def came_back(self) -> bool:
        """Money that the operator had sent."""
        return self.line.amount_minor > 0 and self.line.returned

    @property
    def can_be_taken(self) -> bool:
        """Whether there is anything to take, with a rest that is somebody's."""
        if self.is_return:
            return self.receipt is not None
        return bool(self.match.shares or self.match.account_id) and (not self.rest_minor or self.match.account_id is not None)


def waiting() -> QuerySet[Movement]:
    """Movements about which nothing was decided."""
    return Movement.objects.filter(decision__isnull=True).order_by("booked_on", "pk")


def propose(*, lines: Sequence[tuple[BankLine, str]], now: datetime) -> list[Proposal]:
    """For each line (with its doubt) what it is for, in a constant number of queries.

    What is certain for one is open no more for the next one.
    """
    if not lines:
        return []
    bills, receipts = bills_to_pay(now=now), _Receipts([line for line, _doubt in lines if line.amount_minor < 0])
    return [_proposed(line, doubt, bills.match(line, certainly=_may_be(line, doubt)), receipts) for line, doubt in lines]


def propose_for(*, movement: Movement, now: datetime) -> Proposal:
    """For one movement, after those that wait before it and are certain."""
    [found] = propose(lines=[(movement.as_line(), movement.doubt)], now=now)
    return found


def _may_be(line: BankLine, doubt: str) -> bool:
    return not doubt and not line.returned


def _proposed(line: BankLine, doubt: str, match: Match, receipts: _Receipts) -> Proposal:
    if line.amount_minor < 0:
        receipt, sure = receipts.of(line)
        return Proposal(line, _NOTHING, certain=sure and not doubt, doubt=doubt, receipt=receipt)
    certain = match.certain and _may_be(line, doubt) and (not match.rest_minor or match.account_id is not None)
    return Proposal(line, match, certain=certain, doubt=doubt)


class _Receipts:
    """Payments by transfer of which nothing went back, by their amount: each is taken back once."""

    def __init__(self, lines: Sequence[BankLine]) -> None:
        self._by_amount: dict[tuple[int, str], list[tuple[BankLine, Receipt]]] = defaultdict(list)
        if not lines:
            return
        amounts = {-line.amount_minor for line in lines}
        returned = Prefetch("receipt__returned", queryset=Returned.objects.only("receipt_id"))
        booked = Decision.objects.filter(
            kind=Decision.Kind.BOOKED, movement__amount_minor__in=amounts, movement__iban__in={line.iban for line in lines}
        )
        for one in booked.select_related("movement", "receipt__account").prefetch_related(returned).order_by("pk"):
            if one.receipt is not None and not one.receipt.returned.all():
                movement = one.movement
                self._by_amount[movement.amount_minor, movement.currency].append((movement.as_line(), one.receipt))

    def of(self, line: BankLine) -> tuple[Receipt | None, bool]:
        """The payment that a line takes back, and whether it is certainly that one."""
        alike = self._by_amount[-line.amount_minor, line.currency]
        alike = [(paid, receipt) for paid, receipt in alike if paid.booked_on <= line.booked_on]
        tied = [one for one in alike if _tied(one[0], line)]
        found = tied or alike
        if not found:
            return None, False
        sure = len(tied) == 1 and line.returned
        if sure:
            self._by_amount[-line.amount_minor, line.currency].remove(tied[0])
        return found[-1][1], sure


def _tied(paid: BankLine, line: BankLine) -> bool:
    """Whether a line names the payment: by what the payer's bank passed on, the bill's reference, or the text and the payer."""
    if paid.end_to_end and paid.end_to_end == line.end_to_end:
        return True
    words = plain(f"{line.reference} {line.text}")
    if paid.reference and plain(paid.reference) in words:
        return True
    same_payer = bool(paid.name_iban) and paid.name_iban == line.name_iban
    return same_payer and (not plain(paid.text) or plain(paid.text) in words or words in plain(paid.text))


def doubt_said(doubt: str) -> str:
    """Why it may be another telling, in words."""
    return str(Doubt(doubt).label) if doubt else ""
