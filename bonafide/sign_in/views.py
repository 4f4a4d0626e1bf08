"""Signing up, and "this was not me"."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from allauth.account import views as allauth
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.internal.userkit import filter_users_by_email
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.accounts.accept_invitation import leads_to_an_invitation
from bonafide.accounts.sign_up import open_account, open_no_account
from bonafide.sign_in import limits
from bonafide.sign_in.alarm import AlreadyRaised, find_alarm, foresee, raise_alarm
from bonafide.sign_in.browsers import meet
from bonafide.sign_in.names import is_taken


class SignUpView(allauth.SignupView):  # type: ignore[misc]
    """allauth's sign-up, whose person, address and account are made in one transaction; who is invited gets no own account."""

    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:
            make_password(form.cleaned_data["password1"])  # as long as the answer takes to somebody new
            return self._say_by_letter(form)
        now = timezone.now()
        language = str(get_language() or settings.LANGUAGE_CODE)[:2]
        invited = leads_to_an_invitation(path=self.get_next_url(), now=now)
        try:
            with transaction.atomic():
                self.user = form.save(self.request)
                if invited:
                    open_no_account(user=self.user, language=language)
                else:
                    open_account(user=self.user, country=settings.OPERATOR.identity.country, language=language, now=now)
        except IntegrityError:  # somebody took the name or the address between our look and our write
            if not is_taken(form.cleaned_data["username"]) and not filter_users_by_email(form.cleaned_data["email"]):
                raise
            return self._say_by_letter(form)
        done: HttpResponse = complete_signup(self.request, user=self.user, redirect_url=self.get_success_url())
        return done

    def _say_by_letter(self, form: Any) -> HttpResponse:
        """The same page as for somebody new; that name or address are taken is in the letter alone."""
        form.account_already_exists = True
        response: HttpResponse = super().form_valid(form)
        return response


sign_up = SignUpView.as_view()


def too_many(request: HttpRequest) -> HttpResponse:
    """The answer to who asks too often: 429, and how long to wait."""
    seconds = limits.wait_of(request=request, now=timezone.now())
    response = render(request, "429.html", {"said": limits.too_many(seconds) if seconds else ""}, status=429)
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


class ResetPasswordView(allauth.PasswordResetFromKeyView):  # type: ignore[misc]
    """allauth's, after which this browser counts as the person's: whoever guesses elsewhere cannot keep them from signing in."""

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        meet(request=self.request, response=response, user=self.reset_user, now=timezone.now())
        return response


reset_password = ResetPasswordView.as_view()


@require_safe
def reset_required(request: HttpRequest) -> HttpResponse:
    """Where whoever would be signed in comes while a new password is demanded."""
    return render(request, "account/reset_required.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a security letter. Looking changes nothing, for mail programs look by themselves; the button does it, once."""
    alarm = find_alarm(token=token)
    if alarm is None:
        return render(request, "account/not_me.html", {"state": "unknown"}, status=404)
    letter, now = alarm.letter, timezone.now()
    if letter.raised_at:
        return render(request, "account/not_me.html", {"state": "raised", "letter": letter, "undoing": letter.undone})
    if alarm.expires_at <= now:
        return render(request, "account/not_me.html", {"state": "expired"})
    if request.method != "POST":
        return render(request, "account/not_me.html", {"state": "open", "letter": letter, "undoing": foresee(letter=letter)})
    with suppress(AlreadyRaised):  # the page it leads to says so
        raise_alarm(letter=letter, now=now)
    return redirect("not_me", token=token)
