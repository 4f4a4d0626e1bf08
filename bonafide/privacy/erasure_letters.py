"""The letters about an erasure: when it was asked for, and when it is done. Both wait in the outbox until they have left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from bonafide.mail.send import send_letter
from bonafide.privacy.erase_rows import Left
from bonafide.privacy.models import Erasure


def tell_of_asking(*, erasure: Erasure) -> None:
    """To the person: what will happen, when, and how it is withdrawn. Call it in the transaction in which it is asked for."""
    user = erasure.person
    if user is None or not user.email:
        return
    send_letter(
        purpose="erasure",
        template="privacy/email/erasure_asked",
        to=user.email,
        language=user.language or settings.LANGUAGE_CODE,
        now=erasure.asked_at,
        person=user,
        given={
            "by_staff": erasure.by != Erasure.By.THEMSELVES,
            "due_at": erasure.due_at,
            "sign_in_url": settings.OPERATOR.service.console_url + reverse("account_login"),
        },
    )


def tell_of_erasure(*, address: str, language: str, left: Iterable[Left], now: datetime) -> None:
    """The last letter, in the erasure's own transaction: once it has left (in three days at most) nothing knows the address."""
    if not address:
        return
    send_letter(
        purpose="erasure",
        template="privacy/email/erased",
        to=address,
        language=language or settings.LANGUAGE_CODE,
        now=now,
        given={"done_at": now, "left": [one for one in left if not one.secret]},
    )
