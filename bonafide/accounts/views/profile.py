"""Who one is here: the username, the e-mail address and its change, the language."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.change_email import (
    AddressTaken,
    Confirmed,
    NoSuchChange,
    SameAddress,
    TooManyLetters,
    ask_for_address,
    confirm_change,
    find_change,
    pending_change,
    withdraw_change,
)
from bonafide.accounts.email_form import EmailForm
from bonafide.accounts.letters import send_change_of_address
from bonafide.accounts.models import User

page_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    pending = pending_change(user=request.user, now=timezone.now())  # type: ignore[arg-type]
    return render(request, "accounts/profile.html", {"pending": pending})


@page_or_post
@login_required
@reauthentication_required
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address. What is answered does not depend on whether somebody else has it."""
    form = EmailForm(request.POST or None)
    if form.is_valid():
        try:
            _ask(request, form.cleaned_data["email"])
        except (SameAddress, TooManyLetters) as refusal:
            form.add_error("email", str(refusal))
        else:
            return redirect("profile")
    return render(request, "accounts/change_email.html", {"form": form})


@require_POST
@login_required
@reauthentication_required
def send_again(request: HttpRequest) -> HttpResponse:
    """Another letter with another link; the one before is dead from now on."""
    pending = pending_change(user=request.user, now=timezone.now())  # type: ignore[arg-type]
    if pending:
        try:
            _ask(request, pending.email)
        except (SameAddress, TooManyLetters) as refusal:
            messages.error(request, str(refusal))
    return redirect("profile")


@require_POST
@login_required
def cancel_change(request: HttpRequest) -> HttpResponse:
    if withdraw_change(user=request.user, now=timezone.now()):  # type: ignore[arg-type]
        messages.success(request, _("Your address stays as it is. The link in our letter is dead."))
    return redirect("profile")


@page_or_post
@never_cache
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """What the link of the letter opens, for whoever reads that mailbox; POST confirms."""
    now = timezone.now()
    try:
        if request.method == "POST":
            return _confirm(request, token)
        change = find_change(token=token, now=now)
    except NoSuchChange:
        return render(request, "accounts/change_gone.html", status=404)
    except AddressTaken as refusal:
        return render(request, "accounts/change_gone.html", {"reason": str(refusal)}, status=409)
    return render(request, "accounts/confirm_change.html", {"change": change})


def _ask(request: HttpRequest, email: str) -> None:
    user: User = request.user  # type: ignore[assignment]
    with transaction.atomic():
        send_change_of_address(asked=ask_for_address(user=user, email=email, now=timezone.now()))
    messages.success(request, _("A letter is on its way to %(email)s. Its link works for a day.") % {"email": email})


def _confirm(request: HttpRequest, token: str) -> HttpResponse:
    with transaction.atomic():
        confirmed = confirm_change(token=token, now=timezone.now())
        _announce(request, confirmed)
    if request.user.pk != confirmed.user.pk:  # the letter is often read on another device
        return render(request, "accounts/change_done.html", {"confirmed": confirmed})
    messages.success(request, _("Your address is %(email)s now.") % {"email": confirmed.after.email})
    return redirect("profile")


def _announce(request: HttpRequest, confirmed: Confirmed) -> None:
    """As allauth announces its own changes: the adapter ends the other sessions and writes to both addresses."""
    before = confirmed.before.email if confirmed.before else ""
    context = {"from_email": before, "to_email": confirmed.after.email}
    get_adapter(request).send_notification_mail("account/email/email_changed", confirmed.user, context, email=before or None)
