"""Refusals at the start: what is logged where nothing is ever deleted, and files of which nobody has said what they hold."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Error
from django.utils.log import AdminEmailHandler
from django.utils.module_loading import import_string

from bonafide.privacy.inventory import undeclared_files
from bonafide.privacy.sweep import log_folders

# They write nothing that stays: to the console's own output (what keeps that is the operating system's), or nowhere.
_PASSING = (logging.NullHandler, type(logging.lastResort))
_FILES = (
    logging.FileHandler,
    logging.handlers.RotatingFileHandler,
    logging.handlers.TimedRotatingFileHandler,
    logging.handlers.WatchedFileHandler,
)
_SHOWN = 5
SHARED = "bonafide.sign_in.shared_store.SharedStore"
QUEUE = "django_tasks_db.DatabaseBackend"
# The last is what Django's own test runner puts there: it keeps letters in the memory of a test.
MAIL = {
    "bonafide.outgoing.smtp.EmailBackend",
    *(f"django.core.mail.backends.{name}.EmailBackend" for name in ("filebased", "locmem")),
}


def logs_are_declared(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check; ``bonafide serve`` and ``bonafide check`` refuse what it finds.

    It looks at every logger that there is, and at LOGGING, whose handlers may not be made yet.
    """
    found = dict.fromkeys([*_running_faults(), *_configured_faults()])
    return [Error(fault, id="privacy.E001") for fault in found]


def files_are_declared(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above."""
    home = Path(settings.INSTANCE.home)
    found = undeclared_files(home)
    if not found:
        return []
    shown = ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
    return [
        Error(
            f"{home} holds what nobody declared: {shown}: move it out of the folder, where nothing else than what "
            "bonafide/privacy/inventory.py lists may be",
            id="privacy.E002",
        )
    ]


def stores_are_declared(app_configs: Any = None, **_: Any) -> list[Error]:
    """A system check, as above: whatever keeps things is one of ours, or a folder of ours. Sessions have a check of their own."""
    wanted = {
        "CACHES": ({name: cache["BACKEND"] for name, cache in settings.CACHES.items()}, {SHARED}),
        "TASKS": ({name: queue["BACKEND"] for name, queue in settings.TASKS.items()}, {QUEUE}),
        "DATABASES": ({name: name for name in settings.DATABASES}, {"default"}),
        "EMAIL_BACKEND": ({"": settings.EMAIL_BACKEND}, MAIL),
        "STORAGES": (_folders_of_files(), {str(settings.INSTANCE.documents)}),
        "EMAIL_FILE_PATH": ({"": str(settings.EMAIL_FILE_PATH)}, {str(settings.INSTANCE.letters)}),
    }
    return [
        Error(
            f"{setting}{f'[{name!r}]' if name else ''} = {value!r} keeps things of which nobody has said what they are: "
            f"expected {' or '.join(sorted(known))}",
            id="privacy.E003",
        )
        for setting, (found, known) in wanted.items()
        for name, value in found.items()
        if value not in known
    ]


def _folders_of_files() -> dict[str, str]:
    """Where files that are uploaded or made would go. Static files are gathered from the packages, not from anybody."""
    storages: dict[str, Any] = settings.STORAGES
    return {
        name: str(storage.get("OPTIONS", {}).get("location", storage["BACKEND"]))
        for name, storage in storages.items()
        if name != "staticfiles"
    }


# --- Logging --------------------------------------------------------------------------------------------------------------
def _running_faults() -> Iterator[str]:
    loggers = [("root", logging.root), *sorted(logging.root.manager.loggerDict.items())]
    for name, logger in loggers:
        for handler in getattr(logger, "handlers", []):
            yield from _faults_of(handler, f"the logger {name!r}")


def _faults_of(handler: logging.Handler, where: str) -> Iterator[str]:
    kind = type(handler)
    if kind is logging.handlers.MemoryHandler:
        if handler.target is not None:  # type: ignore[attr-defined]
            yield from _faults_of(handler.target, where)  # type: ignore[attr-defined]
    elif kind is logging.StreamHandler:
        if not _is_own_output(handler.stream):  # type: ignore[attr-defined]
            yield f"{where} writes into {_stream_name(handler.stream)}: let it write to stderr, or into a folder that is swept"  # type: ignore[attr-defined]
    elif kind in _FILES:
        yield from _path_faults(handler.baseFilename, where)  # type: ignore[attr-defined]
    elif kind is AdminEmailHandler:
        if settings.ADMINS:
            yield f"{where} writes what it logs to ADMINS by e-mail, where it is never deleted: leave ADMINS empty"
    elif kind not in _PASSING:
        yield _unknown(f"{kind.__module__}.{kind.__qualname__}", where)


def _is_own_output(stream: Any) -> bool:
    return any(stream is own for own in (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__))


def _stream_name(stream: Any) -> str:
    return str(getattr(stream, "name", "") or type(stream).__name__)


def _path_faults(path: str, where: str) -> Iterator[str]:
    folders = [folder.resolve() for folder in log_folders(operator=settings.OPERATOR)]
    if not any(Path(path).resolve().is_relative_to(folder) for folder in folders):
        yield (
            f"{where} writes into {path}, where no line is ever deleted: let it write into {folders[0]}, "
            "or declare its folder as logs.directories"
        )


def _unknown(kind: str, where: str) -> str:
    return f"{where} hands what it logs to {kind}, of which nobody has said what it keeps: take it out of LOGGING"


def _configured_faults() -> Iterator[str]:
    """Of handlers as LOGGING describes them: one that no logger has may be given one later."""
    configured: dict[str, Any] = settings.LOGGING
    for name, handler in configured.get("handlers", {}).items():
        where = f"LOGGING's handler {name!r}"
        kind = handler.get("class") or handler.get("()")
        found = import_string(kind) if isinstance(kind, str) else kind
        if found in _FILES:
            yield from _path_faults(str(handler.get("filename", "")), where)
        elif found is AdminEmailHandler:
            if settings.ADMINS:
                yield f"{where} writes what it logs to ADMINS by e-mail, where it is never deleted: leave ADMINS empty"
        elif found is logging.StreamHandler:
            if str(handler.get("stream", "ext://sys.stderr")) not in ("ext://sys.stderr", "ext://sys.stdout"):
                yield f"{where} writes into {handler['stream']}: let it write to stderr, or into a folder that is swept"
        elif found not in (*_PASSING, logging.handlers.MemoryHandler):
            yield _unknown(str(kind), where)
