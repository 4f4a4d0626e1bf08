"""From a cloud's usage file to bills, by the commands alone; the sums recomputed with nothing but csv and Decimal."""

import csv
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOCUS = ROOT.parent / "shared" / "data" / "focus_sample.csv"
RESELLER = ROOT / "examples" / "reseller.toml"
CENT = Decimal("0.01")

pytestmark = [
    pytest.mark.skipif(not FOCUS.exists(), reason="the FOCUS sample file is not beside the project"),
    pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="works on SQLite instances of its own"),
]


def run(home: Path, *arguments: str, ok: bool = True) -> str:
    """The command as a stranger runs it: its own process, no terminal; its own SQLite instance."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run(
        [sys.executable, "-m", "bonafide.cli", *arguments],
        env=environment | {"BONAFIDE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    assert (done.returncode == 0) is ok, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout if ok else done.stderr


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("reseller") / "instance"
    run(home, "init")
    run(home, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    run(home, "prices", "import", str(RESELLER))
    run(home, "bills", "issue", "2024-09")
    return home


@pytest.fixture(scope="module")
def costs() -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    with FOCUS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sums[row["SubAccountId"]] += Decimal(row["BilledCost"])
    return sums


def bills_of(home: Path) -> list[dict]:
    return json.loads(run(home, "bills", "list", "--month", "2024-09", "--json"))


def test_every_sub_account_gets_one_bill_numbered_without_gaps(instance, costs):
    bills = bills_of(instance)
    assert len(costs) == 73
    assert sorted(bill["account"] for bill in bills) == sorted(costs)
    year = bills[0]["number"].split("-")[0]
    assert sorted(bill["number"] for bill in bills) == [f"{year}-{n:06d}" for n in range(1, 74)]
    assert {(bill["type"], bill["month"], bill["currency"]) for bill in bills} == {("invoice", "2024-09", "USD")}


def test_the_lines_come_to_the_files_cost_times_1_7_to_the_cent_per_account(instance, costs):
    for bill in bills_of(instance):
        expected = (costs[bill["account"]] * Decimal("1.7")).quantize(CENT, ROUND_HALF_UP)
        assert sum(Decimal(line["net_minor"]) / 100 for line in bill["lines"]) == expected, bill["account"]
        assert bill["net_minor"] == int(expected * 100)
        tax = (expected * Decimal("0.20")).quantize(CENT, ROUND_HALF_UP)
        assert bill["tax_minor"] == int(tax * 100)
        assert bill["total_minor"] == bill["net_minor"] + bill["tax_minor"]


def test_quantities_and_prices_are_plain_digits(instance, costs):
    for bill in bills_of(instance):
        for line in bill["lines"]:
            assert re.fullmatch(r"-?\d+(\.\d+)?", line["quantity"]), line
            assert line["unit_price"] == "1.7"
        assert sum(Decimal(line["quantity"]) for line in bill["lines"]) == costs[bill["account"]]


def test_the_whole_comes_to_the_files_own_sum_times_1_7_within_the_rounding_of_lines(instance, costs):
    bills = bills_of(instance)
    lines = sum(len(bill["lines"]) for bill in bills)
    total = Decimal(sum(bill["net_minor"] for bill in bills)) / 100
    assert abs(total - sum(costs.values()) * Decimal("1.7")) <= CENT / 2 * lines


def test_credits_and_adjustments_count_with_their_sign(instance, costs):
    with FOCUS.open(encoding="utf-8", newline="") as file:
        credit = next(row for row in csv.DictReader(file) if row["ChargeCategory"] == "Credit")
    bill = next(bill for bill in bills_of(instance) if bill["account"] == credit["SubAccountId"])
    without = costs[credit["SubAccountId"]] - Decimal(credit["BilledCost"])
    assert Decimal(credit["BilledCost"]) < 0
    assert Decimal(bill["net_minor"]) / 100 < (without * Decimal("1.7")).quantize(CENT, ROUND_HALF_UP)


def test_a_second_import_adds_nothing_and_a_second_issue_changes_nothing(instance):
    before = run(instance, "bills", "list", "--json")
    again = run(instance, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    assert "1,000" in again or "1000" in again
    run(instance, "bills", "issue", "2024-09")
    run(instance, "prices", "import", str(RESELLER))
    assert run(instance, "bills", "list", "--json") == before
    assert "73" in run(instance, "bills", "verify")


def test_billing_dollars_in_euros_is_refused_until_staff_entered_a_rate(tmp_path):
    home = tmp_path / "euros"
    prices = tmp_path / "euros.toml"
    prices.write_text(RESELLER.read_text(encoding="utf-8").replace('currency = "USD"', 'currency = "EUR"'), encoding="utf-8")
    run(home, "init")
    run(home, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    run(home, "prices", "import", str(prices))
    refusal = run(home, "bills", "issue", "2024-09", ok=False)
    assert "2024-09" in refusal
    assert "USD" in refusal
    assert json.loads(run(home, "bills", "list", "--json")) == []
    run(home, "prices", "rate", "USD", "EUR", "2024-09-30", "0.8932", "--source", "ECB reference rate")
    run(home, "bills", "issue", "2024-09")
    bills = json.loads(run(home, "bills", "list", "--json"))
    assert len(bills) == 73
    assert {bill["currency"] for bill in bills} == {"EUR"}
    largest = max(bills, key=lambda bill: bill["net_minor"])
    with FOCUS.open(encoding="utf-8", newline="") as file:
        cost = sum(Decimal(row["BilledCost"]) for row in csv.DictReader(file) if row["SubAccountId"] == largest["account"])
    assert largest["net_minor"] == int((cost * Decimal("1.7") * Decimal("0.8932")).quantize(CENT, ROUND_HALF_UP) * 100)


def render_every_bill(home: Path, folder: Path) -> int:
    """Each bill of an instance as PDF and XML, with all checks; how many there were."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.flows.render_every_bill", str(folder)],
        env={**os.environ, "BONAFIDE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "bonafide.settings", "DATABASE_URL": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def test_every_bill_passes_every_check_of_its_data_once_the_books_have_a_rate(tmp_path, costs):
    """VAT in euros is a must in France: without a rate for it no such bill may go out, and with it all do."""
    home, folder = tmp_path / "checked", tmp_path / "bills"
    folder.mkdir()
    run(home, "init")
    run(home, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    run(home, "prices", "import", str(RESELLER))
    run(home, "prices", "rate", "USD", "EUR", "2024-09-30", "0.8932", "--source", "ECB reference rate")
    run(home, "bills", "issue", "2024-09")
    assert render_every_bill(home, folder) == len(costs) == len(list(folder.glob("*.xml")))
    for bill in bills_of(home):
        xml = (folder / f"{bill['number']}.xml").read_text(encoding="utf-8")
        assert f">{Decimal(bill['total_minor']) / 100:.2f}</ram:GrandTotalAmount>" in xml
        assert 'currencyID="EUR"' in xml


def test_without_the_rate_the_check_refuses_the_bill(instance, tmp_path):
    with pytest.raises(AssertionError, match="the tax is not told in EUR"):
        render_every_bill(instance, tmp_path)


def test_issuing_before_there_are_prices_is_put_right_by_importing_them(tmp_path, costs):
    home = tmp_path / "eager"
    run(home, "init")
    run(home, "usage", "import", str(FOCUS), "--format", "focus", "--create-accounts")
    refusal = run(home, "bills", "issue", "2024-09", ok=False)
    assert "plan" in refusal
    assert json.loads(run(home, "bills", "list", "--json")) == []
    run(home, "prices", "import", str(RESELLER))
    run(home, "bills", "issue", "2024-09")
    assert len(bills_of(home)) == len(costs)
