"""Signing up."""

from __future__ import annotations

from typing import Any

from allauth.account import views as allauth
from allauth.account.internal.flows.signup import complete_signup
from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bonafide.accounts.accept_invitation import leads_to_an_invitation
from bonafide.accounts.sign_up import open_account, open_no_account


class SignUpView(allauth.SignupView):  # type: ignore[misc]
    """allauth's sign-up, whose person, address and account are made in one transaction; who is invited gets no own account."""

    def form_valid(self, form: Any) -> HttpResponse:
        if form.account_already_exists:  # answers the same page, and tells the address's owner by letter
            response: HttpResponse = super().form_valid(form)
            return response
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
        except IntegrityError:  # somebody took the name between our look and our write
            form.add_error(None, _("Somebody took this name or address a moment ago. Please choose another."))
            refused: HttpResponse = self.form_invalid(form)
            return refused
        done: HttpResponse = complete_signup(self.request, user=self.user, redirect_url=self.get_success_url())
        return done


sign_up = SignUpView.as_view()
