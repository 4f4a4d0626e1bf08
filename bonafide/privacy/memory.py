"""What the instance's folder remembers of its database: ``state.json``. A database that knows less has gone back in time.

Pure of Django. Over one PostgreSQL each machine's folder remembers what was done, or seen at a start, on that machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bonafide.errors import Refused
from bonafide.privacy.journal import GENESIS, held, put_in_place

NAME = "state.json"


class MemoryBroken(Refused):
    """The file cannot be read."""


@dataclass(frozen=True)
class Memory:
    """Evidence and erasures by the highest number and its digest; when rows were last swept."""

    evidence: int = 0
    evidence_digest: str = GENESIS
    erasures: int = 0
    erasures_digest: str = GENESIS
    swept_at: datetime | None = None

    def with_newer(self, other: Memory) -> Memory:
        """Of each thing what is further on."""
        evidence = max(self, other, key=lambda memory: memory.evidence)
        erasures = max(self, other, key=lambda memory: memory.erasures)
        moments = [memory.swept_at for memory in (self, other) if memory.swept_at]
        return Memory(
            evidence.evidence,
            evidence.evidence_digest,
            erasures.erasures,
            erasures.erasures_digest,
            max(moments, default=None),
        )


def recall(home: Path) -> Memory:
    """What the folder remembers; nothing when it is new.

    :raises MemoryBroken:
    """
    path = home / NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        swept_at = datetime.fromisoformat(told.pop("swept_at")) if told.get("swept_at") else None
        return Memory(**{**told, "swept_at": swept_at})
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, TypeError) as error:
        raise MemoryBroken(f"{path} cannot be read ({error}): put it right, or replay ('bonafide restore --replay')") from None


def remember(home: Path, seen: Memory) -> None:
    """Go on from what the folder remembers; never back."""
    path = home / NAME
    with held(path):
        old = recall(home)
        new = old.with_newer(seen)
        if new != old:
            _write(path, new)


def begin_anew(home: Path, seen: Memory) -> None:
    """Remember this and nothing else: after a replay the database is what counts."""
    path = home / NAME
    with held(path):
        _write(path, seen)


def _write(path: Path, memory: Memory) -> None:
    told = asdict(memory)
    told["swept_at"] = memory.swept_at.astimezone(UTC).isoformat() if memory.swept_at else None
    put_in_place(path, json.dumps(told, indent=1) + "\n")
