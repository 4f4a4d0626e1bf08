"""Where an issued bill stands by the rows beside it, read by one statement: every payment asks, several times on its way."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

_READ = """
SELECT (SELECT document_id FROM billing_replacement WHERE original_id = %s),
       (SELECT SUM(amount_minor) FROM billing_settlement WHERE invoice_id = %s),
       (SELECT SUM(note.total_minor) FROM billing_correction AS made
          JOIN billing_invoice AS note ON note.id = made.document_id WHERE made.original_id = %s),
       EXISTS (SELECT 1 FROM billing_correction WHERE original_id = %s),
       EXISTS (SELECT 1 FROM billing_loss WHERE invoice_id = %s)
"""


class Stands(NamedTuple):
    """Amounts in minor units of the bill's currency, ``credited_minor`` above zero where something was taken back."""

    replaced_by: int | None
    paid_minor: int
    credited_minor: int
    has_credit_notes: bool
    was_given_up: bool


def stands(*, invoice_id: int) -> Stands:
    """What was booked of a bill until now; true for as long as the numbers are locked."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [invoice_id] * 5)
        replaced_by, paid, credited, has_credit_notes, was_given_up = cursor.fetchone()
    return Stands(replaced_by, int(paid or 0), int(credited or 0), bool(has_credit_notes), bool(was_given_up))
