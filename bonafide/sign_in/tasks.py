"""What the background workers do for sign-in. The rows say what is to be done; a task's arguments hold nothing but their ids."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from bonafide.accounts.models import User
from bonafide.sign_in.confirm_again import send_confirmation
from bonafide.sign_in.shared_store import forget_spent
from bonafide.sign_in.write_letters import write_due

_BATCH = 200


@task()
def write_letters() -> str:
    """Every minute: send the letters about security that are due."""
    return _write(limit=_BATCH)


@task()
def write_letter(letter_id: str) -> str:
    """Send one letter now."""
    return _write(limit=1, only=letter_id)


@task()
def forget_spent_limits() -> str:
    """Delete the counts and locks that no longer count."""
    return f"{forget_spent(now=timezone.now())} forgotten"


@task()
def confirm_address(user_id: int) -> str:
    """Send the letter that confirms an address once more."""
    user = User.objects.filter(pk=user_id).first()
    return "sent" if user and send_confirmation(user=user, now=timezone.now()) else "nothing to confirm"


def _write(*, limit: int, only: str = "") -> str:
    done = write_due(now=timezone.now(), limit=limit, only=only)
    return f"{done.sent} sent, {done.failed} failed"
