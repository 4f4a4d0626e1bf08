"""What signing up with a password and signing up over a provider have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.internal.userkit import filter_users_by_email
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language

from bonafide.accounts.accept_invitation import leads_to_an_invitation
from bonafide.accounts.models import User
from bonafide.accounts.sign_up import open_account, open_no_account
from bonafide.mail.models import Refusal
from bonafide.mail.refuse import refuse
from bonafide.sign_in.names import is_taken


def first_account(*, user: User, next_url: str | None, no_news: bool, now: datetime) -> None:
    """Open the account of somebody new, in the language they signed up in; who is on the way to an invitation needs none.

    ``no_news``: they said at once that they want no letters with news.

    Call it in the transaction that makes the user.
    """
    language = str(get_language() or settings.LANGUAGE_CODE)[:2]
    if leads_to_an_invitation(path=next_url, now=now):
        open_no_account(user=user, language=language)
    else:
        open_account(user=user, country=settings.OPERATOR.identity.country, language=language, now=now)
    if no_news:
        refuse(user_id=user.pk, purpose="news", how=Refusal.How.SIGN_UP, now=now)


class SaysByLetter:
    """Of a view that signs up: who took a name or an address is told by letter alone, on the same page as to somebody new."""

    def say_by_letter(self, form: Any) -> HttpResponse:
        form.account_already_exists = True
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response

    @staticmethod
    def is_overtaken(form: Any) -> bool:
        """Whether somebody took the name or the address between our look and our write."""
        return is_taken(form.cleaned_data["username"]) or bool(filter_users_by_email(form.cleaned_data["email"]))
