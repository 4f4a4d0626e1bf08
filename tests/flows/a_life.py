"""What happens at an operator's in a day, with something in it that can be found again, and where to look for it."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
import lzma
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from logging.handlers import WatchedFileHandler
from pathlib import Path

import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import get_resolver, path, reverse
from django_tasks import task

from bonafide.accounts.api_keys import make_key
from bonafide.accounts.models import Account, ApiKey, User
from bonafide.background.work import run_waiting
from bonafide.privacy.access_log import folder
from bonafide.serving import declared_schedules
from bonafide.sessions.models import Session
from bonafide.sessions.store import SessionStore
from tests import postgres
from tests.accounts.confirmed import confirm
from tests.factories.accounts import enter, make_member, make_user
from tests.factories.billing import make_invoice
from tests.factories.privacy import visiting
from tests.factories.usage import make_meter

PASSWORD = "four plain unrelated words"
OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@task()
def stumble(text: str) -> None:
    """A task that was given something it should not have been, and says it again in what goes wrong."""
    raise ValueError(f"cannot work on {text}")


@dataclass(frozen=True)
class Day:
    """``serial`` is a number of one digit that sets what happens on this day apart from all other days."""

    at: datetime
    serial: int
    others: Path  # the folder of logs that others write

    def ip(self, number: int) -> str:
        return f"203.0.113.{100 + 10 * number + self.serial}"

    def email(self, name: str) -> str:
        return f"canary-{name}-{self.serial}@trace.example"

    def word(self, name: str) -> str:
        return f"canary-{name}-{self.serial}"

    def happens(self, pytest_patch: object) -> None:
        """Everything of this day, a minute apart."""
        steps = (self._sign_up, self._guess, self._sign_in, self._invite, self._change_address, self._program, self._bill,
                 self._staff, self._fail, self._break(pytest_patch), self._logs_of_others)  # fmt: skip
        for minute, step in enumerate(steps):
            with time_machine.travel(self.at + timedelta(minutes=minute), tick=False):
                step()

    def _browser(self, number: int) -> Client:
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/77{self.serial}{number}.0"
        return Client(raise_request_exception=False, REMOTE_ADDR=self.ip(number), headers={"User-Agent": agent})

    def _sign_up(self) -> None:
        browser, email = self._browser(1), self.email("new")
        answer = browser.post(reverse("account_signup"), {"username": self.word("person"), "email": email, "password1": PASSWORD})
        assert answer.status_code == 302, answer.content
        assert browser.post(link_of_letter(email, r"/account/confirm-email/\S+")).status_code == 302

    def _guess(self) -> None:
        assert User.objects.filter(username=self.word("person")).exists()
        for typed in (self.word("person"), self.email("typed")):
            self._browser(2).post(reverse("account_login"), {"login": typed, "password": "wrong words altogether"})

    def _sign_in(self) -> None:
        """And a click from another network, ten minutes later: the session then holds that address alone. And out."""
        browser = self._browser(3)
        answer = browser.post(reverse("account_login"), {"login": self.word("person"), "password": PASSWORD})
        assert answer.status_code == 302, answer.content
        with time_machine.travel(self.at + timedelta(minutes=12), tick=False):
            assert browser.get("/settings/profile", REMOTE_ADDR=self.ip(4)).status_code == 200
        with time_machine.travel(self.at + timedelta(minutes=13), tick=False):
            assert browser.post(reverse("account_logout")).status_code == 302

    def _owner(self, name: str) -> tuple[Client, User]:
        owner = make_member(username=self.word(name), email=self.email(name), password=PASSWORD)
        EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
        browser = self._browser(5)
        browser.force_login(owner)
        return confirm(browser, owner), owner

    def _invite(self) -> None:
        browser, _owner = self._owner("host")
        answer = browser.post("/settings/members/invite", {"email": self.email("invited"), "role": "viewer"})
        assert answer.status_code == 302, answer.content

    def _change_address(self) -> None:
        """One change is confirmed, so that the old address is written to; another is asked for and withdrawn."""
        browser, owner = self._owner("before")
        browser.post("/settings/profile/email", {"email": self.email("after")})
        assert browser.post(link_of_letter(self.email("after"), r"/confirm-address/\S+")).status_code in (200, 302)
        owner.refresh_from_db()
        assert owner.email == self.email("after")
        browser, owner = self._owner("steady")
        browser.post("/settings/profile/email", {"email": self.email("withdrawn")})
        assert browser.post("/settings/profile/email/cancel").status_code == 302

    def _program(self) -> None:
        account, meter = Account.objects.get(memberships__user__username=self.word("person")), make_meter(self.word("meter"))
        _key, text = make_key(account=None, name="k", scopes=list(ApiKey.Scope.values), expires_at=None, now=self.at)
        sent = {
            "id": "1", "source": self.word("source"), "account": account.reference, "meter": meter.code,
            "time": self.at.isoformat(), "quantity": "1", "dimensions": {"machine": self.word("machine")},
        }  # fmt: skip
        answer = self._browser(6).post(
            "/api/v1/events", json.dumps(sent), content_type="application/json", headers={"Authorization": f"Bearer {text}"}
        )
        assert answer.json()["accepted"] == 1, answer.content

    def _bill(self) -> None:
        account = Account.objects.get(memberships__user__username=self.word("person"))
        Account.objects.filter(pk=account.pk).update(name=self.word("billed"))
        account.refresh_from_db()
        make_invoice(account=account, now=self.at)

    def _staff(self) -> None:
        account = Account.objects.get(memberships__user__username=self.word("person"))
        desk = self._browser(7)
        enter(desk, make_user(is_staff=True, is_superuser=True))
        record = reverse("admin:accounts_account_change", args=[account.pk])
        asked = desk.get(record)
        assert desk.post(asked["Location"], {"reason": self.word("look")}, follow=True).status_code == 200
        guide = self._browser(8)
        visiting(guide, account, reason=self.word("visit"))
        assert guide.get("/bills").status_code == 200

    def _fail(self) -> None:
        stumble.enqueue(self.email("argument"))
        run_waiting(worker_id="w", stopping=lambda: False)

    def _break(self, patch: object) -> object:
        def broken(request: object) -> None:
            raise ValueError(f"no room for {self.email('stack')}")

        def ask() -> None:
            patterns = [*get_resolver().url_patterns, path("break", broken)]
            patch.setattr(get_resolver(), "url_patterns", patterns)  # type: ignore[attr-defined]
            assert self._browser(9).get("/break").status_code == 500
            patch.undo()  # type: ignore[attr-defined]

        return ask

    def _logs_of_others(self) -> None:
        """As a proxy and its rotation leave them: in the file of the moment, in one of yesterday's, in compressed ones."""
        nginx = f'{self.ip(0)} - - [{self.at:%d/%b/%Y:%H:%M:%S %z}] "GET / HTTP/1.1" 200 612 "-" "-"\n'
        syslog = f"{self.at:%b %d %H:%M:%S} proxy haproxy[1]: {self.ip(0)}:3233 [...] 200\n"
        for name, line in (("access.log", nginx), (f"access.log.{self.serial}", nginx), (f"old-{self.serial}.gz", nginx),
                           (f"sys-{self.serial}.xz", syslog)):  # fmt: skip
            file = self.others / name
            with OPENERS.get(file.suffix, open)(file, "ab") as written:  # type: ignore[operator]
                written.write(line.encode())
            os.utime(file, (self.at.timestamp(), self.at.timestamp()))


