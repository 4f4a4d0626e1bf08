"""``bonafide bills grant`` and ``charge`` as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from click.testing import CliRunner, Result

from bonafide.billing.balance.models import Grant, OneOff
from bonafide.billing.commands import bills
from tests.billing.balance.grants import make_payer

pytestmark = pytest.mark.django_db


def bonafide(*arguments: str) -> Result:
    with time_machine.travel(datetime(2024, 9, 12, 9, tzinfo=UTC), tick=False):
        return CliRunner().invoke(bills, arguments)


def test_the_same_words_again_grant_and_charge_nothing_more() -> None:
    account = make_payer("100").reference
    paid = ("--kind", "prepaid", "--amount", "30.00", "--means", "transfer", "--reference", "E2E-1", "--reason", "Advance")
    once = ("--amount", "49", "--text-en", "Set-up", "--text-fr", "Mise en service", "--on", "2024-09-12")
    for _again in range(2):
        granted, charged = bonafide("grant", account, *paid), bonafide("charge", account, *once)
        assert granted.stdout == f"prepaid for account {account}: 30.00 EUR from 2024-09-12\n", granted
        assert charged.stdout == f"charge for account {account}: 49.00 EUR, on the bill of 2024-09 or the next\n", charged
    assert (Grant.objects.get().amount_minor, OneOff.objects.get().amount_minor) == (3000, 4900)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grant", "A-0", "--kind", "credit", "--amount", "1", "--reason", "x"), "no account A-0"),
        (("charge", "A-0", "--amount", "x", "--text-en", "x", "--text-fr", "x"), "no account A-0"),
    ],
)
def test_an_unknown_account_is_named(arguments: tuple[str, ...], said: str) -> None:
    result = bonafide(*arguments)
    assert result.exit_code != 0
    assert said in str(result.exception)


def test_rehearse_shows_what_money_in_advance_pays() -> None:
    account = make_payer("100").reference
    bonafide("grant", account, "--kind", "prepaid", "--amount", "30", "--means", "cash", "--reference", "1", "--reason", "x")
    assert "30.00 EUR paid in advance" in bonafide("rehearse", "2024-09").stdout
