"""``{{ quantity|unit:"hour" }}``: the unit alone, in the reader's language and number."""

from decimal import Decimal

from django import template
from django.utils.translation import get_language

from bonafide.pricing.units import unit_text

register = template.Library()


@register.filter
def unit(quantity: Decimal | str, name: str) -> str:
    """``quantity`` is a Decimal or its text."""
    return unit_text(unit=name, quantity=Decimal(quantity), language="fr" if get_language() == "fr" else "en")
