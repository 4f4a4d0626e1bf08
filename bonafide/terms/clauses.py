"""The clauses of the terms of service, in order, each said with the operator's own values.

A clause stands here only once the product does what it says. ``id`` is the promise's name for machines and for links.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.vat_numbers import vies_is_asked
from bonafide.operator import Operator
from bonafide.terms.checks import bills, logs, pages, people
from bonafide.terms.finding import Finding

Check = Callable[[Operator, datetime], Finding]
# A check runs every day; half a day of grace covers a night of maintenance.
NIGHTLY = timedelta(hours=36)


@dataclass(frozen=True)
class Measure:
    """A value that a clause promises, and which change of it promises less.

    ``setting`` is its key in the operator's file. ``looser`` is ``more`` (a larger number promises less), ``other`` (any other
    value does), ``added`` (an entry that was not there, or that says something else, does; one that is gone promises more) or the
    values in order from the strictest on. ``value`` says it as JSON where the key's own value is no plain one.
    """

    setting: str
    looser: Literal["more", "other", "added"] | tuple[str, ...]
    value: Callable[[Operator], Any] | None = None

    def of(self, operator: Operator) -> Any:
        """What the operator's file promises, as JSON keeps it."""
        if self.value is not None:
            return self.value(operator)
        value: Any = operator
        for name in self.setting.split("."):
            value = getattr(value, name)
        return value

    @property
    def is_number_or_choice(self) -> bool:
        """Whether a looser value can be kept out of force by going on with the one before."""
        return self.looser not in ("other", "added")


@dataclass(frozen=True)
class Clause:
    """``text`` is paragraphs whose ``%(name)s`` places are filled from ``values(operator, language)``.

    ``also`` adds the paragraphs that hold for some operators only. ``settings`` names the operator's keys that decide it,
    ``measures`` those whose change promises less or more, and ``revision`` goes up when a release changes its meaning (not when
    it mends its words). ``enforced_by`` names the code that keeps it, ``check`` proves it; a clause without one is attested by a
    person, never proven. Evidence older than ``fresh`` proves nothing any more. ``counted`` says a check's counts in words.
    """

    id: str
    title: str | Promise
    text: tuple[str | Promise, ...]
    values: Callable[[Operator, str], dict[str, object]] = lambda operator, language: {}
    also: Callable[[Operator], tuple[str | Promise, ...]] = lambda operator: ()
    settings: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    revision: int = 1
    enforced_by: tuple[str, ...] = ()
    check: Check | None = None
    fresh: timedelta = NIGHTLY
    counted: str | Promise = ""


@dataclass(frozen=True)
class Said:
    """A clause as one reader reads it."""

    id: str
    title: str
    paragraphs: tuple[str, ...]


def country_name(code: str, language: str) -> str:
    """``France`` for ``FR``, in the reader's language."""
    return str(Locale(language).territories[code])


def _host(operator: Operator, language: str) -> dict[str, object]:
    identity, hosting = operator.identity, operator.hosting
    return {
        "trade_name": identity.trade_name,
        "legal_name": identity.legal_name,
        "legal_form": identity.legal_form,
        "trade_register": identity.trade_register,
        "registration": identity.registration,
        "host": hosting.host_name,
        "website": hosting.host_website,
        "region": hosting.region,
        "country": country_name(hosting.country, language),
    }


def _month(operator: Operator, language: str) -> dict[str, object]:
    return {"zone": operator.service.time_zone, "days": operator.billing.payment_days}


def _logs(operator: Operator, language: str) -> dict[str, object]:
    return {"days": operator.logs.days, "folders": len(operator.logs.directories)}


def _retention(operator: Operator, language: str) -> dict[str, object]:
    return {"months": operator.retention.ip_months, "history": operator.retention.history_months}


