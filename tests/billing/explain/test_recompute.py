"""The customer's program, run as a customer runs it, on bills of every model."""

import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bonafide.billing.explain.events import usage_csv
from bonafide.billing.explain.prices import prices_of
from bonafide.billing.explain.replay import replay
from bonafide.billing.explain.views import PROGRAM
from bonafide.billing.models import Invoice
from bonafide.pricing.rating import MODELS
from tests.billing.explain.bills import AUGUST, issue_everything
from tests.billing.test_taxed import billed
from tests.factories.usage import PARIS

pytestmark = pytest.mark.django_db


def files(invoice: Invoice) -> tuple[str, dict[str, Any]]:
    explained = replay(invoice=invoice, zone=PARIS)
    usage = b"".join(usage_csv(invoice=invoice, explained=explained, zone=PARIS)).decode()
    return usage, prices_of(invoice=invoice, explained=explained, zone=PARIS)


def run(folder: Path, usage: str, prices: dict[str, Any]) -> tuple[int, str]:
    (folder / "usage.csv").write_bytes(usage.encode())
    (folder / "prices.json").write_text(json.dumps(prices), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, folder / "usage.csv", folder / "prices.json"], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("parts", [False, True])
def test_it_finds_every_line_of_every_model_equal(tmp_path, parts):
    invoice = issue_everything(parts=parts)
    usage, prices = files(invoice)
    models = {charge["price"]["terms"]["model"] for charge in prices["charges"]}
    assert models == MODELS.keys() - {"withdrawn"}  # which is on no bill
    kinds = {charge["meter"]["aggregation"] for charge in prices["charges"] if charge["meter"]}
    assert kinds == {"sum", "count", "max", "latest", "unique", "hours"}
    assert {charge["meter"]["code"] for charge in prices["charges"] if charge["late"]} == {
        "requests", "traffic", "peak", "users", "seats", "hours",
    }  # fmt: skip
    assert {charge["share"] is None for charge in prices["charges"]} == {not parts}
    status, said = run(tmp_path, usage, prices)
    assert (status, said.count("NOT EQUAL")) == (0, 0), said
    assert said.count(": equal") == len(prices["lines"]) + len(prices["taxes"]) + 1

    before = Invoice.objects.get(account=invoice.account, month=AUGUST.key)
    status, said = run(tmp_path, *files(before))
    assert status == 0, said


def test_a_changed_event_is_noticed_on_its_lines_and_no_others(tmp_path):
    usage, prices = files(issue_everything())
    by_meter: dict[str, set[int]] = {}
    for charge in prices["charges"]:
        if charge["meter"]:
            by_meter.setdefault(charge["meter"]["code"], set()).update(charge["lines"])
    rows = list(csv.DictReader(io.StringIO(usage)))
    for meter in ("requests", "storage", "hours", "cost"):
        changed = [dict(row) for row in rows]
        row = next(row for row in changed if row["meter"] == meter and row["bill"] == "2024-09" and row["day"][:7] == "2024-09")
        row["quantity"] = str(Decimal(row["quantity"]) + 1000)
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(changed)
        status, said = run(tmp_path, out.getvalue(), prices)
        wrong = {int(line.split()[1][:-1]) for line in said.splitlines() if line.startswith("line") and "NOT EQUAL" in line}
        assert status == 1
        assert wrong, meter
        assert wrong <= by_meter[meter]


def test_a_changed_share_or_day_of_a_part_is_noticed(tmp_path):
    usage, prices = files(issue_everything(parts=True))
    fee = next(charge for charge in prices["charges"] if charge["price"]["terms"]["model"] == "flat")
    calls = next(charge for charge in prices["charges"] if charge["meter"] and charge["meter"]["code"] == "calls")
    fee["share"]["owed"] += 1
    calls["days"]["until"] = "2024-09-20"
    status, said = run(tmp_path, usage, prices)
    assert status == 1
    for charge in (fee, calls):
        assert f"line {charge['lines'][0]}: NOT EQUAL" in said


def test_an_event_left_out_or_added_is_noticed(tmp_path):
    usage, prices = files(issue_everything())
    lines = usage.split("\r\n")
    without = next(number for number, line in enumerate(lines) if ",calls," in line)
    assert run(tmp_path, "\r\n".join(lines[:without] + lines[without + 1 :]), prices)[0] == 1
    assert run(tmp_path, usage + ",unheard-of,,,2024-09-01,2024-09,2024-09-01T00:00:00.000000Z,1,,,\r\n", prices)[0] == 1


@pytest.mark.parametrize("field", ["unit_price", "net_minor"])
def test_a_changed_price_or_amount_is_noticed_on_its_line(tmp_path, field):
    usage, prices = files(issue_everything())
    charge = next(charge for charge in prices["charges"] if charge["meter"] and charge["meter"]["code"] == "peak")
    if field == "unit_price":
        charge["price"]["terms"]["unit_price"] = "0.71"
    else:
        prices["lines"][charge["lines"][0] - 1]["net_minor"] += 1
    status, said = run(tmp_path, usage, prices)
    assert status == 1
    assert f"line {charge['lines'][0]}: NOT EQUAL" in said
    assert "line 1: equal" in said


def test_files_that_are_none_are_an_error_of_their_own(tmp_path):
    assert run(tmp_path, "a,b\r\n1,2\r\n", {"charges": []})[0] == 2


def test_several_rates_of_prices_that_include_them_are_equal_too(tmp_path):
    invoice = billed(("9.99", "standard"), ("5", "reduced"), ("0.01", "standard"), gross=True)
    usage, prices = files(invoice)
    status, said = run(tmp_path, usage, prices)
    assert status == 0, said
    assert "line 1: equal, 1 x 9.99 = EUR 9.99" in said
    assert "tax S 20 %: equal" in said
    assert "tax S 5.5 %: equal" in said
    prices["taxes"][0]["tax_minor"] += 1
    status, said = run(tmp_path, usage, prices)
    assert status == 1
    assert "tax S 20 %: NOT EQUAL: the bill says base and tax (833, 168), this says (833, 167)" in said
    assert "NOT EQUAL: bases and taxes come to 1501, the bill says 1500" in said
