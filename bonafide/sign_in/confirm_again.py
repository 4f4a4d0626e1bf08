"""Who signed up and has not confirmed the address yet gets the letter once more when they try to sign in.

In the background: the page they get is that of a wrong password, to the letter and to the moment. Were it another, whoever signs
up with somebody else's address could see by signing in whether that made a login, which it does only if the address was new.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import consume_email_verification_rate_limit
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation

from bonafide.accounts.models import User
from bonafide.mail.send import hand_over


def is_confirmed(user: Any) -> bool:
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def remind(*, request: HttpRequest, user: Any) -> None:
    """Ask the workers to send the letter, as often as the limits allow."""
    from bonafide.sign_in.tasks import confirm_address

    if consume_email_verification_rate_limit(request, user.email):
        confirm_address.enqueue(user.pk)


def send_confirmation(*, user: User, now: datetime) -> bool:
    """Send the letter with the link; False when there is nothing to confirm any more, or the mail server is away."""
    address = EmailAddress.objects.filter(user=user, email=user.email).first() or EmailAddress(user=user, email=user.email)
    if is_confirmed(user) or not user.email:
        return False
    if address.pk is None:  # somebody whom the staff entered
        address.save()
    key = get_emailconfirmation_model().create(address).key
    home = settings.OPERATOR.service.console_url
    context = {"user": user, "activate_url": f"{home}{reverse('account_confirm_email', args=[key])}"}
    with translation.override(user.language or settings.LANGUAGE_CODE):
        letter = get_adapter().render_mail("account/email/email_confirmation_signup", address.email, context)
    return hand_over(message=letter, now=now)
