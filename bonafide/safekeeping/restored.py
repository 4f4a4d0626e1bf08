"""``restored.json`` in the instance's folder: a backup was put back, and not yet brought up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bonafide.privacy.journal import put_in_place

NAME = "restored.json"
RECORD = "restores.jsonl"


def restored(home: Path) -> dict[str, Any] | None:
    """What was put back; an empty one when the file cannot be read. None when there is no such file."""
    try:
        told = json.loads((home / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        told = None
    return told if isinstance(told, dict) and told else {"made_at": "an unknown day"}


def shut(home: Path, told: dict[str, Any]) -> None:
    """From now on ``bonafide serve`` refuses."""
    put_in_place(home / NAME, json.dumps(told, indent=1) + "\n")


def open_again(home: Path, *, done: dict[str, Any]) -> None:
    """Write a line of what was done, then lift the gate."""
    record = home / RECORD
    lines = record.read_text(encoding="utf-8") if record.exists() else ""
    put_in_place(record, lines + json.dumps(done, ensure_ascii=False) + "\n")
    (home / NAME).unlink(missing_ok=True)
