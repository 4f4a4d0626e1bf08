"""How django-allauth behaves here: our words, our letters, links that start with the console's own address."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import get_signup_url
from allauth.account.internal.stagekit import clear_login
from allauth.account.internal.userkit import filter_users_by_email
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from bonafide.accounts.models import User
from bonafide.mail.compose import always, mark, said_in_each
from bonafide.mail.purposes import purpose_of
from bonafide.mail.send import after_commit, hand_over
from bonafide.sessions.client import address_of
from bonafide.sessions.models import Outcome
from bonafide.sessions.store import METHODS, how
from bonafide.sign_in.arrive import arrive
from bonafide.sign_in.changes import ANNOUNCED, TOLD_ALREADY, changed, details_of
from bonafide.sign_in.confirm_again import is_confirmed
from bonafide.sign_in.confirming import ask_who_has_nothing_to_confirm_with
from bonafide.sign_in.history import person_of, record
from bonafide.sign_in.limits import Limited
from bonafide.sign_in.models import Event
from bonafide.sign_in.names import tidy
from bonafide.sign_in.replace_password import Overtaken, replace_password

NOWHERE = "unknown"
WRONG_PAIR = _(
    "This name and this password do not go together. Check both, or ask for a new password. "
    "If you signed up lately, first open the link in our letter."
)


class AccountAdapter(Limited, DefaultAccountAdapter):  # type: ignore[misc]
    """Our letters and our sign-up; the rest is allauth's."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This login is closed. Write to us if it should not be."),
        "email_password_mismatch": WRONG_PAIR,
        "username_password_mismatch": WRONG_PAIR,
        "username_taken": _("This username is taken. Please choose another."),
        "username_blacklisted": _("This username cannot be had. Please choose another."),
        "email_taken": _("This e-mail address is taken."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _("Too many attempts. Please wait a few minutes, then try again."),
        "rate_limited": _("Too many attempts. Please wait a few minutes, then try again."),
        "invalid_password_reset": _("This link was used already or is too old. Ask for a new one."),
    }

    _first_time = False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one letter in its reader's language, at once: somebody waits for it in front of the page.

        Inside a transaction it leaves once that has committed. A server that does not take it leaves the page standing: the
        person reads that the letter did not leave, the log why.
        """
        given = {name: at_home(value) if name.endswith("_url") else value for name, value in context.items()}
        with translation.override(getattr(context.get("user"), "language", "") or translation.get_language()):
            letter = self.render_mail(template_prefix, email, given)
        after_commit(partial(self._hand_over, letter, allauth_context.request))

    def _hand_over(self, letter: EmailMessage, request: HttpRequest | None) -> None:
        if not hand_over(message=letter, now=self._now()) and request:
            messages.error(request, _("Our letter to you could not be sent. Please try again in a few minutes."))

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """With a declared purpose, which its foot explains, and the headers of every letter of ours.

        :raises UndeclaredLetter: for a letter that nobody gave a purpose: a new one of allauth's, say.
        """
        purpose = purpose_of(template_prefix)
        given = {**context, **said_in_each(purpose)}
        letter: EmailMessage = super().render_mail(template_prefix, email, given, headers=always() | (headers or {}))
        person = context.get("user") or next(iter(filter_users_by_email(letter.to[0])), None)
        return mark(letter, purpose=purpose, person_id=person.pk if person else None, account_id=None)

    # --- Letters about security ---
    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """What allauth announces becomes our letter, and ends the other sessions where the change asks for it."""
        if template_prefix not in TOLD_ALREADY:
            event = ANNOUNCED[template_prefix]
            changed(request=self.request, user=user, event=event, now=self._now(), **details_of(context or {}))

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        with transaction.atomic():  # with the letters and endings that follow from an address that was changed
            return bool(super().confirm_email(request, email_address))

    # --- Names ---
    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001, FBT002 - allauth's
        return str(super().clean_username(tidy(username), shallow=shallow))

    def send_account_already_exists_mail(self, email: str) -> None:
        """Somebody signed up with a name or an address that is taken: the page does not tell, the letter does."""
        if filter_users_by_email(email):
            super().send_account_already_exists_mail(email)
        else:
            self.send_mail(
                "account/email/name_taken",
                email,
                {"name": tidy(self.request.POST.get("username", "")), "signup_url": get_signup_url(self.request)},
            )

    # --- Passwords ---
    def set_password(self, user: Any, password: str) -> None:
        """A signed-in person changes their password, or sets the first one."""
        self._replace_password(user, password, Event.PASSWORD_CHANGED if user.has_usable_password() else Event.PASSWORD_SET)

    def reset_password(self, user: Any, password: str) -> None:
        """Somebody chooses a new one by the link in our letter."""
        self._replace_password(user, password, Event.PASSWORD_RESET)

    def _replace_password(self, user: Any, password: str, event: Event) -> None:
        try:
            replace_password(request=self.request, user=user, password=password, event=event, now=self._now())
        except Overtaken:
            messages.error(self.request, self.error_messages["invalid_password_reset"])
            raise ImmediateHttpResponse(redirect("account_reset_password")) from None

    # --- Coming in ---
    def pre_login(self, request: HttpRequest, user: Any, **about: Any) -> HttpResponse | None:
        if user.is_active and user.reset_required_at:
            return self._ask_for_reset(request, user)
        response: HttpResponse | None = super().pre_login(request, user, **about)
        return response

    def login(self, request: HttpRequest, user: Any) -> None:
        """Looks once more: minutes may lie between the first step and the last, in which the person reported it."""
        self._first_time = user.last_login is None
        if User.objects.filter(pk=user.pk).exclude(reset_required_at=None).exists():
            raise ImmediateHttpResponse(self._ask_for_reset(request, user))
        super().login(request, user)

    def _ask_for_reset(self, request: HttpRequest, user: Any) -> HttpResponse:
        record(request=request, user=user, outcome=Outcome.CLOSED, how=how(request.session.get(METHODS, [])), now=self._now())
        clear_login(request)
        return redirect("reset_required")

    def post_login(self, request: HttpRequest, user: Any, **about: Any) -> HttpResponse:
        """Where every way in ends: a password, a passkey, a code, a provider, a confirmed address."""
        response: HttpResponse = super().post_login(request, user, **about)
        arrive(request=request, response=response, user=user, first=self._first_time, now=self._now())
        return response

    # --- The history of sign-ins ---
    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Who is signed in and confirms who they are does not try to come in: that is not kept."""
        if not request.user.is_authenticated:
            self._refused(request, credentials, Outcome.WRONG_PASSWORD)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._refused(request, credentials, Outcome.TOO_MANY)
            raise

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        record(request=request, user=user, outcome=Outcome.CLOSED, how=how(request.session.get(METHODS, [])), now=self._now())
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def _refused(self, request: HttpRequest, credentials: dict[str, Any], outcome: Outcome) -> None:
        user = person_of(credentials)
        if user is not None and is_confirmed(user):  # who has not, cannot sign in with the right password either
            record(request=request, user=user, outcome=outcome, how="password", now=self._now())

    def is_reauthentication_required(self, *, app: str, **about: Any) -> bool:
        ask_who_has_nothing_to_confirm_with(self.request, now=self._now())
        return bool(super().is_reauthentication_required(app=app, **about))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom the rate limits count. Requests whose address cannot be told count together, instead of being turned away."""
        return address_of(request) or NOWHERE

    @staticmethod
    def _now() -> datetime:
        return timezone.now()  # noqa: TID251 - allauth calls without a time

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/"


def at_home(url: str) -> str:
    """The link under the console's public address, whatever name the request came in by.

    A console without TLS is one that somebody tries on their own machine, on whichever port: there the request's name stands.
    """
    if not settings.SECURE:
        return url
    home, link = urlsplit(settings.OPERATOR.service.console_url), urlsplit(url)
    return urlunsplit((home.scheme, home.netloc, link.path, link.query, link.fragment))