def _access_log(operator: Operator) -> tuple[str | Promise, ...]:
    if operator.logs.access == "off":
        return (_("The console itself keeps no log of requests."),)
    holds = _(
        "The console writes a line for each request: when, which kind of page, how it ended, how long it took, from which IP "
        "address and, for who is signed in, the number of the login. Names, links and what was typed are not in it."
    )
    if operator.logs.access == "truncated":
        return (holds, _("The last part of the address is cut off before the line is written."))
    return (holds,)


def _vat_numbers_are_checked(operator: Operator) -> tuple[str | Promise, ...]:
    if not vies_is_asked(operator):
        return ()
    return (
        _(
            "A VAT number of the EU is checked with VIES, the register of the member states that the European Commission "
            "runs. The number is sent there, with ours and nothing else, and the answer is kept as evidence."
        ),
    )


def _empty_months(operator: Operator) -> tuple[str | Promise, ...]:
    if operator.billing.zero_bills == "skip":
        return (_("A month in which nothing is owed gives none."),)
    return (_("A month whose usage comes to nothing gives one too, and it says so."),)


def _ways_to_pay(operator: Operator) -> tuple[str | Promise, ...]:
    if operator.bank is None:
        return (_("How a bill can be paid is agreed with us: it names no bank account yet."),)
    return (_("Each bill can be paid by bank transfer: it names our account, the amount and the reference to give."),)


def _contact(operator: Operator, language: str) -> dict[str, object]:
    return {"email": operator.identity.email, "trade_name": operator.identity.trade_name}


