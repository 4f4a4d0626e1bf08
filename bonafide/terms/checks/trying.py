"""How checks try the console: browsers without a network, people who are not there, and nothing that stays."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from bonafide.accounts.models import User
from bonafide.sessions.client import as_by_proxies

OPEN_PAGES = ("/", "/terms", "/legal", "/account/login/", "/account/signup/", "/account/password/reset/")


class _RolledBack(Exception):
    """Ends a transaction whose changes nobody wants."""


@contextmanager
def nothing_stays() -> Iterator[None]:
    """Whatever the block writes is rolled back."""
    try:
        with transaction.atomic():
            yield
            raise _RolledBack
    except _RolledBack:
        pass


def new_browser() -> Client:
    """A browser without a network, at the console's own address."""
    return Client(
        headers=as_by_proxies(),
        SERVER_NAME=settings.CONSOLE_HOST,
        HTTP_HOST=settings.CONSOLE_HOST,
        raise_request_exception=False,
    )


def get(browser: Client, path: str) -> Any:
    """The answer to a look at a page; that a stranger finds nothing is what is wanted, and no news for the log."""
    with silent("django.request"):
        return browser.get(path, secure=settings.SECURE)


@contextmanager
def silent(name: str) -> Iterator[None]:
    """What a check provokes on purpose is no news for the log."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def canary() -> User:
    """Somebody who is in no list, with an address and a name that nobody can have."""
    name = f"canary-{secrets.token_hex(8)}"
    user = User(username=name, email=f"{name}@canary.invalid")
    user.set_unusable_password()
    user.save()
    return user
