"""Who uses the instance's folder: many parts that serve, or one that puts a backup back."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bonafide.errors import Refused


class IsServing(Refused):
    """``bonafide serve`` runs over this folder, or a backup is being put back into it."""


@contextmanager
def serving(home: Path) -> Iterator[None]:
    """Held while a part of the console runs over the folder; parts do not keep each other out.

    :raises IsServing: while a backup is put back.
    """
    with _held(home, fcntl.LOCK_SH, f"a backup is being put back into {home}: wait until that is done"):
        yield


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Held while a backup is put back, or replayed.

    :raises IsServing: while any part runs.
    """
    with _held(home, fcntl.LOCK_EX, f"'bonafide serve' runs over {home}: stop it first"):
        yield


@contextmanager
def _held(home: Path, how: int, refusal: str) -> Iterator[None]:
    handle = os.open(home / ".serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise IsServing(refusal) from None
    try:
        yield
    finally:
        os.close(handle)
