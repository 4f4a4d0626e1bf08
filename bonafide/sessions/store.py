"""The session engine: one row of the ledger is the session itself, so that ending it is one statement that nothing undoes.

Every write names the row by the hash of the cookie's key and demands that it has not ended. A request in flight whose session
was ended meanwhile therefore writes nothing, and is told so (``UpdateError``).
"""

# mypy: disable-error-code="attr-defined"
# (the stubs leave out the underscored parts of SessionBase that an engine is made of)

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY as USER_ID
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from bonafide.sessions.client import Client
from bonafide.sessions.models import Reason, Session, overdue

TOUCH_EVERY = timedelta(minutes=5)
METHODS = "account_authentication_methods"  # where allauth keeps how a person proved who they are
NOBODY = Client(address=None, browser="", system="")


def key_hash(key: str) -> str:
    """What is kept of a cookie's key."""
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


class SessionStore(SessionBase):
    """Django's session interface over the ledger. ``client`` says from where the request comes."""

    def __init__(self, session_key: str | None = None, *, client: Client = NOBODY) -> None:
        super().__init__(session_key)
        self.client = client
        self.row: Session | None = None

    # --- Reading ---
    def load(self) -> dict[str, Any]:
        row = self._read()
        if row is None:
            self._session_key = None  # never take over a key that we did not give out, or that has ended
            return {}
        self.row = row
        return dict(self.decode(row.data))

    def _read(self) -> Session | None:
        now = self._now()
        row = Session.objects.filter(key_hash=key_hash(self.session_key or ""), ended_at=None).first()
        if row is None:
            return None
        if _is_overdue(row, now):
            expire(now=now, only=row)
            return None
        return row

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key_hash=key_hash(session_key)).exists()

    # --- Writing ---
    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        if must_create:
            self._insert(data)
            return None
        values = {"data": self.encode(data), **self._owner(data)}
        if not Session.objects.filter(key_hash=key_hash(self.session_key), ended_at=None).update(**values):
            raise UpdateError
        return None

    def _insert(self, data: dict[str, Any]) -> None:
        now = self._now()
        row = Session(
            key_hash=key_hash(self.session_key or ""),
            data=self.encode(data),
            created_at=now,
            last_seen_at=now,
            **self._owner(data),
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise CreateError from None
        self.row = row

    def _owner(self, data: dict[str, Any]) -> dict[str, Any]:
        """What a row says of its person; nothing while nobody is signed in."""
        if USER_ID not in data:
            return {}
        found: dict[str, Any] = {"user_id": int(data[USER_ID]), "how": how(data.get(METHODS, []))}
        if self.row is None or self.row.user_id is None:
            staff = get_user_model().objects.filter(pk=found["user_id"], is_staff=True).exists()
            found |= {"browser": self.client.browser, "system": self.client.system, "staff": staff}
            if self.client.address:
                found |= {"address": self.client.address, "address_seen_at": self._now()}
        return found

    def cycle_key(self) -> None:
        """A new key for the same session. A signed-in one keeps its row; if that has ended meanwhile, so has this."""
        data = self._session
        old = self.session_key
        if old is None or self.row is None or self.row.user_id is None:
            self.create()
            self._session_cache = data
            if old:
                self.delete(old)
            return
        new = self._get_new_session_key()
        if not Session.objects.filter(key_hash=key_hash(old), ended_at=None).update(key_hash=key_hash(new)):
            raise UpdateError
        self._session_key = new
        self.modified = True

    # --- Ending ---
    def delete(self, session_key: str | None = None, *, reason: Reason = Reason.SIGNED_OUT) -> None:
        key = session_key or self.session_key
        if key is None:
            return
        mine = Session.objects.filter(key_hash=key_hash(key))
        mine.filter(user=None).delete()
        mine.filter(ended_at=None).update(ended_at=self._now(), end_reason=reason, data="")

    @classmethod
    def clear_expired(cls) -> None:
        expire(now=timezone.now())  # noqa: TID251 - Django asks for this without a time

    def touch(self) -> None:
        """Note that the session was used, at most every five minutes, only forward, and never on one that has ended."""
        now = self._now()
        row = self.row
        if row is None or row.user_id is None or now - row.last_seen_at < TOUCH_EVERY:
            return
        seen: dict[str, Any] = {"last_seen_at": now}
        if self.client.address:
            seen |= {"address": self.client.address, "address_seen_at": now}
        Session.objects.filter(pk=row.pk, ended_at=None, last_seen_at__lt=now).update(**seen)

    @staticmethod
    def _now() -> datetime:
        return timezone.now()  # noqa: TID251 - an engine is called by Django, without a time


def how(methods: list[dict[str, Any]]) -> str:
    """How somebody proved who they are, as codes joined by ``+``: ``password+totp``, ``webauthn``, ``socialaccount:acme``."""
    codes: list[str] = []
    for method in methods:
        code = str(method.get("type") or method.get("method") or "")
        if code == "socialaccount":
            code = f"socialaccount:{method.get('provider', '')}"
        if code and code not in codes:
            codes.append(code)
    return "+".join(codes)[:120]


def _is_overdue(row: Session, now: datetime) -> bool:
    limits = settings.OPERATOR.sessions
    idle, absolute = (
        (limits.staff_idle_minutes, limits.staff_absolute_hours) if row.staff else (limits.idle_minutes, limits.absolute_hours)
    )
    return now - row.last_seen_at >= timedelta(minutes=idle) or now - row.created_at >= timedelta(hours=absolute)


def expire(*, now: datetime, only: Session | None = None) -> int:
    """End what is overdue, in one statement, and delete visitors' rows; how many people's sessions ended."""
    rows = Session.objects.filter(ended_at=None).filter(overdue(now=now, limits=settings.OPERATOR.sessions))
    if only is not None:
        rows = rows.filter(pk=only.pk)
    rows.filter(user=None).delete()
    return rows.update(ended_at=now, end_reason=Reason.EXPIRED, data="")
