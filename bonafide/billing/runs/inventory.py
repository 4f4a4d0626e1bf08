"""What bill runs hold of people: what accounts would be billed, who signed that off, and which bills were announced."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import ISSUED_STAYS, Basis, Holding, Kept, Kind, Soon, Table, Whose

# A sign-off that is older issues nothing any more.
REHEARSED_KEPT_DAYS = 92

_BOOKS = _("to be paid, and to keep books")
_ANSWER = _("to account for what went out")

TABLES = (
    Table(
        # ``reason`` may name the evidence for where a consumer is.
        "billing.RehearsedBill",
        called=_("bills that were only worked out"),
        plain=("id", "rehearsal_id", "rank", "mend"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=(
                    *("account_id", "outcome", "odd", "currency", "net_minor", "tax_minor", "total_minor", "before_minor"),
                    *("treatment", "sold_before_minor", "digest", "reason"),
                ),
                what=_("what a bill would come to, worked out before it is issued"),
                whose=Whose.CUSTOMERS,
                why=_("so that somebody looks at bills before they go out"),
                basis=Basis.INTEREST,
                ends=Soon(REHEARSED_KEPT_DAYS, _("replaced by the next rehearsal of the month, deleted after three months")),
                enforced_by="bonafide.billing.runs.empty.empty_old",
                account="account_id",
                since="rehearsal__asked_at",
            ),
        ),
    ),
    Table(
        "billing.SignOff",
        called=_("sign-offs of bills"),
        plain=("id", "rehearsal_id"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("signed_by_id", "said_by", "signed_at", "note"),
                what=_("who of our staff signed a month’s bills off, when, with which note"),
                whose=Whose.STAFF,
                why=_ANSWER,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by="bonafide.billing.runs.triggers.install",
                person="signed_by_id",
                since="signed_at",
            ),
        ),
    ),
    Table(
        "billing.Issuing",
        called=_("runs of bills"),
        plain=("id", "month", "rehearsal_id", "attempt", "accounts", "done", "issued", "stopped", "left_out", "ended_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("asked_by_id", "asked_at", "fault"),
                what=_("who of our staff had a month’s bills issued, when, and which bill stopped it"),
                whose=Whose.STAFF,
                why=_ANSWER,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                person="asked_by_id",
                since="asked_at",
            ),
        ),
    ),
    Table(
        "billing.Rehearsal",
        called=_("rehearsals of bills"),
        plain=("id", "month", "attempt", "events", "accounts", "done", "sums", "ended_at", "fault", "emptied_at"),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("asked_by_id", "asked_at"),
                what=_("who of our staff had a month’s bills rehearsed, and when"),
                whose=Whose.STAFF,
                why=_ANSWER,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                person="asked_by_id",
                since="asked_at",
            ),
        ),
    ),
    Table(
        "billing.BillLetter",
        called=_("announced bills"),
        plain=("letters",),
        holdings=(
            Holding(
                kind=Kind.BILLS,
                columns=("invoice_id", "at"),
                what=_("that a bill was announced by letter, and when"),
                whose=Whose.CUSTOMERS,
                why=_BOOKS,
                basis=Basis.LAW,
                ends=Kept(Kind.BILLS),
                enforced_by=ISSUED_STAYS,
                account="invoice__account_id",
                since="at",
            ),
        ),
    ),
)
