"""Letters leave through the door too, and what the mail server of somebody else was given is written down."""

from __future__ import annotations

from contextlib import ExitStack
from smtplib import SMTPHeloError, SMTPNotSupportedError, SMTPSenderRefused
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend as DjangoBackend
from django.utils import timezone

from bonafide.outgoing.client import Passage, passing, reaching
from bonafide.outgoing.processors import is_own
from bonafide.outgoing.words import LETTER, Field

CLAUSE = "U1"
_BEFORE_THE_ADDRESS = (SMTPHeloError, SMTPNotSupportedError, SMTPSenderRefused)


class EmailBackend(DjangoBackend):
    """Django's, which speaks to ``mail.host`` and nobody else."""

    def open(self) -> bool | None:
        """:raises NotDeclared: which is an ``OSError``, as of a server that is not there."""
        if self.connection:
            return False
        with reaching(host=self.host):
            return super().open()

    def _send(self, email_message: EmailMessage) -> bool:
        with ExitStack() as stack:
            passages = [] if is_own(host=self.host) else [stack.enter_context(one) for one in self._passages(email_message)]
            try:
                sent = bool(super()._send(email_message))  # type: ignore[misc]
            except _BEFORE_THE_ADDRESS:
                raise
            except BaseException:
                _mark(passages, left=True)
                raise
            _mark(passages, left=True)
            return sent

    def _passages(self, letter: EmailMessage) -> list[Any]:
        """One for each address that the letter goes to."""
        now = timezone.now()  # noqa: TID251 - Django calls without a time
        return [
            passing(to=self.host, clause=CLAUSE, now=now, **whose(letter=letter, address=address))
            for address in letter.recipients()
        ]


def _mark(passages: list[Passage], *, left: bool) -> None:
    for passage in passages:
        passage.left = left


def whose(*, letter: EmailMessage, address: str) -> dict[str, Any]:
    """About whom a letter is and on which occasion, and which fields of theirs it carries.

    Who wrote it may say so in ``letter.about`` = (person's id, account's id, purpose); else it is for who has the address.
    """
    person, account, purpose = getattr(letter, "about", None) or (None, None, None)
    person = person or _person_at(address)
    fields = [Field.EMAIL, Field.LETTER]
    name = get_user_model().objects.filter(pk=person).values_list("username", flat=True).first() if person else None
    if name and name in str(letter.body):
        fields.insert(1, Field.USERNAME)
    return {"person": person, "account": account, "occasion": str(purpose or LETTER)[:40], "fields": fields}


def _person_at(address: str) -> int | None:
    """Who has confirmed the address; else who has given it, if that is one person; None when it is nobody's."""
    at = EmailAddress.objects.filter(email__iexact=address)
    confirmed: int | None = at.filter(verified=True).values_list("user_id", flat=True).first()
    if confirmed:
        return confirmed
    given = set(at.values_list("user_id", flat=True)[:2])
    return given.pop() if len(given) == 1 else None
