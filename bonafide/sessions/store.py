"""The session engine: one row of the ledger is the session itself, so that ending it is one statement that nothing undoes.

Every write names the row by the hash of the cookie's key and demands that it has not ended. A request in flight whose session
was ended meanwhile therefore writes nothing, and is told so. See docs/decisions/0007-one-row-is-the-session.md.
"""

# mypy: disable-error-code="attr-defined"
# (the stubs leave out the underscored parts of SessionBase that an engine is made of)

from __future__ import annotations

import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY as PASSWORD_HASH
from django.contrib.auth import SESSION_KEY as USER_ID
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, SessionBase, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string

from bonafide.sessions.client import Client
from bonafide.sessions.lock import lock_person
from bonafide.sessions.models import Reason, Session, is_overdue

TOUCH_EVERY = timedelta(minutes=5)
METHODS = "account_authentication_methods"  # where allauth keeps how a person proved who they are
NOBODY = Client(address=None, browser="", system="")
# 32 letters and digits by the system's random source: 165 bits (ASVS 5.0 7.2.3 asks for 128).
KEY_LENGTH = 32
_KEY = re.compile(f"[{VALID_KEY_CHARS}]{{{KEY_LENGTH}}}")


def key_hash(key: str) -> str:
    """What is kept of a cookie's key."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class SessionStore(SessionBase):
    """Django's session interface over the ledger. ``client`` says from where the request comes; ``row`` is there once loaded."""

    _hashed = ""  # stands in for a key that is not known: see ``opens``

    def __init__(self, session_key: str | None = None, *, client: Client = NOBODY) -> None:
        super().__init__(session_key)
        self.client = client
        self.row: Session | None = None
        self._left: Session | None = None  # what this very request signed out of

    def _validate_session_key(self, key: str | None) -> bool:
        """What we cannot have given out is not even looked up, however long or odd it is."""
        return bool(key) and _KEY.fullmatch(str(key)) is not None

    def _get_new_session_key(self) -> str:
        """Not looked up first: the unique column would refuse a second one."""
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    # --- Reading ---
    def load(self) -> dict[str, Any]:
        row = self._open().first()
        data = dict(self.decode(row.data)) if row else {}
        # A person's row whose data name nobody (the secret key was changed, say) opens nothing and must not look as if it did.
        if row and (is_overdue(row, now=self._now(), limits=settings.OPERATOR.sessions) or row.user_id != _person(data)):
            self.delete(reason=Reason.EXPIRED)
            row = None
        if row is None:
            self._session_key = None  # never take over a key that we did not give out, or that has ended
            return {}
        self.row = row
        return data

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(key_hash=key_hash(session_key)).exists()

    @classmethod
    def opens(cls, hashed: str) -> bool:
        """Whether the cookie whose key has this hash opens anything now: a load like any other, by who has only the hash."""
        store = cls()
        store._hashed = hashed
        store.load()
        return store.row is not None

    def _open(self) -> Any:
        """The row of the key at hand, as long as it has not ended."""
        return Session.objects.filter(key_hash=self._hashed or key_hash(self.session_key or ""), ended_at=None)

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
        """Write the data, and whose they are.

        :raises UpdateError: when the session has ended meanwhile.
        :raises SessionInterrupted: when the person may not sign in any more.
        """
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        person = _person(data)
        if person is None or (self.row and self.row.user_id == person):
            return self._write(data, new=must_create)
        with transaction.atomic():
            self._write(data, new=must_create, **self._owner(data, person))
        return None

    def _write(self, data: dict[str, Any], *, new: bool, **values: Any) -> None:
        values |= {"data": self.encode(data), "how": how(data.get(METHODS, []))}
        if new:
            self.row = self._insert(values)
        elif not self._open().update(**values):
            raise UpdateError
        for name, value in values.items() if self.row else ():
            setattr(self.row, name, value)

    def _insert(self, values: dict[str, Any]) -> Session:
        now = self._now()
        key = self.session_key or ""
        try:
            with transaction.atomic():
                return Session.objects.create(key_hash=key_hash(key), created_at=now, last_seen_at=now, **values)
        except IntegrityError:
            if self.exists(key):
                raise CreateError from None
            raise

    def _owner(self, data: dict[str, Any], person: int) -> dict[str, Any]:
        """What a row says of the person that has just signed in, who is locked, so that no ending overlooks this session.

        :raises SessionInterrupted: when the login was closed, or the password changed, while somebody was signing in with it.
        """
        user = lock_person(person)
        if user is None or not _may_sign_in(user, data) or (self.row and self.row.user_id):
            raise SessionInterrupted("the person may not sign in")
        if self._left:
            Session.objects.filter(pk=self._left.pk, end_reason=Reason.SIGNED_OUT).update(end_reason=Reason.REPLACED)
        address = self.client.address
        return {
            "user_id": person,
            "staff": user.is_staff,
            "browser": self.client.browser,
            "system": self.client.system,
            "address": address,
            "address_seen_at": self._now() if address else None,
        }

    def cycle_key(self) -> None:
        """A new key for the same session. A person's keeps its row; if that has ended meanwhile, so has this.

        :raises SessionInterrupted: when it has.
        """
        data = self._session
        old = self.session_key
        if old is None or self.row is None or self.row.user_id is None:
            self.create()
            self._session_cache = data
            if old:
                self.delete(old)
            return
        new = self._get_new_session_key()
        if not self._open().update(key_hash=key_hash(new)):
            raise SessionInterrupted("the session has ended")
        self._session_key = new
        self.row.key_hash = key_hash(new)
        self.modified = True

    # --- Ending ---
    def flush(self, reason: Reason | None = None) -> None:
        """End this session and begin an empty one. Without a reason given: the password no longer fits, or signed out."""
        data, row = self._session, self.row
        if row and row.user_id and not reason:
            user = get_user_model()._default_manager.filter(pk=row.user_id).first()
            reason = Reason.SIGNED_OUT if user is None or _password_fits(user, data) else Reason.PASSWORD_CHANGED
        self.clear()
        self.delete(reason=reason or Reason.SIGNED_OUT)
        self._session_key = None
        self._left, self.row = row, None

    def delete(self, session_key: str | None = None, *, reason: Reason = Reason.SIGNED_OUT) -> None:
        """People's rows stay as history; visitors' go."""
        key = session_key or self.session_key
        if key is None:
            return
        mine = Session.objects.filter(key_hash=key_hash(key), ended_at=None)
        if not mine.exclude(user=None).update(ended_at=self._now(), end_reason=reason, data=""):
            mine.filter(user=None).delete()

    @classmethod
    def clear_expired(cls) -> None:
        from bonafide.sessions.expire import end_overdue

        end_overdue(now=cls._now(), limits=settings.OPERATOR.sessions)

    def touch(self) -> None:
        """Note that the session was used, at most every five minutes, only forward, and never on one that has ended."""
        now = self._now()
        row = self.row
        if row is None or row.user_id is None or now - row.last_seen_at < TOUCH_EVERY:
            return
        seen: dict[str, Any] = {"last_seen_at": now}
        if self.client.address:
            seen |= {"address": self.client.address, "address_seen_at": now}
        try:
            Session.objects.filter(pk=row.pk, ended_at=None, last_seen_at__lt=now).update(**seen)
        except OperationalError:  # a database that is busy for long: the page is ready, and the next request tries again
            return

    # Django's own versions of these two would bypass the ones above.
    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    async def aflush(self) -> None:
        await sync_to_async(self.flush)()

    @staticmethod
    def _now() -> datetime:
        return timezone.now()  # noqa: TID251 - an engine is called by Django, without a time


def how(methods: list[dict[str, Any]]) -> str:
    """How somebody signed in, as codes joined by ``+``: ``password+totp``, ``webauthn``, ``socialaccount:acme``.

    What they confirmed later, while signed in, is left out.
    """
    codes: list[str] = []
    for method in methods:
        if method.get("reauthenticated"):
            continue
        code = str(method.get("type") or method.get("method") or "")
        if code == "socialaccount":
            code = f"socialaccount:{method.get('provider', '')}"
        if code and code not in codes:
            codes.append(code)
    return "+".join(codes)[:120]


def _person(data: dict[str, Any]) -> int | None:
    """The id of who is signed in, by a session's data."""
    return int(data[USER_ID]) if USER_ID in data else None


def _may_sign_in(user: Any, data: dict[str, Any]) -> bool:
    """By what the database says now, not when the request began."""
    return user.is_active and not getattr(user, "reset_required_at", None) and _password_fits(user, data)


def _password_fits(user: Any, data: dict[str, Any]) -> bool:
    return constant_time_compare(data.get(PASSWORD_HASH, ""), user.get_session_auth_hash())
