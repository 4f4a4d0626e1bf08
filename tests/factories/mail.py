"""Letters and announcements."""

from datetime import UTC, datetime

from allauth.account.models import EmailAddress

from bonafide.accounts.models import Account, User
from bonafide.mail.models import Announcement, Letter
from bonafide.mail.send import send_letter
from tests.factories.accounts import make_account, make_member

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SECRET = "k3y-t0-the-h0use"


def make_reader(*, account: Account | None = None, role: str = "owner", **values: object) -> User:
    """A member of an open account with a confirmed address: somebody whom announcements reach."""
    user = make_member(account=account or make_account(), role=role, **values)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_letter(*, to: str = "ana@example.com", now: datetime = NOW, **values: object) -> Letter:
    """An invitation that waits in the outbox; its link holds ``SECRET``."""
    given = {"inviter": "vega", "account": "Atelier Vega", "role": "viewer", "until": now, "invitation_url": f"http://h/{SECRET}"}
    letter = send_letter(
        purpose="invitation", template="accounts/email/invitation", to=to, language="en", given=given, now=now, **values
    )
    assert letter is not None
    return letter


def make_announcement(**values: object) -> Announcement:
    """Approved, unless told otherwise."""
    return Announcement.objects.create(
        **{
            "purpose": "news",
            "audience": "everybody",
            "subject_en": "Disks are faster",
            "body_en": "All disks are faster since Monday.\n\nSee https://example.com/disks & more.",
            "subject_fr": "Des disques plus rapides",
            "body_fr": "Tous les disques sont plus rapides depuis lundi.",
            "created_at": NOW,
            "approved_at": NOW,
            **values,
        }
    )
