"""What this package holds of people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import Basis, Holding, Kind, Place, Soon, Swept, Table, Whose, WithLogin

TABLES = (
    Table(
        "mail.Letter",
        called=_("letters"),
        plain=("id", "announcement_id", "try_at", "attempts", "outcome", "once"),
        holdings=(
            Holding(
                kind=Kind.LETTERS,
                columns=("address", "sealed"),
                what=_("letters that wait to be sent: the address, and the letter itself, encrypted"),
                whose=Whose.LOGINS,
                why=_("to send them"),
                basis=Basis.CONTRACT,
                ends=Soon(3, _("emptied when the letter has left, or after three days in which no server took it")),
                enforced_by="bonafide.mail.outbox.send_due",
                person="user_id",
                account="account_id",
            ),
            Holding(
                kind=Kind.LETTERS,
                columns=("purpose", "user_id", "account_id", "at", "ended_at"),
                what=_("which letters we sent: what for, to whom, when"),
                whose=Whose.LOGINS,
                why=_("to show you which letters you got, and to prove that we write for declared purposes alone"),
                basis=Basis.INTEREST,
                ends=Swept("retention.letters_days", since="ended_at"),
                enforced_by="bonafide.privacy.sweep_rows.sweep_rows",
                person="user_id",
                account="account_id",
            ),
        ),
    ),
    Table(
        "mail.Refusal",
        called=_("letters you refused"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("user_id", "purpose", "since", "how"),
                what=_("which letters somebody refused"),
                whose=Whose.LOGINS,
                why=_("to send none of them"),
                basis=Basis.LAW,
                ends=WithLogin(),
                enforced_by="bonafide.accounts.models.User.delete",
                person="user_id",
            ),
        ),
    ),
    Table(
        "mail.Announcement",
        called=_("announcements"),
        plain=(
            "id",
            "purpose",
            "audience",
            "subject_en",
            "body_en",
            "subject_fr",
            "body_fr",
            "created_at",
            "previewed",
            "approved_at",
            "filled_at",
            "sent_at",
            "people",
            "reached",
        ),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("approved_by_id",),
                what=_("who of our staff approved an announcement"),
                whose=Whose.STAFF,
                why=_("to know who let it go out"),
                basis=Basis.INTEREST,
                ends=WithLogin(emptied=(("approved_by_id", None),)),
                enforced_by="bonafide.accounts.models.User.delete",
                person="approved_by_id",
            ),
        ),
    ),
)

PLACES = (
    Place(
        "letters/*",
        kind=Kind.LETTERS,
        what=_("letters, whole, while the console is tried out (they are sent otherwise, and not kept)"),
        whose=Whose.LOGINS,
        why=_("to try the console out without a mail server"),
        basis=Basis.INTEREST,
        ends=Swept("retention.letters_days", since="Date"),
        enforced_by="bonafide.privacy.sweep_letters.sweep_letter_files",
    ),
)
