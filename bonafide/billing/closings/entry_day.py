"""On which day something is entered into the ledger that may be of a month which is closed by now."""

from __future__ import annotations

from datetime import date, timedelta

from bonafide.billing.closings.models import Closing


def entry_day(*, on: date, today: date | None) -> date:
    """``on`` itself while its month is open; else ``today``, and the first day that is open when no day is given.

    Call within the transaction of the entry, once the numbers are locked: no month is closed meanwhile. Whoever enters a document
    on another day than its own keeps its own as the date of the document (``Posting.piece_on``).
    """
    closed = Closing.objects.order_by("-last_on").values_list("last_on", flat=True).first()
    if closed is None or on > closed:
        return on
    first_open = closed + timedelta(days=1)
    return max(first_open, today or first_open)
