"""A letter to the staff when a clause turned: from kept to not kept, or back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from bonafide.accounts.models import User
from bonafide.mail.send import send_letter
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.models import Evidence


def tell_staff_of_turns(*, found: Sequence[Evidence], now: datetime) -> int:
    """Write to everybody on the staff about the clauses whose latest evidence differs from the one before; how many turned.

    A clause that was never looked at before turns only when it is failing.
    """
    before = _kept_before(found)
    turned = [row for row in found if row.kept != before.get(row.clause, True)]
    if turned:
        titles = {clause.id: clause.title for clause in CLAUSES}
        rows = [{"id": row.clause, "title": titles.get(row.clause, ""), "row": row} for row in turned]
        ids = ", ".join(row.clause for row in turned)
        given = {"rows": rows, "ids": ids, "broken": any(not row.kept for row in turned)}
        for person in User.objects.filter(is_staff=True, is_active=True).exclude(email="").order_by("pk"):
            language = person.language or settings.OPERATOR.service.language
            send_letter(
                purpose="promise-turned",
                template="terms/email/turned",
                to=person.email,
                language=language,
                given=given,
                now=now,
                person=person,
            )
    return len(turned)


def _kept_before(found: Sequence[Evidence]) -> dict[str, bool]:
    first = min((row.number for row in found), default=0)
    earlier = Evidence.objects.filter(number__lt=first, number__gte=first - 20 * max(len(found), 1)).order_by("number")
    return {row.clause: row.kept for row in earlier}
