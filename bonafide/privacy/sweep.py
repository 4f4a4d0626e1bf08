"""Deletes what was promised to be kept no longer."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

from bonafide.operator import Operator
from bonafide.privacy.access_log import folder
from bonafide.privacy.log_files import Swept, sweep_logs

logger = logging.getLogger(__name__)


def log_folders(*, operator: Operator) -> list[Path]:
    """Every folder whose logs are swept: our own and those that the operator declared."""
    return [folder(), *map(Path, operator.logs.directories)]


def log_cutoff(*, operator: Operator, now: datetime) -> datetime:
    """The moment before which no line of a log may be."""
    return now - timedelta(days=operator.logs.days)


def sweep_old_logs(*, operator: Operator, now: datetime) -> Swept:
    """Delete every line of a log that is older than the operator promised; what could not be is said in our own log."""
    swept = sweep_logs(folders=log_folders(operator=operator), cutoff=log_cutoff(operator=operator, now=now))
    for fault in swept.faults:
        logger.error("old lines of a log could not be deleted: %s", fault)
    return swept
