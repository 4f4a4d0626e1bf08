"""``bonafide staff reset-factors``: the way back in for whoever lost passkey, app and recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime
from smtplib import SMTPException

import click
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import translation

from bonafide.accounts.commands import StaffRefused, staff
from bonafide.accounts.models import User
from bonafide.sign_in.factors.remove import reset_factors

__all__ = ["staff"]


@staff.command("reset-factors")
@click.argument("username")
def reset(username: str) -> None:
    """Remove every passkey, authenticator app and recovery code of a person, end their sessions, and tell them by letter.

    For somebody who lost them all, of the staff or a customer. Make sure first that it is them who asks: from then on their
    password alone opens their login, and staff set up a second factor anew when they sign in.

    \b
    Example: bonafide staff reset-factors camille
    """
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise StaffRefused(f"nobody is called {username!r}: expected the username of somebody who signs in here")
    now = datetime.now(UTC)
    done = reset_factors(user=user, now=now)
    click.echo(f"{user.username}: {_count(done.factors, 'second factor')} removed, {_count(done.sessions, 'session')} ended")
    if user.is_staff:
        click.echo("The back office opens again once they have signed in and set up a passkey or an authenticator app.")
    _tell(user, now)


def _tell(user: User, now: datetime) -> None:
    operator = settings.OPERATOR
    context = {"user": user, "timestamp": now, "operator": operator, "console": operator.service.console_url}
    to = EmailAddress.objects.get_primary_email(user) or user.email
    with translation.override(user.language or operator.service.language):
        letter = get_adapter().render_mail("account/email/factors_reset", to, context)
    try:
        letter.send()
    except (SMTPException, OSError) as error:
        click.echo(f"The letter about it to {to} could not be sent ({error}): tell them yourself.", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
