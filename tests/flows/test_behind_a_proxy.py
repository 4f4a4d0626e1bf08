"""A console behind a proxy that speaks https: its cookies, and whose address it believes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.fakes.console import Console, free_port, instance, started
from tests.fakes.http import Caller

PASSWORD = "four plain unrelated words"
HOST = "console.example.com"
MAKE = f"""
from allauth.account.models import EmailAddress
from tests.factories.accounts import make_member
user = make_member(username="vega", email="vega@example.com", password="{PASSWORD}")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""
ADDRESSES = """
from bonafide.sessions.models import Session
print(*Session.objects.order_by("created_at").values_list("address", flat=True))
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    port = free_port()
    with instance(tmp_path_factory.mktemp("proxied") / "instance", port=port) as made:
        file = made.home / "operator.toml"
        text = re.sub(r'console_url = ".*"', f'console_url = "https://{HOST}"', file.read_text(encoding="utf-8"))
        file.write_text(text.replace("proxies = 0", "proxies = 1"), encoding="utf-8")
        with started(made, port=port) as console:
            made.python(MAKE)
            yield console


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    Caller.close_all()


def through_proxy(console: Console, *forwarded: str) -> Caller:
    """``forwarded``: the ``X-Forwarded-For`` header as it arrives."""
    headers = {"Host": HOST, **({"X-Forwarded-For": ", ".join(forwarded)} if forwarded else {})}
    return Caller(console.port, headers=headers, prefix="__Host-")


def test_asvs_3_3_1_to_3_3_4_every_cookie_is_secure_host_only_kept_from_scripts_and_not_sent_across_sites(
    console: Console,
) -> None:
    caller = through_proxy(console, "203.0.113.9")
    lines = list(caller.get("/account/login/").set_cookies)
    lines += caller.post("/language", language="fr", next="/").set_cookies
    lines += caller.post("/account/login/", login="vega", password=PASSWORD).set_cookies
    lines += caller.post("/account/logout/").set_cookies
    names = {line.partition("=")[0] for line in lines}
    assert {"__Host-session", "__Host-csrftoken", "__Host-language"} <= names
    for line in lines:
        name, *attributes = (part.strip().lower() for part in line.split(";"))
        assert name.startswith("__host-"), line
        assert "path=/" in attributes, line
        assert "samesite=lax" in attributes, line
        assert not any(attribute.startswith("domain") for attribute in attributes), line
        given = name.partition("=")[2] not in ("", '""')
        if given:  # what takes a cookie away carries nothing to steal, and __Host- makes browsers ask for Secure all the same
            assert "httponly" in attributes, line
        assert "secure" in attributes, line


def test_the_address_is_what_the_proxy_saw_whatever_was_written_before_it(console: Console) -> None:
    for forwarded in (["203.0.113.1"], ["198.51.100.66", "203.0.113.2"], ["198.51.100.66", "nonsense", "203.0.113.3:4711"]):
        assert through_proxy(console, *forwarded).post("/account/login/", login="vega", password=PASSWORD).status == 302
    assert console.instance.python(ADDRESSES).split()[-3:] == ["203.0.113.1", "203.0.113.2", "203.0.113.3"]


def test_a_proxy_that_adds_a_line_of_its_own_is_believed_and_the_forged_line_is_not(console: Console) -> None:
    """HAProxy leaves the client's header as it is and adds another line; lines of one header are one list (RFC 9110, 5.3)."""
    caller = through_proxy(console, "203.0.113.4")
    caller.get("/account/login/")
    fields = {"login": "vega", "password": PASSWORD, "csrfmiddlewaretoken": caller.cookies["__Host-csrftoken"]}
    connection = HTTPConnection("localhost", console.port, timeout=60)
    connection.putrequest("POST", "/account/login/", skip_host=True)
    body = urlencode(fields).encode()
    for name, value in [
        ("Host", HOST),
        ("Cookie", f"__Host-csrftoken={caller.cookies['__Host-csrftoken']}"),
        ("X-Forwarded-For", "198.51.100.66"),
        ("X-Forwarded-For", "203.0.113.4"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(len(body))),
    ]:
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 302
    assert console.instance.python(ADDRESSES).split()[-1] == "203.0.113.4"


def test_a_request_past_the_proxy_has_no_address_and_is_told_once(console: Console) -> None:
    assert "fewer addresses" not in console.said, "what came before was in order, the console's own questions included"
    for _ in range(2):
        assert through_proxy(console).post("/account/login/", login="vega", password=PASSWORD).status == 302
    assert console.instance.python(ADDRESSES).split()[-2:] == ["None", "None"]
    assert console.said.count("fewer addresses in X-Forwarded-For than network.proxies = 1") == 1
