"""Letters: each for a declared purpose, none to who had refused it, and none that waits for ever."""

from __future__ import annotations

from datetime import datetime

from bonafide.mail.check_letters import letters_have_purposes
from bonafide.operator import Operator
from bonafide.terms.finding import Finding


def letters_are_as_declared(operator: Operator, now: datetime) -> Finding:
    """What the rows of letters say."""
    found = letters_have_purposes(now=now)
    return Finding(found.counts, found.fault)
