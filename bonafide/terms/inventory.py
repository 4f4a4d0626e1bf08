"""What this package holds of people: who accepted which version, and who of the operator's signed for a promise."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import LOGIN_ERASED, SWEEP, Basis, Holding, Kind, Swept, Table, Unit, Whose, WithLogin

TABLES = (
    Table(
        "terms.Acceptance",
        called=_("accepted versions of the terms"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("user_id", "version_id", "shown_at", "notified_at", "accepted_at"),
                what=_("which version of the terms somebody was told of, was shown, and accepted"),
                whose=Whose.LOGINS,
                why=_("to know what was agreed"),
                basis=Basis.CONTRACT,
                ends=WithLogin(),
                enforced_by=LOGIN_ERASED,
                person="user_id",
                since="accepted_at",
            ),
        ),
    ),
    Table(
        # The names are published on the page of the promise while the signature holds, and as long after it.
        "terms.Attestation",
        called=_("signatures for promises"),
        plain=("id", "clause", "on", "until"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("by", "capacity"),
                what=_("who signed for a promise that no machine can prove"),
                whose=Whose.STAFF,
                why=_("to answer for what was promised"),
                basis=Basis.INTEREST,
                ends=Swept("retention.changes_months", since="until", emptied=(("by", ""), ("capacity", "")), unit=Unit.DATE),
                enforced_by=SWEEP,
            ),
        ),
    ),
    # Counts, and a line of fault that is published: never about anybody.
    Table("terms.Evidence", plain=("id", "number", "clause", "at", "kept", "counts", "fault", "key", "digest", "signature")),
    Table("terms.SigningKey", plain=("id", "name", "public", "since")),
    # Texts that are published.
    Table("terms.Version", plain=("id", "number", "made_at", "effective_at", "change", "texts", "facts")),
)
