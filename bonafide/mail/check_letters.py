"""What proves that we write for declared purposes alone, and that a refusal is kept: a look at every letter's row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from bonafide.mail.models import Letter, Refusal
from bonafide.mail.purposes import PURPOSES, refusable_codes

# A refusal that was pressed while its letter was on the way to the mail server is no breach; a minute is long for that.
OVERLAP = timedelta(minutes=1)
# The workers come round every minute, and try each letter at least once an hour.
TOO_LONG = timedelta(hours=2)


@dataclass(frozen=True)
class LettersFound:
    """What was counted; ``fault`` is the first thing that does not hold, empty when all does. Nothing personal."""

    letters: int
    refusals: int
    waiting: int
    given_up: int
    fault: str = ""

    @property
    def counts(self) -> dict[str, int]:
        return {"letters": self.letters, "refusals": self.refusals, "waiting": self.waiting, "given_up": self.given_up}


def letters_have_purposes(*, now: datetime) -> LettersFound:
    """Look at every letter that is still known of.

    Each has a declared purpose; no letter of information left after its reader had refused such letters; none waits for longer
    than the workers may take. Letters that no mail server would take are counted, and are no fault of the promise.
    """
    return LettersFound(
        letters=Letter.objects.count(),
        refusals=Refusal.objects.count(),
        waiting=Letter.objects.waiting().count(),
        given_up=Letter.objects.filter(outcome=Letter.Outcome.GIVEN_UP).count(),
        fault=_undeclared() or _sent_in_spite() or _stuck(now),
    )


def _undeclared() -> str:
    strange = Letter.objects.exclude(purpose__in=[purpose.code for purpose in PURPOSES]).count()
    return f"{strange} letters have a purpose that is not declared" if strange else ""


def _sent_in_spite() -> str:
    refused = Refusal.objects.filter(user=OuterRef("user"), purpose=OuterRef("purpose"), since__lt=OuterRef("ended_at") - OVERLAP)
    sent = Letter.objects.filter(purpose__in=refusable_codes(), outcome=Letter.Outcome.SENT)
    breaches = sent.filter(Exists(refused)).count()
    return f"{breaches} letters were sent to somebody who had refused them" if breaches else ""


def _stuck(now: datetime) -> str:
    late = Letter.objects.waiting().filter(try_at__lt=now - TOO_LONG).count()
    return (
        f"{late} letters wait for longer than {TOO_LONG // timedelta(hours=1)} hours: no worker or no server takes them"
        if late
        else ""
    )
