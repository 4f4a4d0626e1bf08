"""Who was shown, told of and accepted which version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from bonafide.accounts.models import User
from bonafide.mail.models import Letter
from bonafide.mail.send import send_letter
from bonafide.operator import Operator
from bonafide.terms.models import Acceptance, Change, Version
from bonafide.web.templatetags.web import written_day

BATCH = 200
PURPOSE = "terms-change"


def version_to_accept(*, user: Any, now: datetime) -> Version | None:
    """The version in force that this person still has to accept; None when there is nothing to ask."""
    asking = Version.objects.asking(now)
    if asking is None:
        return None
    accepted = Acceptance.objects.filter(user=user, version__number__gte=asking.number, accepted_at__isnull=False)
    return None if accepted.exists() else asking


def number_in_force(*, now: datetime) -> int | None:
    """The version that an order accepts; None before the first. ``settings.TERMS_IN_FORCE`` names this for contracts."""
    holding = Version.objects.in_force(now)
    return holding.number if holding else None


def accept(*, user: Any, number: int, now: datetime) -> bool:
    """This person accepts a version in force; False when there is none of that number. The first time counts."""
    version = Version.objects.filter(number=number, effective_at__lte=now).first()
    if version is None:
        return False
    row, _made = Acceptance.objects.get_or_create(user=user, version=version)
    Acceptance.objects.filter(pk=row.pk, accepted_at=None).update(accepted_at=now)
    return True


def shown(*, user: Any, version: Version, now: datetime) -> None:
    """This person opened this version; the first time counts."""
    row, _made = Acceptance.objects.get_or_create(user=user, version=version, defaults={"shown_at": now})
    Acceptance.objects.filter(pk=row.pk, shown_at=None).update(shown_at=now)


def announce(*, operator: Operator, now: datetime, limit: int = BATCH) -> int:
    """Write to at most ``limit`` people who were not told yet of the version that waits; how many letters those were.

    Each is noted as told with the letter itself, which waits in the outbox. Whose letter no mail server took for days is not
    told, and is written to anew, so that one that was down loses nobody.
    """
    pending = Version.objects.pending(now)
    if pending is None or pending.change != Change.LOOSER:
        return 0
    _forget_who_was_not_reached(pending)
    before = Version.objects.in_force(now)
    untold = User.objects.filter(is_active=True).exclude(email="")
    untold = untold.exclude(acceptances__version=pending, acceptances__notified_at__isnull=False)
    told = 0
    for person in untold.order_by("pk")[:limit]:
        with transaction.atomic():
            row, _made = Acceptance.objects.get_or_create(user=person, version=pending)
            if Acceptance.objects.filter(pk=row.pk, notified_at=None).update(notified_at=now):
                _tell(person, pending, before, operator, now)
                told += 1
    return told


def _forget_who_was_not_reached(pending: Version) -> None:
    given_up = Letter.objects.filter(
        user=OuterRef("user"), purpose=PURPOSE, outcome=Letter.Outcome.GIVEN_UP, ended_at__gte=OuterRef("notified_at")
    )
    Acceptance.objects.filter(Exists(given_up), version=pending).update(notified_at=None)


def _tell(person: User, pending: Version, before: Version | None, operator: Operator, now: datetime) -> None:
    from django.utils import translation

    language = person.language or operator.service.language
    home = operator.service.console_url
    with translation.override(language):
        day = written_day(pending.effective_at.astimezone(operator.zone).date())
    changes = f"{home}/terms/changes/{before.number}..{pending.number}" if before else f"{home}/terms/{pending.number}"
    send_letter(
        purpose=PURPOSE,
        template="terms/email/announced",
        now=now,
        person=person,
        to=person.email,
        language=language,
        given={"day": day, "changes_url": changes},
    )
