"""A letter to the staff when a clause turned: from kept to not kept, or back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from bonafide.accounts.models import User
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.models import Evidence


def tell_staff_of_turns(*, found: Sequence[Evidence], now: datetime) -> int:
    """Write to everybody on the staff about the clauses whose latest evidence differs from the one before; how many turned.

    A clause that was never looked at before turns only when it is failing.
    """
    before = _kept_before(found)
    turned = [row for row in found if row.kept != before.get(row.clause, True)]
    if turned:
        for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
            _write(person, turned, now)
    return len(turned)


def _kept_before(found: Sequence[Evidence]) -> dict[str, bool]:
    first = min((row.number for row in found), default=0)
    earlier = Evidence.objects.filter(number__lt=first, number__gte=first - 20 * max(len(found), 1)).order_by("number")
    return {row.clause: row.kept for row in earlier}


def _write(person: User, turned: Sequence[Evidence], now: datetime) -> None:
    titles = {clause.id: clause.title for clause in CLAUSES}
    operator = settings.OPERATOR
    with translation.override(person.language or operator.service.language):
        rows = [{"id": row.clause, "title": str(titles.get(row.clause, "")), "row": row} for row in turned]
        context = {"user": person, "operator": operator, "console": operator.service.console_url, "rows": rows, "now": now}
        broken = any(not row.kept for row in turned)
        subject = _("A promise is not kept: %(ids)s") if broken else _("Kept again: %(ids)s")
        letter = EmailMultiAlternatives(
            subject % {"ids": ", ".join(row.clause for row in turned)},
            render_to_string("terms/email/turned_message.txt", context),
            to=[person.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
        letter.attach_alternative(render_to_string("terms/email/turned_message.html", context), "text/html")
    letter.send()
