"""What we write letters for. Whatever is not in this table is not sent: ``purpose_of`` and ``declared`` raise.

Adding a letter? Give it a purpose here: its templates (what comes before ``_subject.txt``), its name and explanation as customers
read them in their settings, its kind, and, unless it is information, why it cannot be refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Kind(StrEnum):
    """Which sort of letter it is."""

    SECURITY = "security"  # about who can sign in, and to what
    ACCOUNT = "account"  # about what somebody asked for, or what runs out
    BILLING = "billing"  # bills and what follows from them
    TERMS = "terms"  # what is promised
    INFORMATION = "information"  # everything else: the only kind that can be refused


class UndeclaredLetter(Exception):
    """A letter without a declared purpose, or of another purpose than its own. It is a mistake in the code, and is not sent."""


@dataclass(frozen=True)
class Purpose:
    """One reason to write. ``why_not`` ends the sentence "It cannot be refused: ..."; it is empty for information alone."""

    code: str
    kind: Kind
    name: Text
    explanation: Text
    why_not: Text = ""
    templates: tuple[str, ...] = ()
    for_staff: bool = False

    @property
    def refusable(self) -> bool:
        return self.kind == Kind.INFORMATION

    @property
    def is_written(self) -> bool:
        """Whether there is such a letter already; what only has its name here is promised to nobody."""
        return bool(self.templates)


PURPOSES = (
    Purpose(
        "confirm-address",
        Kind.SECURITY,
        _("Confirming your address"),
        _("When you sign up, and when you want another address: a link that shows that the mailbox is yours."),
        _("without it anybody could claim your address."),
        templates=(
            "account/email/email_confirmation",
            "account/email/email_confirmation_signup",
            "accounts/email/change_of_address",
        ),
    ),
    Purpose(
        "new-password",
        Kind.SECURITY,
        _("A new password"),
        _("When somebody asks for a new password with your address: a link to choose it."),
        _("it is the way back in for who forgot their password, and comes only when it is asked for."),
        templates=("account/email/password_reset_key", "account/email/unknown_account"),
    ),
    Purpose(
        "address-used",
        Kind.SECURITY,
        _("Somebody used your address or name"),
        _("When somebody signs up with an address or a name that is taken, or wants yours for another login."),
        _("whoever has the address must know what others try with it."),
        templates=(
            "account/email/account_already_exists",
            "account/email/name_taken",
            "accounts/email/address_wanted",
        ),
    ),
    Purpose(
        "login-security",
        Kind.SECURITY,
        _("Security of your login"),
        _("When what opens your login changes, and when somebody signs in with a new browser or fails to again and again."),
        _("it is about who can sign in as you, and who breaks in would be the first to refuse it."),
        templates=("mail/security",),
    ),
    Purpose(
        "key-made",
        Kind.SECURITY,
        _("New API keys"),
        _("To the owners of an account, when another of them makes a key."),
        _("a key opens the account without anybody signing in, so its owners must know of each."),
        templates=("accounts/email/api_key_made",),
    ),
    Purpose(
        "staff-visit",
        Kind.SECURITY,
        _("Visits of our staff"),
        _("To the owners of an account, when one of our staff begins to see its console as they do."),
        _("nobody of us looks at your console without your knowing."),
        templates=("privacy/email/visit_begun",),
    ),
    Purpose(
        "invitation",
        Kind.ACCOUNT,
        _("Invitations"),
        _("When an owner of an account asks us to invite you to it."),
        _("we do not know your address before; it comes once, and nothing follows."),
        templates=("accounts/email/invitation",),
    ),
    Purpose(
        "key-ends",
        Kind.ACCOUNT,
        _("API keys that end"),
        _("To the owners of an account, two weeks and one day before a key stops working."),
        _("programs that use the key would stop without a warning."),
        templates=("accounts/email/api_key_ends",),
    ),
    Purpose(
        "contract",
        Kind.ACCOUNT,
        _("Your contract"),
        _("When you order, withdraw or cancel: what was agreed or told, with its day and time, to be kept."),
        _("the law wants it in writing, for you to keep."),
        templates=("contracts/email/ordered", "contracts/email/withdrawn", "contracts/email/cancelled"),
    ),
    Purpose(
        "erasure",
        Kind.ACCOUNT,
        _("Erasing your login"),
        _("When your login is to be erased, and when it is done."),
        _("whoever did not ask for it must hear of it in time to stop it."),
        templates=("privacy/email/erasure_asked", "privacy/email/erased"),
    ),
    Purpose(
        "law-release",
        Kind.TERMS,
        _("What the law makes us do with your data"),
        _("When we hand data of yours to an authority, or keep it longer by an order: at once, or as soon as we may tell you."),
        _("only who knows of it can object to it."),
        templates=("privacy/email/law_release", "privacy/email/law_hold"),
    ),
    Purpose(
        "bill-issued",
        Kind.BILLING,
        _("Your bill"),
        _("Each month, when the bill of an account is there: to owners, who looks after the bills, and the address for bills."),
        _("a bill must reach who has to pay it."),
        templates=("billing/email/bill_issued",),
    ),
    Purpose(
        "payment_received",
        Kind.BILLING,
        _("Payments that we received"),
        _("To owners, who looks after the bills, and the address for bills, when a payment of yours is booked."),
        _("whoever pays must know that it came, and for what."),
        templates=("payments/email/payment_received",),
    ),
    Purpose(
        "unpaid-bills",
        Kind.BILLING,
        _("Unpaid bills"),
        _("When bills are not paid in time: to owners, who looks after the bills, and the address for bills, before each step."),
        _("whoever has to pay must know what is open, and what follows when."),
        templates=tuple(
            f"dunning/email/{name}"
            for name in ("notice", "second_notice", "formal_notice", "suspended", "last_notice", "closed", "reinstated")
        ),
    ),
    Purpose(
        "budget",
        Kind.BILLING,
        _("Budgets"),
        _("To owners and who looks after the bills, once a month for each amount that they set, when usage reaches it."),
        _("it comes only for an amount that somebody of the account set; take the amount away and it ends."),
        templates=("billing/email/budget",),
    ),
    Purpose(
        "balance-ends",
        Kind.BILLING,
        _("Credit and money in advance that expire"),
        _("To owners and who looks after the bills, some weeks before what is left of it expires."),
        _("what is yours would be lost without a warning."),
        templates=("billing/email/balance_ends",),
    ),
    Purpose(
        "automatic-payment",
        Kind.BILLING,
        _("Automatic payment"),
        _("To owners and who looks after the bills, when it is chosen and when it ends: the words that were agreed to."),
        _("whoever did not choose it must hear of it before anything is charged."),
        templates=("payments/email/auto_chosen", "payments/email/auto_ended"),
    ),
    Purpose(
        "payment-declined",
        Kind.BILLING,
        _("Automatic payments that were declined"),
        _("To owners and who looks after the bills, once for each time: what happened, and what happens next."),
        _("the bill is still open, and somebody has to pay it."),
        templates=("payments/email/declined", "payments/email/asked"),
    ),
    Purpose(
        "refund",
        Kind.BILLING,
        _("Money that goes back to you"),
        _("To owners and who looks after the bills, when we send money back."),
        _("whoever gets money must know what for."),
        templates=("payments/email/refunded",),
    ),
    Purpose(
        "payment-failed",
        Kind.BILLING,
        _("Payments that failed on their way"),
        _("When a debit of some days ago was not carried out: to the address for bills."),
        _("who has to pay a bill must know whether it is paid."),
        templates=("payments/email/debit_failed",),
    ),
    Purpose(
        "terms-change",
        Kind.TERMS,
        _("Terms that promise less"),
        _("Before a version of our terms takes effect that promises you less than today's."),
        _("whoever has a login must know of it in time to leave."),
        templates=("terms/email/announced",),
    ),
    Purpose(
        "maintenance",
        Kind.INFORMATION,
        _("Works on the service"),
        _("Before planned works during which something may not be reached."),
        templates=("mail/announcement",),
    ),
    Purpose(
        "news",
        Kind.INFORMATION,
        _("News of the service"),
        _("What is new in what you use here, and services of ours that are like it. A few times a year."),
        templates=("mail/announcement",),
    ),
    Purpose(
        "promise-turned",
        Kind.TERMS,
        _("A promise that turned"),
        _("To our staff, when a check finds that a promise is not kept any more, or kept again."),
        _("it is part of the work here."),
        templates=("terms/email/turned",),
        for_staff=True,
    ),
    Purpose(
        "bill-run",
        Kind.BILLING,
        _("Bills that wait for you"),
        _("To our staff, when a month’s bills wait to be signed off, or stopped on their way."),
        _("it is part of the work here."),
        templates=("billing/email/sign_off_wanted", "billing/email/run_stopped"),
        for_staff=True,
    ),
    Purpose(
        "payment-undone",
        Kind.BILLING,
        _("Payments that came undone"),
        _("To our staff, when a payment is disputed, or a refund does not arrive."),
        _("it is part of the work here."),
        templates=("payments/email/disputed", "payments/email/refund_failed"),
        for_staff=True,
    ),
    Purpose(
        "webhook-not-taken",
        Kind.ACCOUNT,
        _("Events that our service does not take"),
        _("To our staff, when a program of ours does not take what it is told about accounts and bills."),
        _("it is part of the work here."),
        templates=("webhooks/email/not_taken",),
        for_staff=True,
    ),
    Purpose(
        "payment-difference",
        Kind.BILLING,
        _("Money that does not agree"),
        _("To our staff, when Stripe and our books say different things of money: once for each difference."),
        _("it is part of the work here."),
        templates=("payments/email/difference",),
        for_staff=True,
    ),
    Purpose(
        "unpaid-bills-staff",
        Kind.BILLING,
        _("Suspensions and closings ahead"),
        _("To our staff, on the day before accounts are suspended or closed, and when a closed one has money left."),
        _("it is part of the work here."),
        templates=("dunning/email/staff_day", "dunning/email/money_left"),
        for_staff=True,
    ),
    Purpose(
        "announcement-preview",
        Kind.ACCOUNT,
        _("Previews of announcements"),
        _("To whoever of our staff writes an announcement, when they ask to see it."),
        _("it comes only when it is asked for."),
        templates=("mail/announcement",),
        for_staff=True,
    ),
)
_BY_CODE = {purpose.code: purpose for purpose in PURPOSES}


def declared(code: str) -> Purpose:
    """:raises UndeclaredLetter: when there is no such purpose."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise UndeclaredLetter(f"no purpose {code!r} is declared in bonafide/mail/purposes.py") from None


def purpose_of(template: str) -> Purpose:
    """The one purpose of a letter that is known by its template alone.

    :raises UndeclaredLetter: when it has none, or more than one.
    """
    found = [purpose for purpose in PURPOSES if template in purpose.templates]
    if len(found) != 1:
        raise UndeclaredLetter(f"the letter {template!r} has {len(found)} purposes in bonafide/mail/purposes.py, not one")
    return found[0]


def demand(*, code: str, template: str) -> Purpose:
    """The purpose, which must be one of this template's.

    :raises UndeclaredLetter: when it is not.
    """
    purpose = declared(code)
    if template not in purpose.templates:
        raise UndeclaredLetter(f"the letter {template!r} is not declared for {code!r} in bonafide/mail/purposes.py")
    return purpose


def refusable_codes() -> tuple[str, ...]:
    """The purposes that can be refused."""
    return tuple(purpose.code for purpose in PURPOSES if purpose.refusable)


def purposes_said(*, staff: bool = False) -> tuple[Purpose, ...]:
    """What we write to customers (and to ``staff``), in order: what settings and terms list. None that is not written yet."""
    return tuple(purpose for purpose in PURPOSES if purpose.is_written and (staff or not purpose.for_staff))
