"""Settings under which an ended session could go on are refused at the start, each by one plain line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from bonafide.operator import OperatorFileError, parse
from bonafide.sessions.checks import sessions_can_be_ended
from tests.fakes.console import TEMPLATE, Instance, free_port, instance

BAD = {
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "SESSION_SAVE_EVERY_REQUEST": True,
    "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware"],
}


def test_our_own_settings_pass():
    assert sessions_can_be_ended() == []


@pytest.mark.parametrize("name", BAD)
def test_each_bad_setting_is_an_error_of_the_system_checks(settings, name):
    setattr(settings, name, BAD[name])
    [found] = [problem for problem in run_checks() if str(problem.id).startswith("sessions.")]
    assert name in found.msg
    assert found.is_serious()


@pytest.mark.parametrize(
    "engine",
    ["db", "cache", "cached_db", "file", "signed_cookies"],
)
def test_no_other_engine_is_loaded_whichever_server_asks(settings, engine):
    """``bonafide.wsgi`` under another server never ran our checks: the middleware refuses too."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    with pytest.raises(ImproperlyConfigured, match="SESSION_ENGINE"):
        get_wsgi_application()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Instance]:
    with instance(tmp_path / "instance", port=free_port()) as made:
        yield made


def under(place: Instance, folder: Path, line: str) -> Instance:
    """The instance under settings of its operator's own."""
    (folder / "own_settings.py").write_text(f"from bonafide.settings import *\n{line}\n", encoding="utf-8")
    own = {"DJANGO_SETTINGS_MODULE": "own_settings", "PYTHONPATH": f"{place.environment['PYTHONPATH']}:{folder}"}
    return Instance(place.home, {**place.environment, **own})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'", "keeps sessions that nobody can end"),
        ("SESSION_SAVE_EVERY_REQUEST = True", "SESSION_SAVE_EVERY_REQUEST = True"),
    ],
)
def test_serve_and_check_refuse_them_in_one_line(place: Instance, tmp_path: Path, line: str, said: str) -> None:
    own = under(place, tmp_path, line)
    refused = own.bonafide("serve", "--port", str(free_port()), check=False)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    looked = own.bonafide("check", check=False)
    assert looked.returncode == 1
    assert re.search(rf"(?m)^failure +settings +.*{said}", looked.stdout)


def operator_text(url: str, network: str) -> str:
    text = re.sub(r'console_url = ".*"', f'console_url = "{url}"', TEMPLATE.read_text(encoding="utf-8"))
    return text.replace("[network]\nproxies = 0\n", network)


def test_a_proxy_depth_that_was_not_declared_is_refused_once_the_console_is_https():
    with pytest.raises(OperatorFileError, match=r"network\.proxies is missing"):
        parse(operator_text("https://console.example.com", ""))
    assert parse(operator_text("https://console.example.com", "[network]\nproxies = 2\n")).network.proxies == 2
    assert parse(operator_text("http://localhost:8000", "")).network.proxies is None


@pytest.mark.parametrize(
    ("network", "state", "said"),
    [
        ("[network]\nproxies = 0\n", "ok", "no proxy is declared"),
        ("[network]\nproxies = 2\n", "ok", "number 2 from the right of X-Forwarded-For"),
        ("", "warning", "network.proxies is not set"),
    ],
)
def test_check_says_how_addresses_are_read(place: Instance, network: str, state: str, said: str) -> None:
    (place.home / "operator.toml").write_text(operator_text("http://localhost:8000", network), encoding="utf-8")
    looked = place.bonafide("check", check=False)
    assert re.search(rf"(?m)^{state} +network +.*{said}", looked.stdout), looked.stdout
