"""What this package holds of people: their bills on paper."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import ISSUED_STAYS, Basis, Holding, Kept, Kind, Place, Table, Whose

_PAPER = _("to give a bill on paper, the same each time")

TABLES = (
    Table(
        # ``error`` is the line that a failed attempt left; ``path`` holds the bill's number.
        "documents.Document",
        called=_("bills on paper"),
        plain=("id", "attempts", "next_attempt_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "path", "sha256", "xml_sha256", "size", "rendered_at", "error"),
                what=_("where the PDF of a bill is, and its digest"),
                whose=Whose.CUSTOMERS,
                why=_PAPER,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="rendered_at",
            ),
        ),
    ),
)

_FILES = Place(
    "documents/????/*.pdf",
    kind=Kind.BILLS,
    what=_("bills as PDF"),
    whose=Whose.CUSTOMERS,
    why=_PAPER,
    basis=Basis.LAW,
    ends=Kept(Kind.BILLS),
    enforced_by=ISSUED_STAYS,
)
_CUT_OFF = _("bills that were cut off in the making")
PLACES = (
    _FILES,
    replace(_FILES, pattern="documents/????/*.xml", what=_("bills as data, for programs (EN 16931)")),
    # What a render that was cut off leaves behind: a part of a bill, made again under its own name.
    replace(_FILES, pattern="documents/????/.*.pdf.*", what=_CUT_OFF),
    replace(_FILES, pattern="documents/????/.*.xml.*", what=_CUT_OFF),
)
