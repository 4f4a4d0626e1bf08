"""A process of its own that does the whole of a month's bills, and dies at the step that it is told.

It reads lines of a month (YYYYMM) and a step from its input and forks for each: the fork rehearses the month, signs it off,
issues it and announces the bills, as far as that is not done, and kills itself (SIGKILL) right before that step; step 0 is
never. A step is a statement to the database, a COPY or a commit (before and after it). Answers with a line for each: ``done`` and
how many steps there were, or ``killed``.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

CHUNK = 2


def main() -> None:
    from django.urls import get_resolver
    from django.utils import translation

    from bonafide.cli import start_django

    start_django()
    get_resolver().url_patterns  # noqa: B018 - all that a fork would have to import first
    translation.gettext("Bill")
    say("ready")
    for line in sys.stdin:
        month, step = map(int, line.split())
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            work(month, step, writing)
        os.close(writing)
        _pid, status = os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            said = pipe.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        say("killed" if killed else f"done {said}" if said else f"failed with status {status}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def work(month: int, step: int, writing: int) -> NoReturn:
    """In the fork: whatever happens, it ends here."""
    try:
        os.write(writing, str(whole(month, Steps(step))).encode())
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


class Steps:
    """Counts steps and dies before the last one."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def __call__(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The same function as two steps: before it and after it."""

        def stepping(*args: Any, **values: Any) -> Any:
            self()
            answer = real(*args, **values)
            self()
            return answer

        return stepping

    def statement(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self()
        return execute(sql, params, many, context)


def whole(month_key: int, steps: Steps) -> int:
    """Everything, counted; how many steps it took."""
    from django.conf import settings
    from django.db import connection

    from bonafide.billing import compute, run, write
    from bonafide.billing.runs import rehearse_all as table
    from bonafide.periods import Month

    compute.CHUNK = run.CHUNK = table.CHUNK = CHUNK
    if connection.vendor == "postgresql":  # COPY goes past the wrapper of statements
        write.insert_rows = steps.around(write.insert_rows)
    billing = settings.OPERATOR.billing.model_copy(update={"sign_off": "required"})
    with connection.execute_wrapper(steps.statement):
        connection._commit = steps.around(connection._commit)
        do(Month.from_key(month_key), settings.OPERATOR.model_copy(update={"billing": billing}))
    return steps.count


def do(month: Any, operator: Any) -> None:
    """What the staff and the workers do, one after the other; each part is asked again when it was cut off."""
    from bonafide.accounts.models import User
    from bonafide.billing.models import Rehearsal
    from bonafide.billing.runs.announce import announce_bills
    from bonafide.billing.runs.ask import ask_issuing, ask_rehearsal
    from bonafide.billing.runs.issue_signed import work_issuing
    from bonafide.billing.runs.rehearse_all import rehearse_all
    from bonafide.billing.runs.sign_off import sign_off

    now = datetime(month.next().year, month.next().month, 1, 8, tzinfo=UTC)
    newest = Rehearsal.objects.of_month(month.key).first()
    if newest is None or newest.ended_at is None:
        asked = ask_rehearsal(month=month, now=now)
        newest = rehearse_all(rehearsal_id=asked.pk, operator=operator, clock=lambda: now)
    sign_off(rehearsal_id=newest.pk, by=User.objects.get(username="camille"), operator=operator, now=now)
    issuing = ask_issuing(month=month, operator=operator, now=now)
    done = work_issuing(issuing_id=issuing.pk, operator=operator, clock=lambda: now)
    if done is not None and (done.fault or done.stopped or done.left_out):
        raise SystemExit(f"{month}: {done.fault or 'something stopped'}")
    announce_bills(operator=operator, now=now)


if __name__ == "__main__":
    main()
