"""What browsers compare our scripts with before they run them (Subresource Integrity, https://www.w3.org/TR/SRI/)."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha384
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage


@cache
def integrity(name: str) -> str:
    """``sha384-`` and the digest of one of our files, by the name that ``static`` takes.

    :raises FileNotFoundError: when there is no such file.
    """
    return f"sha384-{b64encode(sha384(_read(name)).digest()).decode()}"


def _read(name: str) -> bytes:
    """As it is served; where nothing was collected, as it is in its package."""
    stored = staticfiles_storage.stored_name(name) if hasattr(staticfiles_storage, "stored_name") else name
    if staticfiles_storage.exists(stored):
        with staticfiles_storage.open(stored) as file:
            return bytes(file.read())
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_bytes()
