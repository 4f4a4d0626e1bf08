"""The "this was not me" link of a security letter: what it would do, and doing it, once."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from bonafide.accounts.models import ApiKey, Invitation, User
from bonafide.sessions.end import end_sessions
from bonafide.sessions.lock import lock_person
from bonafide.sessions.models import Reason, Session
from bonafide.sign_in.browsers import forget_all
from bonafide.sign_in.letters import tell, tell_at_most
from bonafide.sign_in.models import Alarm, Event, SecurityLetter
from bonafide.sign_in.write_letters import digest

# What a letter tells of was itself made a moment before the letter.
_BEFORE_THE_LETTER = timedelta(minutes=1)
_LETTER_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Undoing:
    """How much a link takes back, or took back. ``address`` is "" (it stays), "restored", or "taken" (another person has it)."""

    sessions: int
    factors: int
    providers: int
    keys: int
    invitations: int
    address: str


class AlreadyRaised(Exception):
    """Somebody was faster with this letter, or with one that tells of something earlier."""


def find_alarm(*, token: str) -> Alarm | None:
    """The alarm of a link, whether or not it still works; None for a token that was never given out."""
    return Alarm.objects.select_related("letter__user").filter(digest=digest(token)).first()


def foresee(*, letter: SecurityLetter) -> Undoing:
    """What pressing the button would take back. Changes nothing: mail programs follow links by themselves."""
    added = _added_since(letter)
    return Undoing(
        sessions=Session.objects.filter(user=letter.user, ended_at=None).count(),
        factors=_without_codes(added["factors"]).count(),
        providers=added["providers"].count(),
        keys=added["keys"].count(),
        invitations=added["invitations"].count(),
        address="restored" if _address_before(letter) else "",
    )


@transaction.atomic
def raise_alarm(*, letter: SecurityLetter, now: datetime) -> Undoing:
    """End every session, take back what was added since the letter's event, and let nobody in before a new password was chosen.

    The other open links of the person about that event and later ones are used up with it: what they tell of is undone, and they
    may have gone to an address that is not the person's own any more.

    :raises AlreadyRaised: when this letter's link was used already.
    """
    user: User | None = lock_person(letter.user_id)
    if user is None or not SecurityLetter.objects.filter(pk=letter.pk, raised_at=None).update(raised_at=now):
        raise AlreadyRaised
    address = _restore_address(user, _address_before(letter))
    undone = _take_back(letter, user, address, now)
    _demand_new_password(user, now)
    later = SecurityLetter.objects.filter(user=user, at__gte=letter.at - _BEFORE_THE_LETTER, raised_at=None)
    later.update(raised_at=now, undone=asdict(undone))
    SecurityLetter.objects.filter(pk=letter.pk).update(undone=asdict(undone))
    if address == "restored":
        tell(user=user, event=Event.REPORTED, now=now)
    elif address != "taken":
        tell_at_most(user=user, event=Event.REPORTED, every=_LETTER_EVERY, now=now)
    return undone


def _take_back(letter: SecurityLetter, user: User, address: str, now: datetime) -> Undoing:
    added = _added_since(letter)
    factors = _without_codes(added["factors"]).count()
    added["factors"].delete()
    mine = Authenticator.objects.filter(user=user)
    if not _without_codes(mine).exists():
        mine.delete()  # recovery codes stand in for a factor, and there is none left
    providers = added["providers"].count()
    added["providers"].delete()
    EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).delete()
    forget_all(user=user)
    return Undoing(
        sessions=end_sessions(user=user, reason=Reason.REPORTED, now=now),
        factors=factors,
        providers=providers,
        keys=added["keys"].update(revoked_at=now),
        invitations=added["invitations"].update(withdrawn_at=now),
        address=address,
    )


def _added_since(letter: SecurityLetter) -> dict[str, models.QuerySet[Any]]:
    """Every other way in that this person's login was given since the event."""
    user, since = letter.user, letter.at - _BEFORE_THE_LETTER
    providers: models.QuerySet[Any] = User.objects.none()
    if apps.is_installed("allauth.socialaccount"):
        providers = apps.get_model("socialaccount", "SocialAccount")._default_manager.filter(user=user, date_joined__gte=since)
    return {
        "factors": Authenticator.objects.filter(user=user, created_at__gte=since),
        "providers": providers,
        "keys": ApiKey.objects.filter(made_by=user, created_at__gte=since, revoked_at=None),
        "invitations": Invitation.objects.filter(invited_by=user, created_at__gte=since, accepted_at=None, withdrawn_at=None),
    }


def _without_codes(factors: models.QuerySet[Any]) -> models.QuerySet[Any]:
    return factors.exclude(type=Authenticator.Type.RECOVERY_CODES)


# --- The address -----------------------------------------------------------------------------------------------------------
def _address_before(letter: SecurityLetter) -> str:
    """The address to go back to, where it was changed at this event or later; empty where it was not, or is back already."""
    changes = SecurityLetter.objects.filter(
        user=letter.user, event=Event.EMAIL_CHANGED, at__gte=letter.at - _BEFORE_THE_LETTER
    ).order_by("at", "pk")
    first = changes.first()
    before = str(first.details.get("before", "")) if first else ""
    return before if before != letter.user.email else ""


def _restore_address(user: User, before: str) -> str:
    """Make the address from before the change the only one again.

    "taken" where somebody else has proven meanwhile that it is theirs: then this login is left without an address, for the one it
    has is that of whoever changed it, and a link sent there would let them in again.
    """
    if not before:
        return ""
    others = EmailAddress.objects.filter(email=before).exclude(user=user)
    if others.filter(verified=True).exists():
        EmailAddress.objects.filter(user=user).delete()
        _set_address(user, _nowhere())
        return "taken"
    # Nobody keeps a person out of their own address by signing up with it: who never confirmed it never had it.
    others.delete()
    for squatter in User.objects.filter(email=before).exclude(pk=user.pk):
        _set_address(squatter, _nowhere())
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=before, verified=True, primary=True)
    _set_address(user, before)
    return "restored"


def _set_address(user: User, address: str) -> None:
    user.email = address
    user.save(update_fields=["email"])


def _nowhere() -> str:
    """An address that no letter reaches (RFC 2606 keeps ``.invalid`` free), in a column that must hold a different one each."""
    return f"{uuid.uuid4().hex}@nobody.invalid"


def _demand_new_password(user: User, now: datetime) -> None:
    """No password, no way in; a demand that stands already keeps its letter's link working."""
    if user.reset_required_at is None or user.has_usable_password():
        user.set_unusable_password()
    user.reset_required_at = user.reset_required_at or now
    user.save(update_fields=["password", "reset_required_at"])
