"""Deletes what was promised to be kept no longer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from bonafide.accounts.models import User
from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.privacy.access_log import folder
from bonafide.privacy.holds import held_lines
from bonafide.privacy.kept import held_at
from bonafide.privacy.log_files import Swept, look_at_logs, sweep_logs
from bonafide.privacy.models import SweepRun
from bonafide.privacy.sweep_letters import sweep_letter_files
from bonafide.privacy.sweep_runs import written_down

logger = logging.getLogger(__name__)


def log_folders(*, operator: Operator) -> list[Path]:
    """Every folder whose logs are swept: our own and those that the operator declared."""
    return [folder(), *map(Path, operator.logs.directories)]


def log_cutoff(*, operator: Operator, now: datetime) -> datetime:
    """The moment before which no line of a log may be."""
    return now - timedelta(days=operator.logs.days)


def sweep_old_logs(*, operator: Operator, now: datetime) -> Swept:
    """Delete every line of a log that is older than the operator promised, unless a hold keeps it, and write down what was done.

    The letters that lie in a folder while the console is tried out go with them, by ``retention.letters_days``. What could not be
    deleted is said in our own log too.
    """
    cutoff = log_cutoff(operator=operator, now=now)
    letters_cutoff = now - timedelta(days=operator.retention.letters_days)
    cutoffs = {"logs.days": cutoff, "retention.letters_days": letters_cutoff}
    with written_down(kind=SweepRun.Kind.LOGS, now=now, cutoffs=cutoffs) as told:
        swept = sweep_logs(folders=log_folders(operator=operator), cutoff=cutoff, keep=held_lines(now))
        counts = {name: getattr(swept, name) for name in ("files", "lines_deleted", "files_deleted", "held")}
        letters = sweep_letter_files(folder=settings.INSTANCE.letters, cutoff=letters_cutoff, held=_addresses_held(now))
        swept.faults += letters.faults
        told.faults = swept.faults
        told.counts = {"logs": counts, "letters": {name: getattr(letters, name) for name in ("files", "files_deleted", "held")}}
    for fault in swept.faults:
        logger.error("an old line of a log, or an old letter, could not be deleted: %s", fault)
    return swept


def _addresses_held(now: datetime) -> list[str]:
    """Whose letters a hold keeps."""
    people = held_at(now).people.get(Kind.LETTERS, set())
    return list(User.objects.filter(pk__in=people).values_list("email", flat=True)) if people else []


def look_at_old_logs(*, operator: Operator, now: datetime, grace: timedelta = timedelta(0)) -> Swept:
    """The same look without deleting anything; ``oldest`` leaves out what is held and late by more than ``grace``."""
    cutoff = log_cutoff(operator=operator, now=now - grace)
    return look_at_logs(folders=log_folders(operator=operator), cutoff=cutoff, keep=held_lines(now))
