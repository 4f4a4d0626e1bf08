"""The product's own settings over a throw-away instance; DATABASE_URL moves the suite to PostgreSQL."""

import os
import shutil
import tempfile
from pathlib import Path

home = Path(tempfile.mkdtemp(prefix="bonafide-tests-"))
shutil.copy(Path(__file__).parent / "instance" / "operator.toml", home)
(home / "static").mkdir()  # whitenoise warns without it, and warnings are errors
os.environ["BONAFIDE_HOME"] = str(home)

from bonafide.settings import *  # noqa: E402, F403
from bonafide.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(home / "test.sqlite3")}  # a file with WAL, as in production, not memory
