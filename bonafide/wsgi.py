"""What a web server loads."""

import os

import django
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bonafide.settings")
django.setup()

from django.db import connection  # noqa: E402 - once Django is there
from django.utils import timezone  # noqa: E402

from bonafide.in_force import operator_now  # noqa: E402
from bonafide.privacy import access_log  # noqa: E402

# Terms that let more be logged may still wait: until they hold, and this is loaded again, no more is.
access_log.hold_to(operator_now(now=timezone.now()).logs.access)  # noqa: TID251 - a server starts
connection.close()
application = get_wsgi_application()
