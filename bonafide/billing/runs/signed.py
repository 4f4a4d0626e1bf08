"""The bills of a month as they were signed off; the run comes to exactly these, or stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bonafide.billing.computed import ComputedBill, Stopped
from bonafide.billing.runs.digest import digest_of
from bonafide.billing.runs.models import Outcome, Rehearsal, RehearsedBill, SignOff
from bonafide.errors import Refused
from bonafide.languages import written_day
from bonafide.money import format_minor
from bonafide.operator import Operator
from bonafide.periods import Month

# What was signed off for an account: that it gets this bill, or that it has nothing to bill.
_SIGNED = (Outcome.BILL, Outcome.SKIPPED)


class NotSignedOff(Refused):
    """The operator wants a month's bills signed off, and these are not, or not as they are rehearsed now."""


class NotAsSigned(Refused):
    """An account comes to something else than what was signed off."""


@dataclass(frozen=True)
class Signed:
    """A sign-off in force. It knows its rows in the database; a run asks it chunk by chunk."""

    rehearsal_id: int
    month: Month
    said_by: str
    day: str

    def split(self, bills: Sequence[ComputedBill]) -> tuple[list[ComputedBill], list[ComputedBill]]:
        """Those whose account had a bill when it was signed, and the others, which need a new sign-off."""
        known = self._rows(bills)
        signed = [bill for bill in bills if bill.account_id in known]
        return signed, [bill for bill in bills if bill.account_id not in known]

    def check(self, bills: Sequence[ComputedBill]) -> None:
        """Call it with the bills as they are about to be written, in the transaction that writes them.

        :raises NotAsSigned: for the first that is not what was signed off.
        """
        rows = self._rows(bills)
        for bill in bills:
            row = rows.get(bill.account_id)
            if row is None or row.outcome != Outcome.BILL or row.digest != digest_of(bill):
                raise NotAsSigned(
                    f"account {bill.reference}: {self._was(row)}, and comes to {_said(bill)} now: see what changed, rehearse "
                    f"{self.month} again and have it signed off"
                )

    def left_behind(self, *, but: Iterable[Stopped]) -> list[Stopped]:
        """Accounts that were to get a bill and, after a run, have none and were not stopped either."""
        stopped = {stop.account_id for stop in but}
        rows = RehearsedBill.objects.filter(rehearsal=self.rehearsal_id, outcome=Outcome.BILL).select_related("account")
        billed = {"account__invoices__month": self.month.key, "account__invoices__kind": "380"}
        waiting = rows.exclude(pk__in=rows.filter(**billed).values("pk")).exclude(account__in=stopped).order_by("account")
        return [
            Stopped(
                row.account_id,
                row.account.reference,
                row.account.name,
                f"{self._was(row)}, and has no bill now: see what changed, rehearse {self.month} again and have it signed off",
            )
            for row in waiting
        ]

    def _rows(self, bills: Sequence[ComputedBill]) -> dict[int, RehearsedBill]:
        ids = [bill.account_id for bill in bills]
        found = RehearsedBill.objects.filter(rehearsal=self.rehearsal_id, account__in=ids, outcome__in=_SIGNED)
        return {row.account_id: row for row in found}

    def _was(self, row: RehearsedBill | None) -> str:
        by = f"signed off by {self.said_by} on {self.day}"
        if row is None or row.outcome == Outcome.SKIPPED:
            return f"was to get no bill when {self.month} was {by}"
        return f"was {by} with {_said(row)}"


def signed_for(*, month: Month, operator: Operator) -> Signed | None:
    """The sign-off by which the month is issued; None when there is none and none is needed.

    :raises NotSignedOff: when one is required and missing, or the month was rehearsed again since.
    """
    newest = Rehearsal.objects.of_month(month.key).select_related("sign_off").first()
    sign_off: SignOff | None = getattr(newest, "sign_off", None) if newest else None
    if newest and sign_off and newest.is_whole:
        day = written_day(sign_off.signed_at.astimezone(operator.zone).date(), "en")
        return Signed(newest.pk, month, sign_off.said_by, day)
    if operator.billing.sign_off != "required":
        return None
    if sign_off or SignOff.objects.filter(rehearsal__month=month.key).exists():
        raise NotSignedOff(
            f"{month} was rehearsed again since it was signed off: look at the new rehearsal and sign that off, under Bill runs "
            f"in the back office or with 'bonafide bills sign-off {month}'"
        )
    how = (
        "sign it off" if newest and newest.is_whole else f"rehearse it ('bonafide bills rehearse {month} --save') and sign it off"
    )
    raise NotSignedOff(
        f"{month} is not signed off, and billing.sign_off asks for it: {how}, under Bill runs in the back office or with "
        f"'bonafide bills sign-off {month}'"
    )


def _said(bill: ComputedBill | RehearsedBill) -> str:
    """Amounts, and when both say the same, that what they are for differs."""
    total = format_minor(bill.total_minor, bill.currency, "en")
    tax = format_minor(bill.tax_minor, bill.currency, "en")
    digest = bill.digest if isinstance(bill, RehearsedBill) else digest_of(bill)
    return f"{total} ({tax} tax, figures {digest[:8]})"
