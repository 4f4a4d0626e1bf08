"""Staff at work: reasons given, visits begun."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from bonafide.accounts.models import Account, User
from bonafide.privacy import reasons
from bonafide.privacy.begin_visit import begin_visit
from bonafide.privacy.models import Visit
from bonafide.privacy.subjects import Whose
from bonafide.sessions.models import Session
from bonafide.sessions.store import key_hash
from tests.factories.accounts import enter_as_staff

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
