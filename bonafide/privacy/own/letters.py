"""The letters about an erasure: when it was asked for, and when it is done."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from bonafide.mail.send import send_letter
from bonafide.privacy.erase import Erased
from bonafide.privacy.models import Erasure


def tell_of_asking(*, erasure: Erasure) -> None:
    """To the person: what will happen, when, and how it is withdrawn. Call it outside of transactions."""
    user = erasure.person
    if user is None or not user.email:
        return
    send_letter(
        template="privacy/email/erasure_asked",
        to=user.email,
        language=user.language or settings.LANGUAGE_CODE,
        given={
            "user": user,
            "by_staff": erasure.by != Erasure.By.THEMSELVES,
            "due_at": erasure.due_at,
            "sign_in_url": settings.OPERATOR.service.console_url + reverse("account_login"),
        },
    )


def tell_of_erasure(*, erased: Erased) -> None:
    """The last letter, to an address that nothing here knows any more: it is tried once. Call it outside of transactions."""
    if not erased.address:
        return
    send_letter(
        template="privacy/email/erased",
        to=erased.address,
        language=erased.language or settings.LANGUAGE_CODE,
        given={
            "done_at": erased.erasure.done_at,
            "left": [left for left in erased.left if not left.secret],
        },
    )
