"""How a package declares the personal data that it keeps: what, whose, why, on which basis, how long, and how it ends.

Each package has an ``inventory.py`` with ``TABLES`` (and ``PLACES`` where it keeps files); ``privacy.inventory`` imports them.
From these come the record of processing, the page of what we hold about somebody, the sweeps, holds and erasure. Every column of
every table stands in exactly one of a table's ``plain`` or its holdings; a test, and a check of the promises, find what does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
# What ends things, by dotted name, where it is the same for many.
SWEEP = "bonafide.privacy.sweep_rows.sweep_rows"
LOGIN_ERASED = "bonafide.accounts.models.User.delete"
ACCOUNT_CLOSED = "bonafide.accounts.close.close_account"
UNCONFIRMED = "retention.unconfirmed_days"
ISSUED_STAYS = "bonafide.billing.triggers.install"


class Kind(StrEnum):
    """What sort of data: what a legal hold or a legal floor names."""

    IDENTITY = "identity"  # names, postal and e-mail addresses, company numbers
    SIGN_UP = "sign_up"  # the login and what opens it
    ADDRESSES = "addresses"  # IP addresses
    HISTORIES = "histories"  # sign-ins, ended sessions, known browsers, changes
    LOGS = "logs"  # lines of log files
    LETTERS = "letters"  # what we wrote, to whom
    USAGE = "usage"  # what was used
    BILLS = "bills"  # bills and what was paid
    PAYMENT = "payment"  # means of payment
    LOOKS = "looks"  # what staff looked at, and why
    RECORDS = "records"  # what was passed on, agreed to, asked for: kept to account for it

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS: dict[Kind, Text] = {
    Kind.IDENTITY: _("names and addresses"),
    Kind.SIGN_UP: _("the login and what opens it"),
    Kind.ADDRESSES: _("IP addresses"),
    Kind.HISTORIES: _("histories"),
    Kind.LOGS: _("logs"),
    Kind.LETTERS: _("letters"),
    Kind.USAGE: _("usage"),
    Kind.BILLS: _("bills"),
    Kind.PAYMENT: _("means of payment"),
    Kind.LOOKS: _("what staff looked at"),
    Kind.RECORDS: _("records to account for what was done"),
}


class Whose(StrEnum):
    """The people that data is about (GDPR art. 30(1)(c))."""

    CUSTOMERS = "customers"
    LOGINS = "logins"
    INVITED = "invited"
    STAFF = "staff"
    VISITORS = "visitors"

    @property
    def label(self) -> Text:
        return _WHOSE[self]


_WHOSE: dict[Whose, Text] = {
    Whose.CUSTOMERS: _("customers"),
    Whose.LOGINS: _("people with a login"),
    Whose.INVITED: _("people who were invited"),
    Whose.STAFF: _("our staff"),
    Whose.VISITORS: _("whoever opens a page"),
}


class Basis(StrEnum):
    """Why it may be kept (GDPR art. 6(1))."""

    CONTRACT = "contract"  # (b)
    LAW = "law"  # (c)
    INTEREST = "interest"  # (f)
    CONSENT = "consent"  # (a)

    @property
    def label(self) -> Text:
        return _BASES[self]


_BASES: dict[Basis, Text] = {
    Basis.CONTRACT: _("the contract (GDPR art. 6(1)(b))"),
    Basis.LAW: _("a duty by law (GDPR art. 6(1)(c))"),
    Basis.INTEREST: _("our legitimate interest (GDPR art. 6(1)(f))"),
    Basis.CONSENT: _("consent (GDPR art. 6(1)(a))"),
}


class Unit(StrEnum):
    """How the column that an age is counted from says when."""

    MOMENT = "moment"  # an instant
    DATE = "date"
    MICROSECONDS = "microseconds"  # since 1970 UTC, an integer
    DAY = "day"  # YYYYMMDD, an integer
    MONTH = "month"  # YYYYMM, an integer: the whole month is as old as its last day


class Now(Enum):
    """In ``emptied``: the moment of the sweep itself."""

    NOW = "now"


NOW = Now.NOW
Emptied = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Swept:
    """It goes once it is as old as ``setting`` of the operator's file says (a key that ends in ``_months`` or ``days``).

    ``since`` is the column (or lookup) from whose moment on its age counts, written as ``unit`` says; rows in which it is empty
    stay. ``emptied`` is what a row is given then; without it the row is deleted. Bulk, in batches: no ``save``, no signal.
    A row is done when the first column of ``emptied`` has its value (when that is ``NOW``: has any).
    """

    setting: str
    since: str
    emptied: Emptied = ()
    unit: Unit = Unit.MOMENT


@dataclass(frozen=True)
class WithLogin:
    """It stays while the person has a login, and is erased with it. ``emptied``: kept rows lose these instead of going.

    ``unconfirmed`` is the key of the operator's file (in days) after which it goes where the sign-up was never confirmed.
    """

    emptied: Emptied = ()
    unconfirmed: str = ""


@dataclass(frozen=True)
class WithAccount:
    """It stays while the account is open; erasing the account empties it (or deletes the row), once no hold keeps it."""

    emptied: Emptied = ()


@dataclass(frozen=True)
class Kept:
    """The law says how long: ``floor`` names the kind of the operator's ``[[retention.floors]]``.

    With ``since`` it is swept after that, as in :class:`Swept`. Without, no sweep of this row is there: it stays as long as what
    it hangs on (a line of a bill), or the database refuses that it goes (a bill).
    """

    floor: Kind
    since: str = ""
    emptied: Emptied = ()
    unit: Unit = Unit.MOMENT


@dataclass(frozen=True)
class Soon:
    """It goes by itself within ``days`` days, whatever the operator chose: a queue, a lock, a link. ``by`` says how, in words.

    With ``setting`` (a key that ends in ``_hours``) the operator's file says within how many hours instead.
    """

    days: int
    by: Text
    setting: str = ""


@dataclass(frozen=True)
class Stays:
    """It has no end: what is left names nobody, or must be shown for ever. ``why`` says so, in words."""

    why: Text


Ends = Swept | WithLogin | WithAccount | Kept | Soon | Stays


@dataclass(frozen=True)
class Holding:
    """One kind of personal data in the columns of one table. One row of the record of processing (GDPR art. 30).

    ``person`` and ``account`` lead from a row to the ids of whose it is, as in a query (``user_id``, ``invoice__account_id``); at
    least one of them unless it is about nobody whom we know by a login. ``enforced_by`` is the dotted name of what ends it.
    ``since`` is the column that says since when it is held, where ``ends`` has none.
    """

    kind: Kind
    columns: tuple[str, ...]
    what: Text
    whose: Whose
    why: Text
    basis: Basis
    ends: Ends
    enforced_by: str
    person: str = ""
    account: str = ""
    since: str = ""


@dataclass(frozen=True)
class Table:
    """A table: its model by label, the columns that say nothing of a person, and its holdings. Columns as the database has them.

    ``called`` is what customers read; a table without holdings needs none. ``name`` is that of a table without a model of the
    project. ``walked``: too large to have an index by age or by customer; it is swept in the order of its keys, and one
    customer's rows are not counted. ``told`` names the method of its manager that leaves out, by the day, the rows of which an
    order forbids to tell the customer yet: they are counted for nobody either.
    In a package's ``TABLES`` what points to a table stands before it, so that sweeping in order never leaves a row behind.
    """

    model: str
    plain: tuple[str, ...] = ()
    holdings: tuple[Holding, ...] = ()
    called: Text = ""
    name: str = ""
    walked: bool = False
    told: str = ""


@dataclass(frozen=True)
class Place:
    """Files of the instance's folder, by a pattern relative to it (``logs/*``), or folders elsewhere that the operator declares.

    In a pattern ``*`` and ``?`` stop at a slash; one that ends in ``/*`` and is otherwise plain declares the folder with all that
    is in it. ``setting`` names the list of such folders elsewhere (``logs.directories``). ``kind`` is empty for what is about
    nobody (``why_nothing`` says why).
    """

    pattern: str
    kind: Kind | None = None
    what: Text = ""
    whose: Whose | None = None
    why: Text = ""
    basis: Basis | None = None
    ends: Text | Ends = ""
    enforced_by: str = ""
    why_nothing: Text = field(default="")
    setting: str = ""
