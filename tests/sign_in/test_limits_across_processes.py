"""Limits hold over several web processes: real HTTP to a served console with two of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.fakes.console import Console, serving

pytestmark = pytest.mark.slow
PASSWORD = "four plain unrelated words"
TRIES = 40


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with serving(tmp_path / "instance", options=("--workers", "2")) as console:
        console.instance.python(
            "from bonafide.accounts.models import User\n"
            "from allauth.account.models import EmailAddress\n"
            f"user = User.objects.create_user('vega', 'vega@example.com', {PASSWORD!r})\n"
            "EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)\n"
        )
        yield console


def ready_to_sign_in(console: Console) -> tuple[requests.Session, str]:
    browser = requests.Session()
    page = browser.get(f"{console.url}/account/login/").text
    return browser, re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[-1]


def sign_in(console: Console, browser: requests.Session, token: str, password: str, n: int) -> str:
    answer = browser.post(
        f"{console.url}/account/login/",
        data={"login": "vega", "password": password, "csrfmiddlewaretoken": token},
        headers={"X-Forwarded-For": f"198.51.100.{n}"},
        allow_redirects=False,
    )
    if answer.status_code == 302:
        return "in"
    if answer.status_code == 429 or "Too many attempts" in answer.text:
        return "refused"
    assert "do not go together" in answer.text, answer.text
    return "looked at"


def test_asvs_6_3_1_of_many_guesses_at_once_at_most_the_limit_reaches_the_password(console: Console) -> None:
    with ThreadPoolExecutor(TRIES) as pool:
        ready = list(pool.map(lambda _: ready_to_sign_in(console), range(TRIES)))
        answers = list(pool.map(lambda n: sign_in(console, *ready[n], "not this one at all", n), range(TRIES)))
    seen = Counter(answers)
    assert 1 <= seen["looked at"] <= 5, seen
    assert seen["refused"] == TRIES - seen["looked at"]
    assert sign_in(console, *ready_to_sign_in(console), PASSWORD, 99) == "refused", "whichever process answers"