def link_of_letter(recipient: str, pattern: str) -> str:
    """The path of the link in the last letter to somebody, once the workers have been round."""
    run_waiting(worker_id="w", stopping=lambda: False)
    for file in sorted(Path(settings.EMAIL_FILE_PATH).iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True):
        for text in reversed(letters_of(file)):
            if recipient in text and (found := re.search(rf"http\S+?({pattern})", text)):
                return found[1]
    raise AssertionError(f"no letter to {recipient} with {pattern}")


def letters_of(file: Path) -> list[str]:
    """Each letter of a file of Django's: its recipient and its text, decoded."""
    letters = []
    for part in file.read_bytes().split(b"-" * 79 + b"\n"):
        letter = message_from_bytes(part, policy=policy.default)
        body = letter.get_body(("plain",))
        if body is not None:
            letters.append(f"To: {letter['To']}\n{body.get_content()}")
    return letters


@contextmanager
def journal(file: Path) -> Iterator[None]:
    """Our own log in a file, as whoever runs the service may keep it."""
    written = WatchedFileHandler(file)
    line = settings.LOGGING["formatters"]["line"]
    written.setFormatter(logging.Formatter(line["format"], line["datefmt"]))
    logging.getLogger().addHandler(written)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(written)
        written.close()


@contextmanager
def open_elsewhere() -> Iterator[None]:
    """Another process has SQLite's file open, as always in life: nobody is the last, who would clear its log away."""
    if connection.vendor != "sqlite":
        yield
        return
    other = sqlite3.connect(connection.settings_dict["NAME"])
    try:
        other.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield
    finally:
        other.close()


LEFT_OUT = {"check-promises"}  # looks, and deletes nothing


def run_what_recurs() -> None:
    """Every task that any package declares for its time, once; those that they enqueue, too."""
    from django.utils.module_loading import import_string

    for schedule in declared_schedules():
        if schedule.name not in LEFT_OUT:
            import_string(schedule.task).call()
    run_waiting(worker_id="w", stopping=lambda: False)


def everything(*, others: Path) -> dict[str, bytes]:
    """Every byte that is kept, by place."""
    home = Path(settings.INSTANCE.home)
    return {
        "database": _database() + _sessions(),
        "logs": b"".join(_plain(file) for place in (folder(), others) for file in _files(place)),
        "letters": b"".join(file.read_bytes() for file in _files(Path(settings.EMAIL_FILE_PATH))),
        "documents": b"".join(file.read_bytes() for file in _files(home / "documents")),
    }


def _files(place: Path) -> list[Path]:
    return [file for file in sorted(place.rglob("*")) if file.is_file()]


def _plain(file: Path) -> bytes:
    with OPENERS.get(file.suffix, open)(file, "rb") as stream:  # type: ignore[operator]
        return bytes(stream.read())


def _database() -> bytes:
    """SQLite's file as it lies on the disk, free pages and all; what pg_dump writes of PostgreSQL."""
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        log_ahead = file.with_name(f"{file.name}-wal")
        return file.read_bytes() + (log_ahead.read_bytes() if log_ahead.exists() else b"")
    kept = connection.settings_dict
    programs = postgres.binaries()
    assert programs is not None
    done = subprocess.run(
        [programs / "pg_dump", "--data-only", "-h", kept["HOST"], "-p", str(kept["PORT"]), "-U", kept["USER"], kept["NAME"]],
        env={**os.environ, "PGPASSWORD": kept["PASSWORD"]},
        capture_output=True,
        check=True,
    )
    return done.stdout


def _sessions() -> bytes:
    """What sessions carry, which is compressed where it lies."""
    return json.dumps([SessionStore().decode(row.data) for row in Session.objects.exclude(data="")], default=str).encode()
