"""The product's own settings with Django's table of sessions beside ours, for ``bench.sessions`` alone."""

from bonafide.settings import *  # noqa: F403
from bonafide.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sessions"]
OURS = "bonafide.sessions.middleware."
BARE = {
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware" if name == f"{OURS}SessionMiddleware" else name
        for name in MIDDLEWARE
        if name != f"{OURS}HoldMiddleware"
    ],
}
