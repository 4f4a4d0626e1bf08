"""Notices from one page to the next, in a cookie under a name of ours."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class NoticeStorage(CookieStorage):
    """Django's, whose cookie's name has no setting; ours carries the prefix that all our cookies do."""

    cookie_name = settings.MESSAGES_COOKIE_NAME
