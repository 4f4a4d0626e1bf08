"""Asking VIES: our own client against a VIES on loopback, over real HTTP."""

from __future__ import annotations

import socket

import pytest
from requests.adapters import HTTPAdapter

from bonafide.accounts.models import VatCheck
from bonafide.accounts.vies import NoAnswer, ask, post_json
from bonafide.operator import OperatorFileError, parse
from tests.factories.billing import operator
from tests.fakes.vies import answering

NUMBER = "DE136695976"


@pytest.fixture
def fake():
    with answering() as fake:
        yield fake


def test_a_valid_number_comes_with_name_address_and_consultation_number(fake):
    fake.answers[NUMBER] = "valid"
    answer = ask(number=NUMBER, operator=fake.operator())
    assert (answer.outcome, answer.name) == (VatCheck.Outcome.VALID, "ATELIER VEGA SARL")
    assert answer.address == "8 RUE DES TANNEURS\n69005 LYON"
    assert answer.consultation_number == "WAPIAAAAZ0001"
    assert answer.detail == "2026-11-12T09:04:11.532Z"


def test_nothing_is_sent_but_the_number_and_ours(fake):
    ask(number=NUMBER, operator=fake.operator())
    assert fake.asked == [
        {
            "countryCode": "DE",
            "vatNumber": "136695976",
            "requesterMemberStateCode": "FR",
            "requesterNumber": "44732829320",
        }
    ]
    assert set(fake.headers[0]) == {"Host", "Accept-Encoding", "Content-Length", "Content-Type", "Accept", "Connection"}


def test_an_operator_without_a_number_of_its_own_asks_without(fake):
    nobody = fake.operator()
    nobody = nobody.model_copy(update={"identity": nobody.identity.model_copy(update={"vat_number": ""})})
    answer = ask(number=NUMBER, operator=nobody)
    assert (answer.outcome, answer.consultation_number) == (VatCheck.Outcome.INVALID, "")
    assert set(fake.asked[0]) == {"countryCode", "vatNumber"}


def test_a_number_that_is_not_known_is_an_answer_too(fake):
    answer = ask(number=NUMBER, operator=fake.operator())
    assert (answer.outcome, answer.name, answer.address) == (VatCheck.Outcome.INVALID, "", "")
    assert answer.consultation_number == "WAPIAAAAZ0001"


def test_a_number_that_vies_cannot_read_is_not_valid(fake):
    fake.answers[NUMBER] = "INVALID_INPUT"
    assert ask(number=NUMBER, operator=fake.operator()).outcome == VatCheck.Outcome.INVALID


@pytest.mark.parametrize(
    ("how", "reason"),
    {
        "MS_UNAVAILABLE": "MS_UNAVAILABLE",
        "MS_MAX_CONCURRENT_REQ": "MS_MAX_CONCURRENT_REQ",
        "user-error:MS_MAX_CONCURRENT_REQ": "MS_MAX_CONCURRENT_REQ",
        "user-error:IP_BLOCKED": "IP_BLOCKED",
        "INVALID_REQUESTER_INFO": "INVALID_REQUESTER_INFO",
        "<script>": "not understood",
        "garbage": "not understood",
        "huge": "the answer is too large",
        "redirect": "HTTP 307",
        "other-number": "about another number",
        "http-429": "HTTP 429",
        "http-500": "HTTP 500",
        "hang-up": "no connection: RemoteDisconnected",
    }.items(),
)
def test_whatever_else_comes_back_is_no_answer_and_never_a_number_that_is_not_known(fake, how, reason):
    fake.answers[NUMBER] = how
    answer = ask(number=NUMBER, operator=fake.operator())
    assert (answer.outcome, answer.detail) == (VatCheck.Outcome.UNAVAILABLE, reason)
    assert len(fake.asked) == 1
    assert fake.strayed == []  # a redirect is not followed


@pytest.mark.parametrize("how", ["slow", "drip"])
def test_it_does_not_wait_for_ever_even_when_something_always_comes(fake, how):
    fake.answers[NUMBER] = how
    answer = ask(number=NUMBER, operator=fake.operator(), seconds=0.4)
    assert (answer.outcome, answer.detail) == (VatCheck.Outcome.UNAVAILABLE, "time-out")


def test_without_a_network_there_is_no_answer_and_no_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        nowhere = operator(tax={"vies_url": f"http://127.0.0.1:{taken.getsockname()[1]}"})
        answer = ask(number=NUMBER, operator=nowhere)
    assert (answer.outcome, answer.detail) == (VatCheck.Outcome.UNAVAILABLE, "no connection: ConnectionRefusedError")


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("https://ec.europa.eu", ".evil.example/x"),
        ("https://ec.europa.eu", "@evil.example/x"),
        ("https://ec.europa.eu@evil.example", "/x"),
        ("http://ec.europa.eu", "/x"),
        ("file:///etc", "/passwd"),
    ],
)
def test_asvs_13_2_4_it_connects_to_no_host_but_the_one_of_the_operators_file(monkeypatch, base, path):
    def connected(*arguments):
        raise AssertionError(f"connected to {arguments}")

    monkeypatch.setattr(HTTPAdapter, "send", connected)
    with pytest.raises(NoAnswer, match="refused"):
        post_json(base=base, path=path, body={}, seconds=1)


def test_start_up_refuses_a_vies_that_could_be_overheard(settings):
    text = settings.INSTANCE.operator_file.read_text(encoding="utf-8")
    with pytest.raises(OperatorFileError, match="begins with https"):
        parse(text.replace("vies = false", 'vies_url = "http://vies.example/api"'))
    parse(text.replace("vies = false", 'vies_url = "http://localhost:8001/api"'))
