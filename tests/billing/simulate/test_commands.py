"""``bonafide test-accounts`` from making one to deleting it."""

from decimal import Decimal

import pytest
from click.testing import CliRunner

from bonafide.accounts.models import Account
from bonafide.billing.simulate.commands import test_accounts as command
from bonafide.billing.simulate.make import SimulationRefused
from bonafide.pricing.rating import PerUnit
from tests.factories.accounts import make_account
from tests.factories.billing import make_plan
from tests.factories.usage import make_meter

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    return CliRunner().invoke(command, words, catch_exceptions=False).output


def refused(*words: str) -> str:
    with pytest.raises(SimulationRefused) as error:
        run(*words)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_price_list_is_tried_over_months_and_taken_away_again() -> None:
    make_plan((make_meter("gpu", unit="h"), PerUnit(unit_price=Decimal("0.5"))), code="standard", is_default=False)
    words = ("New prices", "--start", "2027-01", "--plan", "standard", "--reference", "trial")
    assert run("create", *words) == "trial\n"
    used = ("use", "trial", "gpu", "2", "--from", "2027-01-01", "--to", "2027-02-28")
    assert run(*used) == "59 events made, 0 already there\n"
    assert run(*used) == "0 events made, 59 already there\n"
    assert run("advance", "trial", "2027-03-01") == (
        "2027-01  simulated: 31.00 EUR before tax, 37.20 with tax\n2027-02  simulated: 28.00 EUR before tax, 33.60 with tax\n"
    )
    assert run("list") == "trial  2027-03-01 00:00  New prices\n"
    assert run("show", "trial").endswith("28.00 EUR before tax, 33.60 with tax  -3.00\n")
    rows = run("show", "trial", "--csv").splitlines()
    assert rows[0] == "account,month,what,text,meter,quantity,unit,unit_price,amount,currency"
    assert rows[1].startswith("trial,2027-01,line,")
    assert rows[1].endswith(",gpu,62,h,0.5,31.00,EUR")
    assert run("delete", "trial") == "trial is deleted\n"
    assert not Account.objects.exists()


def test_what_is_not_there_is_named_with_its_remedy() -> None:
    make_account(reference="real")
    assert "there is no test account 'real'" in refused("delete", "real")
    assert "there is no test account 'nobody'" in refused("advance", "nobody", "2027-01-01")
    assert "there is no plan 'gold'" in refused("create", "x", "--start", "2027-01", "--plan", "gold")
    assert "choose another reference" in refused("create", "x", "--start", "2027-01", "--reference", "real")
    run("create", "x", "--start", "2027-01", "--reference", "trial")
    assert "there is no meter 'gpu'" in refused("use", "trial", "gpu", "1", "--from", "2027-01-01", "--to", "2027-01-02")
