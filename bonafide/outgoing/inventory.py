"""What this package holds of people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kind, Swept, Table, Whose

TABLES = (
    Table(
        "outgoing.PassedOn",
        called=_("what was passed on"),
        plain=("id", "recipient", "name", "clause"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("at", "account_id", "person_id", "fields", "occasion"),
                what=_("That data of theirs was passed on: which, to whom, when and on which occasion; never the data itself."),
                whose=Whose.LOGINS,
                why=_("To tell each of them who was given what."),
                basis=Basis.LAW,  # GDPR art. 15(1)(c), art. 5(2)
                ends=Swept("retention.passed_on_months", since="at"),
                enforced_by="bonafide.privacy.sweep_rows.sweep_rows",
                person="person_id",
                account="account_id",
            ),
        ),
    ),
)
