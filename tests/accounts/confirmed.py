"""Somebody signed in who has just confirmed who they are, as allauth notes it in the session."""

import time

from django.test import Client

from bonafide.accounts.models import User


def confirm(client: Client, user: User, *, seconds_ago: float = 0) -> Client:
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - seconds_ago, "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client


def signed_in(user: User, *, confirmed: bool = True) -> Client:
    client = Client()
    client.force_login(user)
    return confirm(client, user) if confirmed else client
