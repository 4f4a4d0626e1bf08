"""The demo is paid by Stripe where the environment has a test key; ``make demo`` puts a stand-in beside it that ends with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from bonafide.demo.stripe import NoTestKey, account_in, with_stripe
from bonafide.operator import parse
from bonafide.setting_up import operator_file
from tests.demo_with_stripe import option
from tests.fakes.console import ROOT

# A program that becomes another, as ``make demo`` does, beside the stand-in.
BECOMES = "import os, sys; from tests import demo_with_stripe as d; d.stand_in(int(sys.argv[1]), 'whsec_x', sys.argv[2:]); "
BECOMES += "os.execv('/bin/sleep', ['sleep', '60'])"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def comes_true(what: object, *, within: float = 20) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False


def test_the_file_is_set_and_set_back_and_nothing_else_of_it_changes() -> None:
    text = operator_file(values={}, trial=True)
    on = with_stripe(text, account="acct_1Fake")
    stripe = parse(on).stripe
    assert (stripe.enabled, stripe.account, stripe.methods) == (True, "acct_1Fake", ("card", "sepa_debit"))
    off = with_stripe(on, account="")
    assert not parse(off).stripe.enabled
    assert with_stripe(with_stripe(off, account="acct_1Fake"), account="acct_1Fake") == on
    before, after = tomllib.loads(text), tomllib.loads(on)
    assert {**after, "stripe": {}} == {**before, "stripe": {}}
    assert parse(with_stripe(text.replace("[stripe]\n", ""), account="acct_1Fake")).stripe.enabled


def test_only_a_test_key_of_a_named_account_switches_it_on() -> None:
    environment = {"STRIPE_SECRET_KEY": "sk_test_x", "STRIPE_ACCOUNT": "acct_1X"}
    assert (account_in({}), account_in(environment)) == ("", "acct_1X")
    assert environment["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")
    with pytest.raises(NoTestKey, match="no test key"):
        account_in({"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_ACCOUNT": "acct_1X"})
    with pytest.raises(NoTestKey, match="STRIPE_ACCOUNT is missing"):
        account_in({"STRIPE_SECRET_KEY": "sk_test_x"})


def test_the_stand_in_ends_with_the_demo_whatever_ends_it(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", BECOMES, str(port), "--home", str(tmp_path / "demo")]
    demo = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "BONAFIDE_STRIPE_JOURNAL": ""}, stdout=subprocess.DEVNULL)
    try:
        assert comes_true(lambda: answers(port))
    finally:
        demo.kill()
        demo.wait()
    assert comes_true(lambda: not answers(port))
    assert comes_true((tmp_path / "demo.stripe").exists), "what it knew is kept for the next time"


def test_options_are_read_as_the_command_reads_them() -> None:
    assert option(["--port", "81", "--home=/x"], "--port") == "81"
    assert option(["--port", "81", "--home=/x"], "--home") == "/x"
    assert option(["--fresh"], "--home") == ""