CLAUSES = (
    Clause(
        "H1",
        _("Who runs this service, and where"),
        (
            _(
                "%(trade_name)s is run by %(legal_name)s, %(legal_form)s, entered in the register %(trade_register)s "
                "under number %(registration)s."
            ),
            _(
                "The machines are those of %(host)s and stand in %(country)s, region %(region)s. "
                "The site of this company is %(website)s."
            ),
        ),
        _host,
        settings=("identity", "hosting"),
        measures=(
            Measure("identity.legal_name", "other"),
            Measure("hosting.host_name", "other"),
            Measure("hosting.country", "other"),
        ),
        enforced_by=("bonafide.operator.load", "bonafide.terms.views.promises.legal"),
        check=pages.operator_is_named,
        counted=_("%(values)d values of the operator’s file found on the legal notice"),
    ),
    Clause(
        "B1",
        _("One bill a month"),
        (
            _("Usage is counted by calendar month, on the clock of %(zone)s. Each closed month gives one bill."),
            _("What arrives after its month was closed is put on the next bill, on a line that says so."),
        ),
        _month,
        _empty_months,
        settings=("service.time_zone", "billing.zero_bills"),
        enforced_by=("bonafide.billing.run.issue_month",),
        check=bills.months_are_billed,
        counted=_("%(months)d months billed, %(bills)d bills, %(left_out)d accounts left out"),
    ),
    Clause(
        "B2",
        _("Your bills stay at hand"),
        (
            _(
                "Every bill is listed in the console with its lines and its tax, and can be downloaded as a PDF. "
                "A bill that was issued is never changed: a mistake is put right by a further document."
            ),
        ),
        enforced_by=("bonafide.billing.triggers.install", "bonafide.documents.render_pending.render_pending"),
        check=bills.bills_are_kept,
        counted=_("%(bills)d bills verified in their chain, %(documents)d documents in place, %(read)d of them read in full"),
    ),
    Clause(
        "B3",
        _("How bills are paid"),
        (_("The number of a payment card is asked for on no page of this console, and none is kept here."),),
        also=_ways_to_pay,
        settings=("bank",),
        enforced_by=("bonafide.billing.transfer.transfer_of",),
        check=bills.no_card_is_asked_or_kept,
        counted=_("%(pages)d pages with %(fields)d fields read, %(texts)d texts searched; no card number asked for or kept"),
    ),
    Clause(
        "I1",
        _("What we ask of you"),
        (
            _(
                "To open an account you choose a username and a password and give an e-mail address, which you confirm. "
                "Nothing else is asked for then."
            ),
            _("The password is kept only as a salted hash, from which it cannot be read back."),
        ),
        settings=("sign_in.password_min_length",),
        enforced_by=("bonafide.sign_in.views.SignUpView",),
        check=people.passwords_are_hashed,
        counted=_("%(passwords)d passwords, each a salted hash; %(unconfirmed)d sessions without a confirmed address"),
    ),
    Clause(
        "I2",
        _("What else your account may hold"),
        (
            _(
                "So that bills can be made out correctly, an account may also hold a name, a postal address, company "
                "registration and VAT numbers, an order reference and an address for bills. No payment card is kept here."
            ),
        ),
        also=_vat_numbers_are_checked,
        settings=("tax.vies",),
    ),
    Clause(
        "I3",
        _("Who can see it"),
        (
            _(
                "An account’s usage and bills are shown to its members, each within their role, and to the staff of "
                "%(trade_name)s. To any other login they do not exist."
            ),
            _(
                "Each time our staff open what we hold about you, who it was, what, when and why is written down, and you read "
                "it in your settings. They see your console only by a visit that ends by itself and of which the owners are told."
            ),
        ),
        _contact,
        enforced_by=(
            "bonafide.billing.models.InvoiceQuerySet.visible_to",
            "bonafide.privacy.looking.LookMiddleware",
            "bonafide.privacy.visiting.VisitMiddleware",
        ),
        check=people.strangers_see_nothing,
        counted=_("%(pages)d pages of others tried by a stranger, by somebody signed out and by a program; none opened"),
    ),
    Clause(
        "S1",
        _("What each sign-in leaves"),
        (
            _(
                "Each sign-in records when it was, from which IP address, with which browser on which system, and how you proved "
                "that it was you. Tries that failed are recorded as well, without what was typed. You see it all in your "
                "settings."
            ),
            _("Histories of sign-ins and ended sessions are deleted after %(history)d months."),
        ),
        _retention,
        settings=("retention.history_months",),
        measures=(Measure("retention.history_months", "more"),),
        enforced_by=("bonafide.sign_in.history.record", "bonafide.sessions.store.SessionStore"),
        check=people.sign_ins_are_recorded,
        counted=_("%(sessions)d sessions of the last month, each with its sign-in in the history"),
    ),
    Clause(
        "S2",
        _("Your sessions are yours to end"),
        (
            _(
                "The settings show every session that is signed in as you. You can end any of them, or all others at once; "
                "a session that was ended opens nothing from its very next request on."
            ),
        ),
        enforced_by=("bonafide.sessions.end.end_sessions", "bonafide.sessions.store.SessionStore"),
        check=people.ended_sessions_are_dead,
        counted=_("%(canaries)d sessions of a canary ended and tried again; %(with_data)d of %(ended)d ended sessions hold data"),
    ),
    Clause(
        "S3",
        _("The IP address of your sessions"),
        (
            _(
                "With each session the latest IP address it was used from is kept, for at most %(months)d months after it was "
                "seen. Then it is erased, in every table; that is looked after every hour."
            ),
        ),
        _retention,
        settings=("retention.ip_months",),
        measures=(Measure("retention.ip_months", "more"),),
        enforced_by=("bonafide.privacy.sweep_rows.sweep_rows",),
        check=logs.addresses_are_erased,
        counted=_("%(addresses)d IP addresses held, the oldest was seen %(days)d days ago"),
    ),
    Clause(
        "S4",
        _("What the logs hold"),
        (),
        also=_access_log,
        settings=("logs.access",),
        measures=(Measure("logs.access", ("off", "truncated", "full")),),
        enforced_by=("bonafide.privacy.access_log.AccessLogMiddleware",),
        check=logs.log_says_no_more,
        counted=_("%(lines)d lines of the access log read, each as declared"),
    ),
    Clause(
        "R1",
        _("How long logs are kept"),
        (
            _(
                "A line of a log that holds an IP address is deleted once it is %(days)d days old, by what the line says and not "
                "by the date of its file, in rotated and compressed files too. That is looked after every hour."
            ),
        ),
        _logs,
        settings=("logs.days", "logs.directories"),
        measures=(Measure("logs.days", "more"),),
        enforced_by=("bonafide.privacy.sweep.sweep_old_logs",),
        check=logs.logs_are_swept,
        counted=_("%(files)d files read to the last line, the oldest line is %(days)d days old"),
    ),
    Clause(
        "R2",
        _("How long IP addresses of registered people are kept"),
        (
            _(
                "No IP address of a registered person stays in our database longer than %(months)d months, sign-ins that failed "
                "included. How old the oldest one is, is known at all times and stands beside this promise."
            ),
        ),
        _retention,
        settings=("retention.ip_months",),
        measures=(Measure("retention.ip_months", "more"),),
        enforced_by=("bonafide.privacy.sweep_rows.sweep_rows",),
        check=logs.addresses_are_erased,
        counted=_("%(addresses)d IP addresses held, the oldest was seen %(days)d days ago"),
    ),
    Clause(
        "U1",
        _("When we write to you"),
        (
            _(
                "Your e-mail address is used to confirm that it is yours, to let you choose a new password, to tell you of each "
                "change of what opens your login and of sign-ins from a new browser, and to invite you where a member asked for "
                "it. Owners of an account are told of its new keys, of keys that end, and of visits by our staff; everybody is "
                "told in time of terms that promise less. Each letter says why you get it, and there are no others."
            ),
            _("You reach us at %(email)s."),
        ),
        _contact,
    ),
    Clause(
        "U2",
        _("No means of payment is needed"),
        (
            _(
                "You need not leave a means of payment with us: whoever has given none uses everything else, and pays each bill "
                "when it comes."
            ),
        ),
        enforced_by=("bonafide.accounts.sign_up.open_account",),
        check=bills.nothing_asks_for_a_means_of_payment,
        counted=_("%(pages)d pages opened by somebody new who gave no means of payment"),
    ),
    Clause(
        "C1",
        _("Cookies that the service needs"),
        (
            _(
                "Cookies recognise your browser and your login, keep others from sending forms in your name, and carry a notice "
                "from one page to the next. None of them follows you elsewhere. The page of cookies names each, with how long it "
                "stays."
            ),
            _("A cookie that is not on that page cannot leave this console: it is taken out of the answer."),
        ),
        enforced_by=("bonafide.privacy.cookies.CookieGuardMiddleware",),
        check=pages.cookies_are_declared,
        counted=_("%(cookies)d cookies seen, all of them declared"),
    ),
    Clause(
        "C2",
        _("A cookie that remembers your choice"),
        (_("A cookie keeps the language you chose, for six months. Nothing else about your preferences is kept in cookies."),),
        enforced_by=("bonafide.privacy.cookies.CookieGuardMiddleware",),
        check=pages.cookies_are_declared,
        counted=_("%(cookies)d cookies seen, all of them declared"),
    ),
    Clause(
        "D1",
        _("Nobody else is in the room"),
        (
            _(
                "The pages of this console load nothing from any other company: no script, picture, font or counter. Your "
                "browser is told to refuse it if a page ever tried."
            ),
        ),
        enforced_by=("bonafide.web.headers.SecurityHeadersMiddleware",),
        check=pages.pages_load_only_from_here,
        counted=_("%(pages)d pages read, %(loads)d loads, none from elsewhere"),
    ),
)


def said(operator: Operator, language: str) -> tuple[Said, ...]:
    """The terms as this operator gives them, in the active language (``language`` names it for countries)."""
    return tuple(
        Said(
            clause.id,
            str(clause.title),
            tuple(str(paragraph) % clause.values(operator, language) for paragraph in (*clause.text, *clause.also(operator))),
        )
        for clause in CLAUSES
    )
