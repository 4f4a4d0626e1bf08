"""What this package holds of people: what staff looked at and changed, visits, and the access log.

``privacy.inventory`` gathers this and what every other package declares.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.holdings import NOW, SWEEP, Basis, Holding, Kind, Place, Stays, Swept, Table, Whose

_TO_SHOW = _("so that customers see who of our staff saw their data, and why")
_NAMES_NOBODY = _("what is left says who of our staff looked, at whose data and when, by numbers, and not why")
_TO_ACCOUNT = _("to account for what staff changed")
_KEPT_LONGER = _("to account for what was kept longer than promised")
_HANDED_OVER = _("to account for what was handed over")
_TO_RUN = _("to find faults and attacks")
_TO_ACCOUNT_FOR_ERASURES = _("to show that an erasure was done, and to do it again on a copy from before")

TABLES = (
    Table(
        # What staff changed in the back office: whose record, by its name; the change in words.
        "admin.LogEntry",
        called=_("changes by staff"),
        plain=("id", "content_type_id", "action_flag"),
        holdings=(
            Holding(
                kind=Kind.HISTORIES,
                columns=("action_time", "user_id", "object_id", "object_repr", "change_message"),
                what=_("what staff changed in the back office: which record, by its name, and what"),
                whose=Whose.CUSTOMERS,
                why=_TO_ACCOUNT,
                basis=Basis.INTEREST,
                ends=Swept("retention.changes_months", since="action_time"),
                enforced_by=SWEEP,
                person="user_id",
            ),
        ),
    ),
    Table(
        "privacy.Look",
        told="told",
        called=_("what staff looked at"),
        plain=("id", "emptied_at"),
        holdings=(
            Holding(
                kind=Kind.LOOKS,
                columns=("thing", "reason"),
                what=_("which record staff looked at, and why"),
                whose=Whose.CUSTOMERS,
                why=_TO_SHOW,
                basis=Basis.INTEREST,
                ends=Swept("retention.looks_months", since="at", emptied=(("emptied_at", NOW), ("thing", ""), ("reason", ""))),
                enforced_by=SWEEP,
                person="person_id",
                account="account_id",
            ),
            Holding(
                kind=Kind.LOOKS,
                columns=("staff_id", "account_id", "person_id", "kind", "view", "at", "visit_id"),
                what=_("that somebody of our staff looked, at whose data, when"),
                whose=Whose.CUSTOMERS,
                why=_TO_SHOW,
                basis=Basis.INTEREST,
                ends=Stays(_NAMES_NOBODY),
                enforced_by="bonafide.privacy.triggers.install",
                person="person_id",
                account="account_id",
                since="at",
            ),
        ),
    ),
    Table(
        "privacy.Visit",
        called=_("visits of staff"),
        plain=("id", "emptied_at"),
        holdings=(
            Holding(
                kind=Kind.LOOKS,
                columns=("reason",),
                what=_("why staff visited an account's console"),
                whose=Whose.CUSTOMERS,
                why=_TO_SHOW,
                basis=Basis.INTEREST,
                ends=Swept("retention.looks_months", since="began_at", emptied=(("emptied_at", NOW), ("reason", ""))),
                enforced_by=SWEEP,
                account="account_id",
            ),
            Holding(
                kind=Kind.LOOKS,
                columns=("staff_id", "account_id", "session_id", "began_at", "minutes", "ended_at", "how_ended"),
                what=_("that somebody of our staff visited, whose console, from when to when"),
                whose=Whose.CUSTOMERS,
                why=_TO_SHOW,
                basis=Basis.INTEREST,
                ends=Stays(_NAMES_NOBODY),
                enforced_by="bonafide.privacy.triggers.install",
                account="account_id",
                since="began_at",
            ),
        ),
    ),
    Table("privacy.Told", plain=("id", "release_id", "hold_id", "at")),
    Table(
        "privacy.Hold",
        told="told",
        called=_("legal holds"),
        plain=("id", "emptied_at"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("basis", "reference", "secret_basis"),
                what=_("by which law or order something of somebody had to be kept longer"),
                whose=Whose.CUSTOMERS,
                why=_KEPT_LONGER,
                basis=Basis.LAW,
                ends=Swept(
                    "retention.passed_on_months",
                    since="until",
                    emptied=(("emptied_at", NOW), ("basis", ""), ("reference", ""), ("secret_basis", "")),
                ),
                enforced_by=SWEEP,
                person="person_id",
                account="account_id",
            ),
            Holding(
                kind=Kind.RECORDS,
                columns=(
                    *("origin", "kinds", "account_id", "person_id", "members", "floor", "months", "approved_by_id"),
                    *("begins_at", "until", "lifted_at", "lifted_by_id", "secret_until"),
                ),
                what=_("that something of somebody had to be kept longer, what, and until when"),
                whose=Whose.CUSTOMERS,
                why=_KEPT_LONGER,
                basis=Basis.LAW,
                ends=Stays(_("what is left says what was kept, of whom and until when, by numbers, and not why")),
                enforced_by="bonafide.privacy.triggers.install_records",
                person="person_id",
                account="account_id",
                since="begins_at",
            ),
        ),
    ),
    Table(
        "privacy.Release",
        told="told",
        called=_("releases to authorities"),
        plain=("id", "emptied_at"),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("reference", "scope", "secret_basis"),
                what=_("by which order, and what exactly, was handed to an authority"),
                whose=Whose.CUSTOMERS,
                why=_HANDED_OVER,
                basis=Basis.LAW,
                ends=Swept(
                    "retention.passed_on_months",
                    since="released_at",
                    emptied=(("emptied_at", NOW), ("reference", ""), ("scope", ""), ("secret_basis", "")),
                ),
                enforced_by=SWEEP,
                person="person_id",
                account="account_id",
            ),
            Holding(
                kind=Kind.RECORDS,
                columns=(
                    *("authority", "basis", "approved_by_id", "account_id", "person_id", "kinds"),
                    *("from_on", "until_on", "released_at", "secret_until"),
                ),
                what=_("that something of somebody was handed to which authority, when, and by which law"),
                whose=Whose.CUSTOMERS,
                why=_HANDED_OVER,
                basis=Basis.LAW,
                ends=Stays(_("what is left says to which authority something went, of whom and when, by numbers")),
                enforced_by="bonafide.privacy.triggers.install_records",
                person="person_id",
                account="account_id",
                since="released_at",
            ),
        ),
    ),
    Table(
        "privacy.Erasure",
        called=_("erasures"),
        plain=("id",),
        holdings=(
            Holding(
                kind=Kind.RECORDS,
                columns=("reason",),
                what=_("why our staff erased somebody, in their words"),
                whose=Whose.CUSTOMERS,
                why=_TO_ACCOUNT_FOR_ERASURES,
                basis=Basis.INTEREST,
                ends=Swept("retention.looks_months", since="done_at", emptied=(("reason", ""),)),
                enforced_by=SWEEP,
                person="person_id",
                account="account_id",
            ),
            Holding(
                kind=Kind.RECORDS,
                columns=(
                    *("person_id", "account_id", "by", "staff_id", "asked_at", "due_at", "withdrawn_at"),
                    *("done_at", "finished_at", "kept", "hindrance", "number", "digest"),
                ),
                what=_("that a login or an account was erased, when, and what had to stay"),
                whose=Whose.CUSTOMERS,
                why=_TO_ACCOUNT_FOR_ERASURES,
                basis=Basis.LAW,
                ends=Stays(_("what is left is a number that names nobody; with it a copy from before is erased again")),
                enforced_by="bonafide.privacy.erase.erase_person",
                person="person_id",
                account="account_id",
                since="asked_at",
            ),
        ),
    ),
    # Counts alone, of nobody; kept for ever as proof of what was swept.
    Table("privacy.SweepRun", plain=("id", "kind", "begun_at", "finished_at", "cutoffs", "counts", "faults")),
)

PLACES = (
    Place(
        "logs/*",
        kind=Kind.LOGS,
        what=_("a line for each request: when, which page, how it ended, from which IP address, by which login"),
        whose=Whose.VISITORS,
        why=_TO_RUN,
        basis=Basis.INTEREST,
        ends=Swept("logs.days", since="at"),
        enforced_by="bonafide.privacy.sweep.sweep_old_logs",
    ),
    Place(
        "",
        setting="logs.directories",
        kind=Kind.LOGS,
        what=_("logs of what stands before the console, such as its proxy: the same"),
        whose=Whose.VISITORS,
        why=_TO_RUN,
        basis=Basis.INTEREST,
        ends=Swept("logs.days", since="at"),
        enforced_by="bonafide.privacy.sweep.sweep_old_logs",
    ),
)
