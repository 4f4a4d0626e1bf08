"""How templates write a bill's state and a unit price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.numbers import format_currency
from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from bonafide.billing.models import Invoice, State
from bonafide.money import exponent, format_minor, from_minor, round_half_up, to_minor
from bonafide.web.templatetags.web import chip, language, locale

register = template.Library()

TELLING = 10  # units of a currency below which the decimals of an estimate say something
SOON = 3  # days before the due date from which the page asks rather than notes


@register.filter
def price(value: str, currency: str) -> str:
    """``{{ line.unit_price|price:invoice.currency }}``: exact decimal text as an amount with every decimal it has."""
    return format_currency(Decimal(value), currency, locale=locale(), decimal_quantization=False)


@register.filter
def short(minor: int, currency: str) -> str:
    """A round amount without the decimals it does not need: ``€12``, but ``€0.50``."""
    value = from_minor(minor, currency)
    if not exponent(currency) or value != value.to_integral_value():
        return format_minor(minor, currency, language())
    pattern = locale().currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(value, currency, pattern, locale(), currency_digits=False)


@register.filter
def about(minor: int, currency: str) -> str:
    """An estimate: from ten units on without decimals, so that it does not look exact."""
    if abs(from_minor(minor, currency)) < TELLING:
        return format_minor(minor, currency, language())
    return short(to_minor(round_half_up(from_minor(minor, currency), 0), currency), currency)


@register.simple_tag
def draft_chip(over: bool) -> SafeString:  # noqa: FBT001 - a template's call
    """The state of a month without a bill: it runs, or it is over."""
    return chip("soon", gettext("being checked")) if over else chip("note", gettext("draft"))


@register.simple_tag
def state_chip(invoice: Invoice, today: date) -> SafeString:
    """The state of an invoice that was read ``with_state``, in the words of the day."""
    state = invoice.state  # type: ignore[attr-defined]
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return chip("note", gettext("credit note"))
    if state == State.REPLACED:
        return chip("note", gettext("replaced"))
    if state == State.PAID:
        return chip("kept", gettext("paid") if invoice.total_minor > 0 else gettext("nothing to pay"))
    days = (invoice.due_on - today).days if invoice.due_on else 0
    if state == State.OVERDUE:
        return chip("broken", ngettext("overdue by %(days)s day", "overdue by %(days)s days", -days) % {"days": -days})
    if days == 0:
        return chip("soon", gettext("due today"))
    if days == 1:
        return chip("soon", gettext("due tomorrow"))
    if days <= SOON:
        return chip("soon", gettext("due in %(days)s days") % {"days": days})
    return chip("note", gettext("partly paid") if state == State.PARTLY_PAID else gettext("to be paid"))
