"""A Django cache over the console's own database: what one process counts, every other process sees.

Django's DatabaseCache will not do for limits: two processes can both win ``add`` on an expired row (a lock held twice), a table
that somebody fills is culled by throwing away live counts, and values are pickles. Here each operation is one statement that
PostgreSQL and SQLite both run atomically, live rows are never thrown away (``forget_spent`` deletes expired ones), and values
are JSON.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bonafide.sign_in.models import Shared

FOR_EVER = timedelta(days=36_500)
_TABLE = "sign_in_shared"
_UPSERT = f"""INSERT INTO {_TABLE} (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at"""  # noqa: S608 - constants


def opaque_key(key: str, key_prefix: str, version: int) -> str:
    """Django's ``KEY_FUNCTION``: names and addresses go in, nothing of them can be read out without the secret key."""
    return salted_hmac("bonafide.shared", f"{key_prefix}:{version}:{key}", algorithm="sha256").hexdigest()


class SharedStore(BaseCache):
    """Django's cache interface over the table of ``Shared``. Values are whatever JSON holds."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set what is not there, or has expired; of any number of processes that try, one is told that it did."""
        row = [*self._row(key, value, timeout, version), self._instant(self._now())]
        with connection.cursor() as cursor:
            cursor.execute(f"{_UPSERT} WHERE {_TABLE}.expires_at <= %s", row)
            return bool(cursor.rowcount == 1)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_UPSERT, self._row(key, value, timeout, version))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        alive = Shared.objects.filter(key=self.make_key(key, version), expires_at__gt=self._now())
        found = alive.values_list("value", flat=True).first()
        return default if found is None else json.loads(found)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        alive = Shared.objects.filter(key=self.make_key(key, version), expires_at__gt=self._now())
        return bool(alive.update(expires_at=self._expiry(timeout)))

    def delete(self, key: str, version: int | None = None) -> bool:
        count, _by_model = Shared.objects.filter(key=self.make_key(key, version)).delete()
        return bool(count)

    def clear(self) -> None:
        Shared.objects.all().delete()

    def _row(self, key: str, value: Any, timeout: Any, version: int | None) -> list[Any]:
        return [self.make_key(key, version), json.dumps(value), self._instant(self._expiry(timeout))]

    def _expiry(self, timeout: Any) -> datetime:
        until = self.get_backend_timeout(timeout)
        return self._now() + FOR_EVER if until is None else datetime.fromtimestamp(until, tz=UTC)

    @staticmethod
    def _instant(value: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(value if settings.USE_TZ else timezone.make_naive(value))

    @staticmethod
    def _now() -> datetime:
        return timezone.now()  # noqa: TID251 - Django's cache interface has no time to pass


def forget_spent(*, now: datetime) -> int:
    """Delete what has expired; how many rows that were."""
    count, _by_model = Shared.objects.filter(expires_at__lte=now).delete()
    return count
