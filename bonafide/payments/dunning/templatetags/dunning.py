"""What the law adds to a bill, for the pages that show one."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.utils import timezone

from bonafide.billing.models import Invoice
from bonafide.payments.dunning.late import Late, late_of

register = template.Library()


@register.simple_tag
def law_adds(invoice: Invoice) -> Late | None:
    """``{% law_adds invoice as late %}``: interest and fee up to today, or None; four statements for one that is late."""
    operator = settings.OPERATOR
    if not operator.dunning.enabled or (invoice.trial and not operator.service.trial):
        return None
    today = timezone.now().astimezone(operator.zone).date()  # noqa: TID251 - a page is being shown
    late = late_of(bills=[invoice], account=invoice.account, until=today, operator=operator).get(invoice.pk)
    return late if late and late.is_something else None
