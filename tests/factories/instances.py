"""A folder in which another process works on this test's database."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from django.conf import settings
from django.db import connection


def instance_of_this_database(home: Path) -> dict[str, str]:
    """The environment of such a process; its instance is ``home``."""
    shutil.copy(settings.INSTANCE.operator_file, home)
    environment = {**os.environ, "BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings"}
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        (home / "bonafide.sqlite3").symlink_to(values["NAME"])
    else:
        environment["DATABASE_URL"] = (
            f"postgresql://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
        )
    return environment
