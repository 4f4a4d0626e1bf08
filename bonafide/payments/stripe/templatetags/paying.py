"""How templates say means of payment."""

from __future__ import annotations

from django import template

from bonafide.payments.stripe.auto import described
from bonafide.payments.stripe.models import Method

register = template.Library()


@register.filter
def means(method: Method) -> str:
    """A saved card or mandate, in the reader's language."""
    return described(method)
