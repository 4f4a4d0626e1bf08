"""``bonafide erase``."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from bonafide.accounts.models import Account, User
from bonafide.privacy.erase import CannotErase, Erased, erase_account, erase_person
from bonafide.privacy.models import Erasure


@click.command(epilog='Example: bonafide erase camille --reason "her letter of 20 November"')
@click.argument("person", required=False)
@click.option("--account", "reference", metavar="REF", help="A closed account, by its reference, instead of a person.")
@click.option("--reason", required=True, help="Why, in a few words; name nobody in it. It is kept with the erasure.")
def erase(person: str | None, reference: str | None, reason: str) -> None:
    """Erase PERSON (a username or an e-mail address) now, without a pause. There is no way back.

    What the law asks to keep stays, closed, and goes by itself when that ends; the lines below say what and until when.
    """
    if bool(person) == bool(reference):
        raise click.UsageError("give a person, or --account REF")
    now = datetime.now(UTC)
    how = {"now": now, "by": Erasure.By.SHELL.value, "reason": " ".join(reason.split())[:300]}
    if person:
        user = User.objects.filter(username__iexact=person).first() or User.objects.filter(email=person.lower()).first()
        if user is None:
            raise CannotErase(f"{person!r} is nobody's username or address: expected that of somebody with a login")
        done = erase_person(person_id=user.pk, **how)  # type: ignore[arg-type]
    else:
        account = Account.objects.filter(reference=reference).first()
        if account is None:
            raise CannotErase(f"account {reference!r} is unknown: expected the reference of an account")
        done = erase_account(account_id=account.pk, **how)  # type: ignore[arg-type]
    _say(done)


def _say(done: Erased) -> None:
    click.echo(f"Erasure {done.erasure.number}: {done.rows} rows deleted or emptied")
    for left in done.left:
        until = f"until {left.until}" if left.until else "as long as that asks"
        click.echo(f"kept: {left.rows} rows of {left.kind.label}, {left.basis or 'by law'}, {until}")
