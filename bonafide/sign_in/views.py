"""Signing up, and "this was not me"."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from allauth.account import views as allauth
from allauth.account.internal.flows.signup import complete_signup
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bonafide.sign_in import limits
from bonafide.sign_in.alarm import AlreadyRaised, find_alarm, foresee, raise_alarm
from bonafide.sign_in.browsers import meet
from bonafide.sign_in.newcomers import SaysByLetter, first_account


class SignUpView(SaysByLetter, allauth.SignupView):  # type: ignore[misc]
    """allauth's sign-up, whose person, address and account are made in one transaction; who is invited gets no own account."""

    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:
            make_password(form.cleaned_data["password1"])  # as long as the answer takes to somebody new
            return self.say_by_letter(form)
        try:
            with transaction.atomic():
                self.user = form.save(self.request)
                first_account(
                    user=self.user,
                    next_url=self.get_next_url(),
                    no_news=form.cleaned_data["no_news"],
                    now=timezone.now(),
                )
        except IntegrityError:
            if not self.is_overtaken(form):
                raise
            return self.say_by_letter(form)
        done: HttpResponse = complete_signup(self.request, user=self.user, redirect_url=self.get_success_url())
        return done


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
