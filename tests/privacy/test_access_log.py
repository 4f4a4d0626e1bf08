"""The access log says what happened and nothing that it should not; it is swept on time."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import RequestFactory

from bonafide.privacy.access_log import AccessLogMiddleware, folder
from bonafide.privacy.sweep import sweep_old_logs
from tests.factories.accounts import make_member
from tests.factories.billing import operator
from tests.fakes.console import free_port, instance

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def home(settings, tmp_path: Path) -> Path:
    settings.INSTANCE = type(settings.INSTANCE)(tmp_path)
    return tmp_path


def with_logs(**values):
    return operator(logs=values)


def lines() -> list[dict]:
    return [json.loads(line) for path in sorted(folder().glob("*")) for line in path.read_text().splitlines()]


@pytest.mark.django_db
def test_a_request_is_one_line_without_address_query_or_token(home, client):
    user = make_member()
    with time_machine.travel(NOW, tick=False):
        client.force_login(user)
        client.get("/bills/2026-000001?secret=token", REMOTE_ADDR="192.0.2.17")
    [line] = lines()
    assert line.pop("ms") >= 0
    assert line == {
        "at": "2026-11-23T12:00:00.000000Z",
        "method": "GET",
        "route": "bills/<bill:number>",
        "status": 404,
        "ip": "192.0.2.17",
        "by": user.pk,
    }
    assert (folder() / "access-2026-11-23.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_a_reset_link_is_logged_by_its_route_alone(home, client):
    client.get("/account/password/reset/key/1-secretkey/")
    assert "secretkey" not in json.dumps(lines())


def answered(request, home) -> None:
    AccessLogMiddleware(lambda request: HttpResponse())(request)


def test_an_unknown_address_is_not_repeated_and_a_strange_method_neither(home):
    request = RequestFactory().generic("SECRET\n", "/../../etc/passwd", REMOTE_ADDR="192.0.2.1")
    request.resolver_match = None
    answered(request, home)
    [line] = lines()
    assert (line["route"], line["method"], line["by"]) == ("", "other", 0)


@pytest.mark.parametrize(
    ("address", "cut"), [("192.0.2.17", "192.0.2.0"), ("2001:db8:1:2:3::4", "2001:db8:1::"), ("nonsense", "")]
)
def test_addresses_can_be_cut_short(home, settings, address, cut):
    settings.OPERATOR = with_logs(access="truncated")
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.resolver_match = None
    answered(request, home)
    assert lines()[0]["ip"] == cut


def test_it_can_be_switched_off(home, settings):
    settings.OPERATOR = with_logs(access="off")
    with pytest.raises(MiddlewareNotUsed):
        AccessLogMiddleware(lambda request: HttpResponse())


def test_each_day_has_its_file(home):
    middleware = AccessLogMiddleware(lambda request: HttpResponse())
    for day in range(2):
        with time_machine.travel(NOW + timedelta(days=day), tick=False):
            request = RequestFactory().get("/")
            request.resolver_match = None
            middleware(request)
    assert sorted(path.name for path in folder().iterdir()) == ["access-2026-11-23.jsonl", "access-2026-11-24.jsonl"]


def test_a_log_that_cannot_be_written_is_reported_once_and_the_answer_given(home, caplog):
    folder().parent.joinpath("logs").write_text("in the way")
    middleware = AccessLogMiddleware(lambda request: HttpResponse("fine"))
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            request = RequestFactory().get("/")
            request.resolver_match = None
            assert middleware(request).content == b"fine"
    assert caplog.text.count("cannot be written") == 1


@pytest.mark.django_db
@pytest.mark.parametrize("days", [30, 90])
def test_the_promised_days_decide_what_the_sweep_deletes(home, settings, days):
    settings.OPERATOR = with_logs(days=days)
    middleware = AccessLogMiddleware(lambda request: HttpResponse())
    with time_machine.travel(NOW, tick=False):
        request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.99")
        request.resolver_match = None
        middleware(request)
    written = folder() / "access-2026-11-23.jsonl"
    limit = NOW + timedelta(days=days)
    sweep_old_logs(operator=settings.OPERATOR, now=limit)
    assert "203.0.113.99" in written.read_text()
    sweep_old_logs(operator=settings.OPERATOR, now=limit + timedelta(seconds=1))
    assert not written.exists()


def test_more_is_logged_only_once_terms_that_say_so_are_in_force(tmp_path):
    """A real web process: the file says "full", the terms in force still promise "truncated"."""
    publish = (
        "from bonafide.serving import bring_up_to_date; bring_up_to_date()\n"
        "from bonafide.terms.tasks import publish_terms; publish_terms.func()"
    )
    load = "import bonafide.wsgi; from bonafide.privacy import access_log; print(access_log._held_to)"
    with instance(tmp_path / "instance", port=free_port()) as made:
        file = made.home / "operator.toml"
        plain = file.read_text()
        written = {}
        for access in ("truncated", "full", "off"):
            file.write_text(f'{plain}\n[logs]\naccess = "{access}"\n')
            made.python(publish)
            written[access] = made.python(load)
    assert {access: said.strip() for access, said in written.items()} == {
        "truncated": "truncated",
        "full": "truncated",
        "off": "off",
    }
