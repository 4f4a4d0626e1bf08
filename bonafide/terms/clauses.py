"""The clauses of the terms of service, in order, each said with the operator's own values.

A clause stands here only once the product does what it says. ``id`` is the promise's name for machines and for links.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from bonafide.operator import Operator
from bonafide.terms import clauses_of_contracts, values
from bonafide.terms.checks import bills, letters, logs, pages, passing_on, paying, people
from bonafide.terms.clause import Clause, Measure, Said
from bonafide.terms.recipients import RECIPIENTS, named_recipients

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
        values.host,
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
        values.month,
        values.empty_months,
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
        also=values.ways_to_pay,
        settings=("bank", "stripe.enabled", "stripe.methods"),
        enforced_by=("bonafide.billing.transfer.transfer_of", "bonafide.payments.stripe.client.asking"),
        check=paying.no_card_is_asked_or_kept,
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
        also=values.further_profile,
        settings=("tax.vies", "stripe.enabled"),
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
        values.contact,
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
        values.retention,
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
        values.retention,
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
        also=values.access_log,
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
        values.logs,
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
        values.retention,
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
            _("We write to your e-mail address for these reasons alone, and each letter says why you get it: %(letters)s."),
            _(
                "Letters that only inform (%(refusable)s) you can refuse with one click in each of them, and in your settings. "
                "The others you cannot: your settings say of each why."
            ),
            _("You reach us at %(email)s."),
        ),
        values.letters,
        measures=(Measure("letters", "added", values.purposes),),
        enforced_by=("bonafide.mail.send.send_letter", "bonafide.mail.outbox.send_due"),
        check=letters.letters_are_as_declared,
        counted=_(
            "%(letters)d letters looked at, each for a declared purpose; %(refusals)d refusals kept; %(waiting)d wait to leave"
        ),
    ),
    *clauses_of_contracts.CLAUSES,
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
            _(
                "The console itself reaches nobody but those whom the page of processors names: any other connection is refused "
                "inside our own programs. What was passed on about you, to whom and when, you read in your settings."
            ),
        ),
        enforced_by=(
            "bonafide.web.headers.SecurityHeadersMiddleware",
            "bonafide.outgoing.guard.install",
            "bonafide.outgoing.client.reaching",
        ),
        check=passing_on.nothing_leaves_unseen,
        counted=_(
            "%(pages)d pages read, %(loads)d loads, none from elsewhere; %(passed_on)d times something was passed on, "
            "each time to one of %(recipients)d who are declared"
        ),
    ),
    Clause(
        "D2",
        _("Who works for us"),
        (
            _(
                "Your data is neither sold nor traded. Those who handle it for us, or must be asked, are: %(recipients)s. "
                "The page of processors says of each what for, which data, where and under which contract, and that "
                "contract binds them to keep it to themselves."
            ),
            _(
                "Somebody new is announced %(notice)d days before they get anything; until then the console refuses to reach "
                "them."
            ),
        ),
        values.recipients,
        settings=("processors", "terms.notice_days"),
        measures=(Measure(RECIPIENTS, "added", named_recipients),),
        enforced_by=("bonafide.outgoing.client.refuse_until_announced", "bonafide.outgoing.checks.processors_are_bound"),
    ),
    Clause(
        "D3",
        _("When the law asks"),
        (
            _(
                "We hand data to an authority only where the law requires it. Each time is written down, with the law, what "
                "exactly and who of us approved it, and you read it in your settings: at once, or as soon as the law lets us."
            ),
            _(
                "Where a law or an order makes us keep something longer than promised here, a hold names what, why and until "
                "when; it ends by itself. How many there are stands beside this promise."
            ),
        ),
        also=values.floors,
        settings=("retention.floors",),
        measures=(Measure("retention.floors", "added", values.floors_by_name),),
        enforced_by=("bonafide.privacy.triggers.install_records", "bonafide.privacy.sweep_rows.sweep_rows"),
        check=passing_on.the_law_is_accounted_for,
        counted=_(
            "%(releases)d releases ever, %(last_year)d of them in the last year; %(holds)d orders to keep, %(held)d rows "
            "kept by them and by law"
        ),
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
