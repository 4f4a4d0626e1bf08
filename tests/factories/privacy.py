"""Staff at work: reasons given, visits begun."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from bonafide.accounts.models import Account, User
from bonafide.holdings import Kind
from bonafide.privacy import reasons
from bonafide.privacy.begin_hold import begin_hold
from bonafide.privacy.begin_visit import begin_visit
from bonafide.privacy.models import Hold, Release, Visit
from bonafide.privacy.releases import record_release
from bonafide.privacy.subjects import Whose
from bonafide.sessions.models import Session
from bonafide.sessions.store import key_hash
from tests.factories.accounts import enter_as_staff, make_user

WHY = "your message of 20 November about VAT"


def give_reason(client: Client, of: Account | User, reason: str = WHY) -> None:
    """As if staff had said why they open the records of this customer."""
    whose = Whose(account=of.pk) if isinstance(of, Account) else Whose(person=of.pk)
    session = client.session
    reasons.give(session, whose=whose, reason=reason, now=timezone.now())
    session.save()


def session_of(client: Client) -> Session:
    """The row of the ledger behind this client's cookie."""
    return Session.objects.get(key_hash=key_hash(client.cookies[settings.SESSION_COOKIE_NAME].value))


def visiting(client: Client, account: Account, *, ago: timedelta = timedelta(0), **values: Any) -> Visit:
    """Somebody of the staff, signed in on this client and on a visit to the account."""
    given = {"reason": WHY, "minutes": 30, "now": timezone.now() - ago, **values}
    staff = given.pop("staff", None) or enter_as_staff(client)
    return begin_visit(staff=staff, session=session_of(client).pk, account=account, **given)


def make_hold(*kinds: Kind, now: datetime, days: int = 365, **values: Any) -> Hold:
    """An order that these kinds be kept from ``now`` on for so many days."""
    about = {
        "basis": "Code de procédure pénale, art. 60-2",
        "reference": "PV 2026/0412",
        "reason": "we were ordered to keep it",
        "staff": values.pop("staff", None) or make_user(is_staff=True),
        "operator": settings.OPERATOR,
    }
    return begin_hold(kinds=kinds, now=now, **about | {"until": now + timedelta(days=days)} | values)


def make_release(*, now: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC), **values: Any) -> Release:
    """Something was handed over at ``now``."""
    about = {
        "authority": "Tribunal judiciaire de Paris",
        "basis": "Code de procédure pénale, art. 60-2",
        "reference": "PV 2026/0412",
        "kinds": [Kind.ADDRESSES],
        "scope": "the IP addresses of sign-ins",
        "reason": "we were ordered to hand it over",
        "released_at": now,
        "staff": values.pop("staff", None) or make_user(is_staff=True),
    }
    return record_release(now=now, **about | values)
