"""``bonafide bills rehearse --save``, ``sign-off`` and ``issue`` as they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from click.testing import CliRunner, Result

from bonafide.billing.commands import NoSuchStaff, bills
from bonafide.billing.models import Invoice, Rehearsal, SignOff
from bonafide.billing.runs.sign_off import CannotSignOff
from bonafide.billing.runs.signed import NotAsSigned, NotSignedOff
from bonafide.pricing.models import Meter
from bonafide.pricing.rating import PerUnit
from bonafide.usage.models import Total
from tests.factories.accounts import make_account, make_user
from tests.factories.billing import make_meter, make_plan, operator, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_november() -> Iterator[None]:
    with time_machine.travel(datetime(2024, 11, 2, 9, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def meter() -> Meter:
    make_user(username="camille", is_staff=True, is_superuser=True)
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    return meter


def bonafide(*arguments: str) -> Result:
    return CliRunner().invoke(bills, arguments)


def test_a_month_is_rehearsed_signed_off_and_issued_by_command(meter: Meter, settings: object) -> None:
    settings.OPERATOR = operator(billing={"sign_off": "required"})  # type: ignore[attr-defined]
    use(make_account(), meter, "10")
    assert isinstance(bonafide("issue", "2024-09").exception, NotSignedOff)
    assert isinstance(bonafide("sign-off", "2024-09", "--by", "camille").exception, CannotSignOff)
    bonafide("rehearse", "2024-09")
    assert not Rehearsal.objects.exists()
    kept = bonafide("rehearse", "2024-09", "--save")
    assert (kept.exit_code, kept.stdout.splitlines()) == (
        0,
        [
            "1 bill: 8.00 EUR before tax, 1.60 EUR tax, 9.60 EUR in all",
            "kept, 1 to look at: /staff/bill-runs/2024-09, then 'bonafide bills sign-off 2024-09 --by USERNAME'",
        ],
    )
    done = bonafide("sign-off", "2024-09", "--by", "Camille", "--note", "all of it")
    assert done.stdout == "2024-09: 1 bill signed off by camille\n"
    assert SignOff.objects.get().note == "all of it"
    issued = bonafide("issue", "2024-09")
    assert (issued.exit_code, issued.stdout) == (0, "2024-09: 1 issued\n")


def test_a_kept_rehearsal_says_what_stops_and_fails(meter: Meter) -> None:
    stuck = make_account()
    use(stuck, make_meter(), "1")
    result = bonafide("rehearse", "2024-09", "--save")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "nothing to bill")
    assert f"account {stuck.reference}: has usage of meter" in result.stderr
    assert bonafide("rehearse", "2024-09", "--save", "--json").exit_code == 2


def test_issue_stops_in_one_line_that_names_the_account(meter: Meter) -> None:
    account = make_account()
    use(account, meter, "10")
    bonafide("rehearse", "2024-09", "--save")
    bonafide("sign-off", "2024-09", "--by", "camille")
    Total.objects.update(quantity=11_000)
    stopped = bonafide("issue", "2024-09").exception
    assert isinstance(stopped, NotAsSigned)
    assert str(stopped).startswith(f"account {account.reference}: was signed off by camille on 2 November 2024 with €9.60")
    assert "\n" not in str(stopped)
    assert not Invoice.objects.exists()


def test_issue_names_who_was_left_out_and_fails(meter: Meter) -> None:
    use(make_account(), meter, "10")
    bonafide("rehearse", "2024-09", "--save")
    bonafide("sign-off", "2024-09", "--by", "camille")
    late = make_account()
    use(late, meter, "10")
    result = bonafide("issue", "2024-09")
    assert (result.exit_code, result.stdout) == (1, "2024-09: 1 issued, 1 left out\n")
    assert f"account {late.reference}: had no bill when 2024-09 was signed off" in result.stderr


@pytest.mark.parametrize("who", ["nobody", "customer", "helper"])
def test_only_staff_who_may_sign_off(meter: Meter, who: str) -> None:
    make_user(username="customer")
    make_user(username="helper", is_staff=True)
    use(make_account(), meter, "10")
    bonafide("rehearse", "2024-09", "--save")
    assert isinstance(bonafide("sign-off", "2024-09", "--by", who).exception, NoSuchStaff)
    assert not SignOff.objects.exists()
