"""What was issued and paid before there was a ledger is posted once, when it comes."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.post import issued_from, post_issued, post_settlement
from bonafide.operator import Operator

CHUNK = 1000


@transaction.atomic
def catch_up(*, invoice: Any, settlement: Any, operator: Operator, now: datetime) -> int:
    """Post every bill and every settlement without an entry, in the order they came, final from ``now``; how many were looked at.

    :param invoice: the model as it is at this point of the migrations, and so is ``settlement``.
    """
    done = 0
    missing = invoice.objects.filter(number__isnull=False).exclude(total_minor=0, net_minor=0, tax_minor=0)
    missing = missing.exclude(pk__in=Posting.objects.filter(step=Step.ISSUE).values("source")).order_by("position")
    rows = missing.values().iterator(chunk_size=CHUNK)
    while chunk := [issued_from(row=row) for row in islice(rows, CHUNK)]:
        post_issued(issued=chunk, operator=operator, now=now)
        done += len(chunk)
    paid = settlement.objects.exclude(pk__in=Posting.objects.filter(step=Step.SETTLEMENT).values("source")).order_by("pk")
    for one in paid.select_related("invoice").iterator(chunk_size=CHUNK):
        post_settlement(settlement=one, operator=operator, now=now)
        done += 1
    return done
