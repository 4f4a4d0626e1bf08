"""How templates say means of payment, and when a bill is paid by itself."""

from __future__ import annotations

from datetime import date

from django import template
from django.conf import settings
from django.utils import timezone

from bonafide.billing.models import Invoice
from bonafide.payments.stripe.auto import described
from bonafide.payments.stripe.charge.when import charged_on
from bonafide.payments.stripe.client import is_on
from bonafide.payments.stripe.models import Method

register = template.Library()


@register.filter
def means(method: Method) -> str:
    """A saved card or mandate, in the reader's language."""
    return described(method)


@register.simple_tag
def paid_by_itself(invoice: Invoice) -> date | None:
    """``{% paid_by_itself invoice as day %}``: the day on which a bill that is open is charged by itself, or None."""
    if not is_on() or invoice.account.is_test:
        return None
    return charged_on(invoice=invoice, operator=settings.OPERATOR, now=timezone.now())  # noqa: TID251 - a page is being shown
