"""Deletes what was promised to be kept no longer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from bonafide.operator import Operator
from bonafide.privacy.access_log import folder
from bonafide.privacy.holds import held_lines
from bonafide.privacy.log_files import Swept, look_at_logs, sweep_logs
from bonafide.privacy.models import SweepRun
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

    What could not be deleted is said in our own log too.
    """
    cutoff = log_cutoff(operator=operator, now=now)
    with written_down(kind=SweepRun.Kind.LOGS, now=now, cutoffs={"logs.days": cutoff}) as told:
        swept = sweep_logs(folders=log_folders(operator=operator), cutoff=cutoff, keep=held_lines(now))
        counts = {name: getattr(swept, name) for name in ("files", "lines_deleted", "files_deleted", "held")}
        told.counts, told.faults = {"logs": counts}, swept.faults
    for fault in swept.faults:
        logger.error("old lines of a log could not be deleted: %s", fault)
    return swept


def look_at_old_logs(*, operator: Operator, now: datetime, grace: timedelta = timedelta(0)) -> Swept:
    """The same look without deleting anything; ``oldest`` leaves out what is held and late by more than ``grace``."""
    cutoff = log_cutoff(operator=operator, now=now - grace)
    return look_at_logs(folders=log_folders(operator=operator), cutoff=cutoff, keep=held_lines(now))
