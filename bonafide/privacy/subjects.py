"""Whose data a record holds: one line for each model that the back office shows. A model without a line is shown to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import Membership


class Whose(NamedTuple):
    """One customer: ids of an account, of a person, or of both (a person's part in an account)."""

    account: int | None = None
    person: int | None = None


@dataclass(frozen=True)
class Holds:
    """A model with customers' data.

    ``account`` and ``person`` lead from a row to the ids, as in a query. ``one`` and ``many`` are how customers read it; ``one``
    has a place ``%(thing)s`` for the row's own name. ``names_members``: its page also names the account's members.
    """

    one: str | Promise
    many: str | Promise
    account: str = ""
    person: str = ""
    names_members: bool = False


HOLDS: dict[str, Holds] = {
    "accounts.User": Holds(_("the login %(thing)s"), _("a list of people"), person="pk"),
    "accounts.Account": Holds(_("the account %(thing)s"), _("a list of accounts"), account="pk", names_members=True),
    "accounts.ApiKey": Holds(_("the API key %(thing)s"), _("a list of API keys"), account="account_id", person="made_by_id"),
    "console_sessions.Session": Holds(_("a session (%(thing)s)"), _("a list of sessions"), person="user_id"),
    "console_sessions.SignIn": Holds(_("a sign-in (%(thing)s)"), _("a list of sign-ins"), person="user_id"),
    "pricing.Subscription": Holds(_("the plan you are on"), _("a list of who is on which plan"), account="account_id"),
    "billing.Invoice": Holds(_("the bill %(thing)s"), _("a list of bills"), account="account_id"),
    "billing.RehearsedBill": Holds(
        _("the bill that is about to go out (%(thing)s)"), _("a list of bills that are about to go out"), account="account_id"
    ),
    "billing.Correction": Holds(_("the credit note %(thing)s"), _("a list of credit notes"), account="original__account_id"),
    "billing.Grant": Holds(
        _("a voucher, credit or advance (%(thing)s)"), _("a list of vouchers, credits and advances"), account="account_id"
    ),
    "billing.Taken": Holds(
        _("what was used of a voucher, credit or advance (%(thing)s)"),
        _("a list of what was used of vouchers, credits and advances"),
        account="grant__account_id",
    ),
    "billing.OneOff": Holds(_("a one-off charge (%(thing)s)"), _("a list of one-off charges"), account="account_id"),
    "billing.LocationEvidence": Holds(
        _("evidence for your country (%(thing)s)"), _("a list of evidence for customers\u2019 countries"), account="account_id"
    ),
    "billing.LocationQuestion": Holds(
        _("the question of your country (%(thing)s)"), _("a list of questions of customers\u2019 countries"), account="account_id"
    ),
    "payments_stripe.Method": Holds(
        _("a saved means of payment (%(thing)s)"), _("a list of saved means of payment"), account="account_id"
    ),
    "payments_stripe.AutoPay": Holds(
        _("an automatic payment (%(thing)s)"), _("a list of automatic payments"), account="account_id"
    ),
    "payments_stripe.Refund": Holds(_("a refund (%(thing)s)"), _("a list of refunds"), account="attempt__account_id"),
    "payments_stripe.Dispute": Holds(
        _("a disputed payment (%(thing)s)"), _("a list of disputed payments"), account="attempt__account_id"
    ),
    "billing.Settlement": Holds(_("a payment (%(thing)s)"), _("a list of payments"), account="invoice__account_id"),
    "payments_stripe.Attempt": Holds(
        _("an attempt to pay (%(thing)s)"), _("a list of attempts to pay"), account="account_id", person="begun_by_id"
    ),
    "contracts.Contract": Holds(_("the contract %(thing)s"), _("a list of contracts"), account="account_id"),
    "contracts.Notice": Holds(
        _("the withdrawal or cancellation %(thing)s"), _("a list of withdrawals and cancellations"), account="account_id"
    ),
    "mail.Letter": Holds(_("a letter (%(thing)s)"), _("a list of letters"), account="account_id", person="user_id"),
    "mail.Refusal": Holds(_("letters that were refused (%(thing)s)"), _("a list of who refused letters"), person="user_id"),
    "webhooks.Delivery": Holds(
        _("what our service was told (%(thing)s)"), _("a list of what our service was told"), account="event__account_id"
    ),
    "documents.Document": Holds(
        _("the document of a bill (%(thing)s)"), _("a list of documents of bills"), account="invoice__account_id"
    ),
    "privacy.Look": Holds(
        _("what staff looked at (%(thing)s)"), _("a list of what staff looked at"), account="account_id", person="person_id"
    ),
    "privacy.Erasure": Holds(_("an erasure (%(thing)s)"), _("a list of erasures"), account="account_id", person="person_id"),
    "privacy.Hold": Holds(_("the legal hold %(thing)s"), _("a list of legal holds"), account="account_id", person="person_id"),
    "privacy.Release": Holds(
        _("the release to an authority %(thing)s"),
        _("a list of releases to authorities"),
        account="account_id",
        person="person_id",
    ),
    "privacy.Visit": Holds(_("a visit of staff (%(thing)s)"), _("a list of visits of staff"), account="account_id"),
}
# Shown to staff without a trace: nothing in them is about a customer.
HOLDS_NOBODY: dict[str, str] = {
    "django_tasks_database.DBTaskResult": "background work: which task, when, how it went; its arguments are numbers of rows",
    "mail.Announcement": "a letter to many, not to whom",
    "pricing.Meter": "what is measured, for everybody",
    "pricing.Plan": "what is offered to everybody",
    "pricing.Price": "what is asked of everybody",
    "pricing.ExchangeRate": "what a bank published",
    "pricing.ClosedMonth": "which months are billed",
    "privacy.SweepRun": "when what was due was swept, and how much of it, not whose",
    "webhooks.Endpoint": "programs of the operator's own, and how they fare",
    "billing.VoucherCode": "codes that anybody may redeem; who did is in their grants",
    "billing.BillRun": "when months were billed, not whose",
    "payments_stripe.Hook": "what Stripe told of which of its own things, not whose",
    "payments_stripe.Movement": "money that moved at Stripe, by its own numbers",
    "payments_stripe.Difference": "sums that differ, by Stripe's own numbers",
    "billing.BooksReport": "the way to the report, which writes down whose names it shows",
    "billing.Closing": "what a month of the books came to, of nobody by name",
}


def of_rows(model: type[Model], pks: Iterable[Any], *, but: int | None = None) -> list[Whose]:
    """Whose data these rows hold, each customer once, in one query; empty for rows that are not there.

    :param but: id of a person whose own data does not count: whoever looks.
    """
    holds = HOLDS[model._meta.label]
    paths = [path for path in (holds.account, holds.person) if path]
    try:
        found = model._base_manager.filter(_of_real(holds), pk__in=list(pks)).order_by().values_list(*paths).distinct()
        rows = [dict(zip(paths, row, strict=True)) for row in found]
    except (ValueError, TypeError, ValidationError):  # what stands in the address is no key of this table
        return []
    whose = [Whose(row.get(holds.account), row.get(holds.person)) for row in rows]
    return sorted((one for one in whose if _is_somebody(one, but)), key=lambda one: (one.account or 0, one.person or 0))


def _of_real(holds: Holds) -> Q:
    """A test account is nobody: what hangs on it is seen without a trace."""
    if not holds.account:
        return Q()
    path = "" if holds.account == "pk" else f"{holds.account.removesuffix('_id')}__"
    real = Q(**{f"{path}is_test": False})
    return real | Q(**{f"{holds.account}__isnull": True}) if path else real


def of_members_named(model: type[Model], whose: Iterable[Whose], *, but: int | None = None) -> list[Whose]:
    """The people whose names stand on the page of an account, and who would not see a look at the account itself."""
    if not HOLDS[model._meta.label].names_members:
        return []
    accounts = [one.account for one in whose if one.account]
    viewers = Membership.objects.filter(account__in=accounts, role=Membership.Role.VIEWER).order_by("pk")
    return [Whose(person=user) for user in viewers.values_list("user_id", flat=True) if user != but]


def _is_somebody(whose: Whose, but: int | None) -> bool:
    return whose.account is not None or whose.person not in (None, but)
