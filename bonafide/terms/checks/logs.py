"""The checks of what is logged, and of how long logs and IP addresses stay."""

from __future__ import annotations

import json
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from bonafide.holdings import Kind
from bonafide.operator import Operator
from bonafide.privacy.access_log import FIELDS, PREFIX, SUFFIX, cut_short, folder
from bonafide.privacy.checks import files_are_declared, logs_are_declared
from bonafide.privacy.inventory import oldest_address, undeclared_columns
from bonafide.privacy.sweep import log_cutoff, look_at_old_logs
from bonafide.privacy.sweep_rows import due_rows, held_addresses
from bonafide.terms.checks.trying import get, new_browser
from bonafide.terms.finding import Finding

# The sweep comes every hour; twice that is late.
GRACE = timedelta(hours=2)
_LINES = 5_000


def log_says_no_more(operator: Operator, now: datetime) -> Finding:
    """The youngest lines of the access log hold exactly what is declared, with addresses as the operator chose."""
    looked = 0
    get(new_browser(), "/legal")  # so that there is a line to look at
    for path in sorted(folder().glob(f"{PREFIX}*{SUFFIX}"))[-2:]:
        for line in _last(path):
            looked += 1
            fault = _fault(line, operator, now)
            if fault:
                return Finding({"lines": looked}, fault)
    silent = operator.logs.access != "off" and not looked
    return Finding({"lines": looked}, "the access log is on and holds no line" if silent else "")


def _last(path: Path) -> deque[str]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return deque(lines, _LINES)


def _fault(line: str, operator: Operator, now: datetime) -> str:
    try:
        written = json.loads(line)
        at = datetime.fromisoformat(written["at"])
    except (ValueError, KeyError, TypeError):
        return "a line of the access log is not what the console writes"
    if tuple(written) != FIELDS:
        return f"a line of the access log holds {', '.join(sorted(set(written) - set(FIELDS))) or 'other fields'}"
    # What was written before the operator changed their mind goes with its age.
    recent = now - timedelta(hours=36) < at
    if operator.logs.access == "off" and recent:
        return "the access log is switched off and was written"
    if operator.logs.access == "truncated" and recent and written["ip"] != cut_short(written["ip"]):
        return "an address in the access log is not cut short"
    return ""


def logs_are_swept(operator: Operator, now: datetime) -> Finding:
    """No line of any log, rotated and compressed ones included, is older than promised."""
    looked = look_at_old_logs(operator=operator, now=now, grace=GRACE)
    oldest = (now - looked.oldest).days if looked.oldest else 0
    counts = {"files": looked.files, "days": max(oldest, 0)}
    missing = [path for path in operator.logs.directories if not Path(path).is_dir()]
    if missing:
        return Finding(counts, f"the declared folder {missing[0]} is not there, so it could not be looked at")
    if looked.faults:
        return Finding(counts, f"a log could not be read: {looked.faults[0]}")
    if looked.oldest is not None and looked.oldest < log_cutoff(operator=operator, now=now) - GRACE:
        return Finding(counts, f"a line of a log is {oldest} days old: at most {operator.logs.days} were promised")
    strange = [*logs_are_declared(), *files_are_declared()]
    return Finding(counts, _without_paths(str(strange[0].msg)) if strange else "")


def _without_paths(fault: str) -> str:
    """What is published does not say where on the machine the instance is."""
    return fault.replace(f"{settings.INSTANCE.home}", "the instance's folder")


def addresses_are_erased(operator: Operator, now: datetime) -> Finding:
    """No IP address of a person, in any table, was seen longer ago than promised, but for what a legal hold keeps."""
    oldest = oldest_address()
    counts = {"addresses": held_addresses(), "days": max((now - oldest).days, 0) if oldest else 0}
    late = due_rows(operator=operator, now=now, grace=GRACE, kinds=(Kind.ADDRESSES,))
    if late:
        days = counts["days"]
        return Finding(counts, f"an IP address is {days} days old: at most {operator.retention.ip_months} months were promised")
    # What nobody declared is swept by nobody.
    strange = undeclared_columns(connection)
    return Finding(counts, f"nobody knows what the database holds: {strange[0]}" if strange else "")
