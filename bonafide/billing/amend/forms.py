"""What staff enter to take a bill back, to replace it, or to give it up; the hidden key makes a second press harmless."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from bonafide.billing.amend.changes import LineChange, change_of
from bonafide.billing.amend.taken_back import LineAsked
from bonafide.billing.correct import line_asked, minor_of
from bonafide.billing.models import Invoice, InvoiceLine
from bonafide.errors import Refused

# Lines that a form offers; a longer bill is done by the command.
MOST_LINES = 200


def _text(*, label: Any, length: int, help_text: Any = "", required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, help_text=help_text, required=required, widget=UnfoldAdminTextInputWidget
    )


class OfLine(NamedTuple):
    """A line of the bill and the fields for it."""

    line: InvoiceLine
    fields: list[BoundField]


class OnBill(forms.Form):
    """What the three have in common. ``seen`` is a digest of what was previewed: nothing else is confirmed."""

    key = forms.CharField(max_length=120, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, invoice: Invoice, data: Any = None) -> None:
        super().__init__(data, initial={"key": f"staff {uuid4()}"})
        self.invoice = invoice
        self.shown: list[InvoiceLine] = list(invoice.lines.order_by("position")[: MOST_LINES + 1])
        self.cut = len(self.shown) > MOST_LINES
        self.shown = self.shown[:MOST_LINES]

    def digest(self) -> str:
        """Of everything that was entered."""
        said = sorted((name, str(value)) for name, value in self.cleaned_data.items() if name not in ("seen", "key"))
        return sha256(repr(said).encode()).hexdigest()

    def plain_fields(self) -> Iterator[BoundField]:
        """Those that are of no line."""
        for name in ("amount", "reason"):
            if name in self.fields:
                yield self[name]


class CreditForm(OnBill):
    """All that is left, an amount, or lines."""

    amount = _text(label=_("Amount before VAT"), length=20, help_text=_("Such as 30.00, spread over the rates of the bill."))
    reason = _text(label=_("Reason"), length=200, help_text=_("The credit note says it to the customer."), required=True)

    def __init__(self, invoice: Invoice, data: Any = None) -> None:
        super().__init__(invoice, data)
        for line in self.shown:
            self.fields[f"take_{line.position}"] = forms.BooleanField(
                required=False, label=_("take back"), widget=UnfoldBooleanWidget
            )
            self.fields[f"amount_{line.position}"] = _text(label=_("amount of it"), length=20)
            self.fields[f"quantity_{line.position}"] = _text(label=_("quantity of it"), length=40)

    def of_lines(self) -> list[OfLine]:
        names = ("take", "amount", "quantity")
        return [OfLine(line, [self[f"{name}_{line.position}"] for name in names]) for line in self.shown]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        currency = self.invoice.currency
        try:
            lines = [asked for line in self.shown if (asked := self._asked(line.position, values))]
            if lines and values.get("amount"):
                raise ValidationError(_("Either an amount, or lines: not both."))
            amount = values.get("amount")
            self.net_minor = minor_of(said=amount, currency=currency) if amount else None
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None
        self.lines = lines
        return values

    def _asked(self, position: int, values: dict[str, Any]) -> LineAsked | None:
        amount, quantity = values.get(f"amount_{position}"), values.get(f"quantity_{position}")
        if amount and quantity:
            raise ValidationError(_("Line %(position)s: either an amount, or a quantity.") % {"position": position})
        if amount:
            return line_asked(said=f"{position}={amount}", currency=self.invoice.currency)
        if quantity:
            return line_asked(said=f"{position}x{quantity}", currency=self.invoice.currency)
        return LineAsked(position) if values.get(f"take_{position}") else None


class RectifyForm(OnBill):
    """What is otherwise on the lines; the buyer comes from the account."""

    reason = _text(label=_("Reason"), length=200, help_text=_("The corrected bill says it to the customer."), required=True)

    def __init__(self, invoice: Invoice, data: Any = None) -> None:
        super().__init__(invoice, data)
        for line in self.shown:
            at = line.position
            self.fields[f"leave_out_{at}"] = forms.BooleanField(required=False, label=_("leave out"), widget=UnfoldBooleanWidget)
            self.fields[f"quantity_{at}"] = _text(label=_("quantity"), length=40)
            self.fields[f"unit_price_{at}"] = _text(label=_("price"), length=40)
            self.fields[f"text_{at}"] = _text(label=_("text"), length=400)
            for name in ("quantity", "unit_price", "text"):
                self.initial[f"{name}_{at}"] = getattr(line, name)

    def of_lines(self) -> list[OfLine]:
        names = ("leave_out", "quantity", "unit_price", "text")
        return [OfLine(line, [self[f"{name}_{line.position}"] for name in names]) for line in self.shown]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        self.changes: dict[int, LineChange] = {}
        for line in self.shown:
            said: dict[str, Any] = {}
            for name in ("quantity", "unit_price", "text"):
                value = (values.get(f"{name}_{line.position}") or "").strip()
                if value and value != getattr(line, name) and not _same_number(value, getattr(line, name)):
                    said[name] = value
            if values.get(f"leave_out_{line.position}"):
                said = {"leave_out": True}
            if said:
                try:
                    self.changes[line.position] = change_of(values=said, where=f"line {line.position}")
                except Refused as refusal:
                    raise ValidationError(str(refusal)) from None
        return values


class GiveUpForm(OnBill):
    """How much is given up in the books, and why."""

    amount = _text(label=_("Amount with VAT"), length=20, help_text=_("Such as 30.00; empty for all that is open."))
    reason = _text(label=_("Reason"), length=200, help_text=_("For the books; the customer is not told."), required=True)

    def of_lines(self) -> list[OfLine]:
        return []

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        amount = values.get("amount")
        try:
            self.amount_minor = minor_of(said=amount, currency=self.invoice.currency) if amount else None
        except Refused as refusal:
            raise ValidationError(str(refusal)) from None
        return values


def _same_number(value: str, before: str) -> bool:
    try:
        return Decimal(value) == Decimal(before)
    except ArithmeticError:
        return False
