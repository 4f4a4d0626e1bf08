"""Sessions of people, as their browsers hold them."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from bonafide.sessions.client import Client
from bonafide.sessions.models import Session
from bonafide.sessions.store import SessionStore, key_hash

CLIENT = Client(address="192.0.2.7", browser="Firefox 145", system="Windows")


def make_session(user: Any, *, client: Client = CLIENT, **values: Any) -> SessionStore:
    """A person signed in; what is not the engine's own doing is set on the row afterwards."""
    session = SessionStore(client=client)
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    if values:
        Session.objects.filter(key_hash=key_hash(session.session_key or "")).update(**values)
    return session


def row_of(session: SessionStore | str) -> Session:
    key = session if isinstance(session, str) else session.session_key
    return Session.objects.get(key_hash=key_hash(key or ""))


def long_ago(now: datetime, **since: float) -> dict[str, datetime]:
    """Values of a row that began and was last seen so long before ``now``."""
    return {"created_at": now - timedelta(**since), "last_seen_at": now - timedelta(**since)}
