"""One folder is one instance: where its file, database, documents, letters and keys are. Pure of Django."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bonafide.operator import FILE_NAME, OperatorFileError


@dataclass(frozen=True)
class Instance:
    """The folder named by ``BONAFIDE_HOME``."""

    home: Path

    @classmethod
    def here(cls) -> Instance:
        return cls(Path(os.environ.get("BONAFIDE_HOME") or "bonafide-data").resolve())

    @staticmethod
    def package_folder() -> Path:
        """Where the installed program is, with its translations."""
        return Path(__file__).parent

    @property
    def operator_file(self) -> Path:
        return self.home / FILE_NAME

    @property
    def database(self) -> Path:
        return self.home / "bonafide.sqlite3"

    @property
    def documents(self) -> Path:
        return self.home / "documents"

    @property
    def letters(self) -> Path:
        return self.home / "letters"

    def secret_key(self) -> str:
        """The signing key: from the environment, else kept in ``keys/``."""
        return secret("BONAFIDE_SECRET_KEY") or self._kept_key("secret_key", lambda: secrets.token_urlsafe(64))

    def evidence_key(self) -> bytes:
        """The 32 bytes from which the key that signs evidence is made: from the environment (hexadecimal), else in ``keys/``.

        :raises OperatorFileError: when they are not 32 bytes in hexadecimal.
        """
        text = secret("BONAFIDE_EVIDENCE_KEY") or self._kept_key("evidence_key", lambda: secrets.token_hex(32))
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise OperatorFileError("BONAFIDE_EVIDENCE_KEY: expected 64 hexadecimal digits, or leave it unset for a key in keys/")
        return key

    def _kept_key(self, name: str, make: Callable[[], str]) -> str:
        """A key in ``keys/``, made at first need, readable by its owner alone."""
        path = self.home / "keys" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f"{name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(make(), encoding="ascii")
            try:
                os.link(draft, path)  # two processes starting together agree on the first one's key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text(encoding="ascii")


def secret(name: str) -> str:
    """A secret from ``NAME`` or from the file that ``NAME_FILE`` points at; empty when neither is set.

    :raises OperatorFileError: when the file cannot be read.
    """
    if os.environ.get(name):
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorFileError(
            f"{name}_FILE = {path!r} cannot be read ({error.strerror}): point it at a readable file"
        ) from None


def database_settings(instance: Instance) -> dict[str, object]:
    """Django's settings of the database: SQLite in the instance's folder, or the PostgreSQL of ``DATABASE_URL``.

    :raises OperatorFileError: when ``DATABASE_URL`` is of another kind.
    """
    url = secret("DATABASE_URL")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(instance.database),
            "OPTIONS": {
                # Writers queue for the one write lock at BEGIN instead of failing in the middle of a transaction.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA secure_delete=ON; "  # what is erased leaves nothing in the file: docs/decisions/0014
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; PRAGMA cache_size=-65536;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise OperatorFileError("DATABASE_URL: expected postgresql://user:password@host:port/name, or leave it unset for SQLite")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
