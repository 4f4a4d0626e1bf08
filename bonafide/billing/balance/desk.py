"""What accounts have and are charged besides usage, read for a chunk of them at once: two queries, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bonafide.billing.balance.apply import Left, Use, discounts, in_order, spend
from bonafide.billing.balance.left import charges_due, grants_left
from bonafide.billing.balance.models import GrantKind, OneOff
from bonafide.billing.computed import ComputedBill, ComputedLine
from bonafide.billing.lines import Unbillable
from bonafide.operator import Operator
from bonafide.periods import Month


class BalanceDesk:
    """Adds to the lines of each account what is its own."""

    def __init__(self, month: Month, operator: Operator) -> None:
        self.month, self.order = month, operator.billing.balance_order
        self._grants: dict[int, dict[str, list[Left]]] = {}
        self._charges: dict[int, list[OneOff]] = {}

    def read(self, account_ids: Iterable[int]) -> None:
        ids = list(account_ids)
        self._grants = grants_left(account_ids=ids, month=self.month)
        self._charges = charges_due(account_ids=ids, month=self.month)

    def has_charges(self, account_id: int) -> bool:
        return bool(self._charges.get(account_id))

    def currency_of(self, account_id: int, plan_currency: str | None) -> str | None:
        """What the account is billed in: the currency of its plan, else of its charges; None when it has neither.

        :raises Unbillable: for a charge in another one.
        """
        for charge in self._charges.get(account_id, ()):
            plan_currency = plan_currency or charge.currency
            if charge.currency != plan_currency:
                raise Unbillable(
                    f"has a one-off charge in {charge.currency} ({charge.key}) on a bill in {plan_currency}: withdraw it and "
                    f"charge it in {plan_currency}"
                )
        return plan_currency

    def charges(self, account_id: int, language: str) -> tuple[ComputedLine, ...]:
        """The lines of the account's one-off charges."""
        return tuple(line_of(charge, language) for charge in self._charges.get(account_id, ()))

    def discounts(
        self, account_id: int, lines: Sequence[ComputedLine], currency: str, language: str
    ) -> tuple[tuple[ComputedLine, ...], tuple[Use, ...]]:
        """The lines of the account's vouchers and credits."""
        return discounts(lines=lines, grants=self._ordered(account_id, currency), currency=currency, language=language)

    def with_balance(self, bill: ComputedBill, first: int, uses: tuple[Use, ...]) -> ComputedBill:
        """The bill with what it will be noted to use; its one-off charges begin at line ``first``."""
        charges = self._charges.get(bill.account_id, ())
        if not charges and bill.account_id not in self._grants:  # most accounts
            return bill
        purse = [one for one in self._ordered(bill.account_id, bill.currency) if one.kind == GrantKind.PREPAID]
        one_offs = tuple((charge.pk, first + at) for at, charge in enumerate(charges))
        return prepaid(replace(bill, one_offs=one_offs, discounts=uses, purse=tuple(purse)))

    def _ordered(self, account_id: int, currency: str) -> list[Left]:
        return in_order(self._grants.get(account_id, {}).get(currency, ()), self.order)


def line_of(charge: OneOff, language: str) -> ComputedLine:
    return ComputedLine(charge.text(language), "", charge.quantity, "", charge.unit_price, charge.amount_minor, sort=charge.sort)


def prepaid(bill: ComputedBill) -> ComputedBill:
    """The bill with what money in advance pays of its total as it is now."""
    if not bill.purse:
        return bill
    uses = spend(bill.purse, bill.total_minor)
    return replace(bill, payments=uses, prepaid_minor=sum(use.minor for use in uses))
