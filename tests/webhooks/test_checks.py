"""Endpoints of the operator's file are refused at the start when something is wrong with them; secrets are not shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bonafide.operator import OperatorFileError, parse
from bonafide.operator_webhooks import Webhook
from bonafide.outgoing.checks import hosts_are_declared
from bonafide.webhooks.checks import kinds_are_known, secrets_are_there
from bonafide.webhooks.kinds import KINDS, with_events
from tests.fakes.console import ROOT
from tests.fakes.receiver import SECRET, Receiver

FILE = Path(__file__).parents[1] / "instance" / "operator.toml"
Listens = Callable[..., Receiver]


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "is missing"),
        ("c2VjcmV0", "does not begin with whsec_"),
        ("whsec_???", "is not base64"),
        ("whsec_c2VjcmV0", "is a key of 6 bytes"),
        (f"{SECRET} {SECRET} {SECRET}", "holds 3 secrets"),
    ],
)
def test_a_bad_secret_is_refused_in_one_line_without_showing_it(listens: Listens, settings: Any, secret: str, why: str) -> None:
    listens("my-service")
    assert secrets_are_there() == []
    settings.WEBHOOK_SECRETS = {"my-service": secret}
    [fault] = secrets_are_there()
    assert fault.msg.startswith(f"BONAFIDE_WEBHOOK_MY_SERVICE_SECRET {why}")
    assert "\n" not in fault.msg
    assert not secret or secret not in fault.msg


def test_a_host_that_is_nobodys_is_refused(settings: Any) -> None:
    there = Webhook(id="service", url="https://service.example.com/hooks")
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"webhooks": (there,)})
    [fault] = hosts_are_declared()
    assert "webhooks: 'service' = 'service.example.com'" in fault.msg
    network = settings.OPERATOR.network.model_copy(update={"own_hosts": ("service.example.com",)})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"network": network})
    assert hosts_are_declared() == []


def test_a_kind_that_there_is_not_is_refused(listens: Listens) -> None:
    listens(events=("invoice.paid", "invoice.forgotten"))
    [fault] = kinds_are_known()
    assert "'service' wants 'invoice.forgotten'" in fault.msg


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://service.example.com/"', "expected an https address"),
        ('url = "https://user:word@service.example.com/"', "expected a web address"),
        ('url = "https://[::1"', "expected a web address"),
        ('url = "http://localhost:abc/x"', "expected a web address"),
        ('url = "http://127.0.0.1:99999/x"', "expected a web address"),
        ('url = "https://a.example/"\nevents = ["all", "invoice.paid"]', "expected each kind once"),
    ],
)
def test_the_file_says_what_is_wrong(line: str, said: str) -> None:
    with pytest.raises(OperatorFileError, match=said):
        parse(f'{FILE.read_text(encoding="utf-8")}\n[[webhooks]]\nid = "service"\n{line}\n')


def test_two_endpoints_of_one_name_are_refused() -> None:
    table = '[[webhooks]]\nid = "service"\nurl = "http://localhost:1/x"\n'
    with pytest.raises(OperatorFileError, match="expected an id once only"):
        parse(f"{FILE.read_text(encoding='utf-8')}\n{table}\n{table}")


def test_every_kind_is_described_where_programmers_look() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert page == with_events(page), "run 'make docs'"
    assert all(f"| `{kind.name}` |" in page for kind in KINDS)
    assert with_events(page.replace("`invoice.paid`", "`invoice.payed`")) == page
