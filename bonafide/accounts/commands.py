"""``bonafide api-key`` and ``bonafide staff``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from bonafide.accounts.api_keys import KeyRefused, make_key, revoke_key
from bonafide.accounts.models import Account, ApiKey, User
from bonafide.errors import Refused


class StaffRefused(Refused):
    """A member of staff who cannot be added."""


@click.group("api-key")
def api_key() -> None:
    """Make and revoke keys for programs.

    \b
    Example: bonafide api-key list
    """


@api_key.command("create")
@click.argument("name")
@click.option("--account", "reference", metavar="REF", help="The account it opens; without it the key is for every account.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(ApiKey.Scope.values), help="What it opens; repeat."
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Last day on which it works.")
def create(name: str, reference: str | None, scopes: tuple[str, ...], expires: datetime | None) -> None:
    """Make a key; its text is shown this once and kept nowhere.

    \b
    Example: bonafide api-key create meter-agent --scope usage:write --expires 2027-12-31
    """
    account = _account(reference) if reference else None
    zone = ZoneInfo(settings.OPERATOR.service.time_zone)
    until = (expires + timedelta(days=1)).replace(tzinfo=zone) if expires else None
    _key, text = make_key(account=account, name=name, scopes=scopes, expires_at=until, now=datetime.now(UTC))
    click.echo(text)
    click.echo("Keep it now: it is not shown again.", err=True)


@api_key.command("list")
def list_() -> None:
    """List the keys.

    \b
    Example: bonafide api-key list
    """
    now = datetime.now(UTC)
    for key in ApiKey.objects.select_related("account").order_by("pk"):
        whose = key.account.reference if key.account else "every account"
        used = f"last used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
        click.echo(f"{key.pk}\t{key.start}…\t{key.name}\t{whose}\t{','.join(key.scopes)}\t{_state(key, now)}\t{used}")


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    if key.expires_at is None:
        return "open"
    return f"expired {key.expires_at:%Y-%m-%d}" if key.expires_at <= now else f"until {key.expires_at:%Y-%m-%d}"


@api_key.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """Revoke the key with this number (see ``api-key list``); it is dead from the next call on.

    \b
    Example: bonafide api-key revoke 3
    """
    key = ApiKey.objects.filter(pk=number).first()
    if key is None:
        raise KeyRefused(f"there is no key {number}: 'bonafide api-key list' shows their numbers")
    revoke_key(key=key, now=datetime.now(UTC))
    click.echo(f"{key.name} ({key.start}…) is revoked")


@click.group()
def staff() -> None:
    """Who runs the service.

    \b
    Example: bonafide staff add camille camille@example.com
    """


@staff.command("add")
@click.argument("username")
@click.argument("email")
def add(username: str, email: str) -> None:
    """Add a member of staff; the password is asked for, or read from standard input when that is not a terminal.

    \b
    Example: bonafide staff add camille camille@example.com
    """
    if sys.stdin.isatty():
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    add_staff(username=username, email=email, password=password)
    click.echo(f"{username} may sign in and runs the service, once they have set up a passkey or an authenticator app there")


def add_staff(*, username: str, email: str, password: str) -> User:
    """A person who may do everything, with an address that counts as verified: whoever has the shell vouches for it.

    :raises StaffRefused: naming what is wrong with name, address or password, or that they are taken.
    """
    user = User(username=username, email=email, is_staff=True, is_superuser=True)
    try:
        User.username_validator(username)
        validate_email(email)
        validate_password(password, user)
    except ValidationError as error:
        raise StaffRefused(f"{username}: {' '.join(error.messages)}") from None
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    except IntegrityError:
        raise StaffRefused(f"{username} <{email}>: that name or address is taken: expected one that nobody has") from None
    return user


def _account(reference: str) -> Account:
    account = Account.objects.filter(reference=reference).first()
    if account is None:
        raise KeyRefused(f"account {reference!r} is unknown: expected the reference of an account")
    return account
