"""What the tests of signing in share: somebody with a password and a confirmed address, and their browser."""

from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from bonafide.accounts.models import User
from tests.factories.accounts import make_member

PASSWORD = "four plain unrelated words"
NEW = "another set of plain words"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def make_vega(**values: Any) -> User:
    user = make_member(**{"username": "vega", "email": "vega@example.com", "password": PASSWORD, **values})
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def come_in(client: Client, login: str = "vega", password: str = PASSWORD, **values: Any) -> Any:
    values = {"HTTP_USER_AGENT": FIREFOX, **values}
    return client.post(reverse("account_login"), {"login": login, "password": password}, **values)


def is_in(client: Client) -> bool:
    """Whether the console still knows this browser: asked of the server, not of the cookie."""
    return client.get("/bills").status_code == 200


def leave(client: Client) -> None:
    """Sign out as people do: the browser keeps its other cookies, which ``client.logout()`` would throw away."""
    client.post(reverse("account_logout"))
