"""What the tests of second factors share: somebody with a password, their phone, and how they sign in."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from bonafide.accounts.models import User
from tests.factories.accounts import make_member

PASSWORD = "four plain unrelated words"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_person(**values: Any) -> User:
    user = make_member(password=PASSWORD, **values)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def code(secret: str = SECRET, *, steps: int = 0) -> str:
    """What a phone shows now, or ``steps`` half-minutes later (RFC 6238, appendix A)."""
    step = int(time.time()) // 30 + steps
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def sign_in(client: Client, user: User, **values: Any) -> Any:
    return client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD, **values})


def answer(client: Client, text: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": text})


def confirm(client: Client) -> Any:
    """Confirm who one is, with the password."""
    return client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
