"""Letters about what the law made us do: a release to an authority, an order to keep something. None before it may be told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from bonafide.accounts.models import Membership, User
from bonafide.mail.send import send_letter
from bonafide.privacy.models import Erasure, Hold, Release, Told
from bonafide.sign_in.unconfirmed import never_confirmed

_ANSWER = (Membership.Role.OWNER, Membership.Role.BILLING)


def tell_at_once(*, thing: Release | Hold, now: datetime) -> int:
    """Write of what was never secret; how many letters. Call it in the transaction that writes it down.

    Of what is, or was, secret nothing is written here, not even a row: :func:`tell_due` finds it on its day.
    """
    return 0 if thing.secret_until else _tell(thing, now)


def tell_due(*, today: date, now: datetime) -> int:
    """Write of all that may be told and was not yet; how many letters. Again, it finds nothing.

    :param today: on the operator's calendar: the law's last day of silence is over on the day after it.
    """
    releases = Release.objects.told(today=today).exclude(Exists(Told.objects.filter(release=OuterRef("pk"))))
    orders = Hold.objects.told(today=today).filter(origin=Hold.Origin.ORDER)
    orders = orders.exclude(Exists(Told.objects.filter(hold=OuterRef("pk"))))
    found: list[Release | Hold] = [*releases.order_by("pk"), *orders.order_by("pk")]
    return sum(_tell(thing, now) for thing in found)


@transaction.atomic
def _tell(thing: Release | Hold, now: datetime) -> int:
    named: dict[str, Any] = {"release": thing} if isinstance(thing, Release) else {"hold": thing}
    _row, made = Told.objects.get_or_create(**named, defaults={"at": now})
    if not made:
        return 0
    template = "law_release" if isinstance(thing, Release) else "law_hold"
    people = list(_whom(thing, now))
    for person in people:
        send_letter(
            purpose="law-release",
            template=f"privacy/email/{template}",
            to=person.email,
            language=person.language or settings.LANGUAGE_CODE,
            now=now,
            person=person,
            account=thing.account,
            given=_given(thing, person, now),
        )
    return len(people)


def _whom(thing: Release | Hold, now: datetime) -> QuerySet[User]:
    """Those who read it under /settings/privacy, but for who was erased and addresses that nobody confirmed."""
    of_account = Q(pk__in=Membership.objects.filter(account=thing.account_id, role__in=_ANSWER).values("user"))
    if isinstance(thing, Hold) and thing.person_id is None:
        of_account = Q(pk__in=Membership.objects.filter(account=thing.account_id).values("user"))
    erased = Erasure.objects.filter(person=OuterRef("pk"), done_at__isnull=False)
    concerned = User.objects.filter(Q(pk=thing.person_id) | of_account).exclude(Exists(erased)).exclude(email="")
    return concerned.exclude(pk__in=never_confirmed(before=now).values("pk")).order_by("pk")


def _given(thing: Release | Hold, person: User, now: datetime) -> dict[str, Any]:
    """What the letter says. Exactly what, and why it was entered, stands on the page."""
    theirs = thing.account is None or thing.person_id == person.pk
    return {
        "thing": thing,
        "account": "" if theirs or thing.account is None else thing.account.name[:80],
        "over_at": thing.ended_at(now) if isinstance(thing, Hold) else None,
        "privacy_url": settings.OPERATOR.service.console_url + reverse("privacy"),
    }
