"""What this package keeps of holds, of releases to authorities, and of sweeps."""

from __future__ import annotations

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kind, Swept, Table, Whose

_SWEPT = "bonafide.privacy.sweep_rows.sweep_rows"

TABLES: tuple[Table, ...] = (
    Table(
        "privacy.Hold",
        plain=("id", "origin", "floor", "months", "emptied_at"),
        holdings=(
            Holding(
                Kind.RECORDS,
                (
                    *("basis", "reference", "kinds", "account", "person", "members", "approved_by", "begins_at", "until"),
                    *("lifted_at", "lifted_by", "secret_until", "secret_basis"),
                ),
                _("what had to be kept longer, of whom, and by which law or order; its texts go, that it was stays"),
                Whose.CUSTOMERS,
                _("to account for what was kept longer than promised"),
                Basis.LAW,
                Swept(
                    "retention.passed_on_months",
                    "until",
                    (("basis", ""), ("reference", ""), ("secret_basis", ""), ("emptied_at", Now())),
                ),
                _SWEPT,
                person="person_id",
                account="account_id",
            ),
        ),
    ),
    Table(
        "privacy.Release",
        plain=("id", "emptied_at"),
        holdings=(
            Holding(
                Kind.RECORDS,
                (
                    *("authority", "basis", "reference", "approved_by", "account", "person", "kinds", "scope"),
                    *("from_on", "until_on", "released_at", "secret_until", "secret_basis"),
                ),
                _("what was handed to which authority, of whom, and by which law; its texts go, that it was stays"),
                Whose.CUSTOMERS,
                _("to account for what was handed over"),
                Basis.LAW,
                Swept(
                    "retention.passed_on_months",
                    "released_at",
                    (("reference", ""), ("scope", ""), ("secret_basis", ""), ("emptied_at", Now())),
                ),
                _SWEPT,
                person="person_id",
                account="account_id",
            ),
        ),
    ),
    # Counts alone, of nobody; kept for ever as proof of what was swept.
    Table("privacy.SweepRun", plain=("id", "kind", "begun_at", "finished_at", "cutoffs", "counts", "faults")),
)
