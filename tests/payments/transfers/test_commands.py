"""``bonafide payments import`` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from bonafide.payments.commands import payments
from bonafide.payments.transfers.models import Movement
from bonafide.payments.transfers.statement import StatementRefused
from tests.factories.billing import make_invoice
from tests.factories.transfers import NOW, Paid, camt, mt940, paid_on

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def bonafide(*arguments: object) -> Result:
    return CliRunner().invoke(payments, ["import", *map(str, arguments)])


def test_a_dry_run_says_what_an_import_then_does_once(tmp_path: Path) -> None:
    bill, file = make_invoice(), tmp_path / "day.xml"
    file.write_bytes(camt(Paid("12.00", reference=bill.payment_reference), Paid("9.00", text="?"), Paid("-1.00")))
    dry = bonafide("--dry-run", file).stdout
    assert "day.xml: 2 new, 1 of your own payments left out; 1 would be booked" in dry
    assert f"{bill.number} (reference)" in dry
    assert (Movement.objects.count(), paid_on([bill])) == (0, [0])
    assert bonafide(file).stdout == "day.xml: 2 new, 1 of your own payments left out, 1 booked, 1 waiting for a decision\n"
    assert bonafide(file).stdout == "day.xml: imported before, nothing new, 0 booked, 1 waiting for a decision\n"
    assert paid_on([bill]) == [1200]


def test_of_several_files_a_wrong_one_keeps_all_of_them_out(tmp_path: Path) -> None:
    bill = make_invoice()
    good, wrong = tmp_path / "good.sta", tmp_path / "wrong.xml"
    good.write_bytes(mt940(Paid("12.00", reference=bill.payment_reference)))
    wrong.write_bytes(b"<html/>")
    refused = bonafide(good, wrong)
    assert isinstance(refused.exception, StatementRefused)
    assert str(refused.exception).startswith("wrong.xml: expected a camt.053 statement")
    assert (Movement.objects.count(), paid_on([bill])) == (0, [0])


def test_programs_get_one_object(tmp_path: Path) -> None:
    bill, file = make_invoice(), tmp_path / "day.xml"
    file.write_bytes(camt(Paid("12.00", reference=bill.payment_reference)))
    dry, done = (json.loads(bonafide("--json", *more, file).stdout) for more in (["--dry-run"], []))
    assert dry["files"][0]["proposals"][0]["bills"] == [{"number": bill.number, "amount_minor": 1200, "why": "reference"}]
    assert (done["files"][0]["booked"], done["waiting"]) == ({"payments": 1, "returns": 0}, 0)
