"""``bonafide staff reset-factors``: the way back in for whoever lost passkey, app and recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime

import click

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
    done = reset_factors(user=user, now=datetime.now(UTC))
    click.echo(f"{user.username}: {_count(done.factors, 'second factor')} removed, {_count(done.sessions, 'session')} ended")
    if user.is_staff:
        click.echo("The back office opens again once they have signed in and set up a passkey or an authenticator app.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
