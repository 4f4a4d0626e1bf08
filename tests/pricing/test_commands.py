"""``bonafide prices`` as an operator types it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bonafide.errors import Refused
from bonafide.pricing.commands import prices
from bonafide.pricing.models import ExchangeRate, Price

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    result = CliRunner().invoke(prices, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: str) -> str:
    with pytest.raises(Refused) as refusal:
        run(*words)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_import_says_in_one_line_what_it_did_and_the_second_time_that_nothing_changed():
    example = str(EXAMPLES / "cloud.toml")
    text = (EXAMPLES / "cloud.toml").read_text(encoding="utf-8")
    meters, prices_ = text.count("\n[[meters]]"), text.count("\n[[plan.prices]]")
    assert run("import", example) == f"cloud.toml: 1 plan added, {meters} meters added, {prices_} prices added\n"
    assert run("import", example) == "cloud.toml: nothing changed, all of it is already in force or noted\n"
    assert run("import", str(EXAMPLES / "reseller.toml")) == (
        "reseller.toml: 1 plan added, 1 price added, in place of nordlys as the default plan\n"
    )


def test_import_tells_prices_of_a_later_date_apart(tmp_path):
    file = tmp_path / "later.toml"
    text = (EXAMPLES / "reseller.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("2024-01-01", "9000-01-01"), encoding="utf-8")
    assert run("import", str(file)) == "later.toml: 1 plan added, 1 price added, 1 of them from a later date on\n"


def test_a_missing_file_a_folder_and_one_that_is_not_text_are_refused_in_plain_words(tmp_path):
    assert refused("import", str(tmp_path / "none.toml")) == f"{tmp_path / 'none.toml'} is missing: check the path"
    assert refused("import", str(tmp_path)) == f"{tmp_path} is a folder: name the price file in it"
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"[plan]\nname = '\xe9t\xe9'\n")
    assert refused("import", str(latin)) == f"{latin} line 2: not UTF-8 (byte 15); save the file as UTF-8"
    assert refused("import", f"{latin}/x.toml").startswith(f"{latin}/x.toml cannot be read (Not a directory)")
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as stream:
        stream.truncate(2**31)
    assert "is larger than 16 MB" in refused("import", str(huge))
    broken = tmp_path / "broken.toml"
    broken.write_text("[plan]\ncode = \n", encoding="utf-8")
    assert refused("import", str(broken)) == "broken.toml line 2: not TOML at column 8: invalid value"
    assert not Price.objects.exists()


def test_a_rate_is_entered_in_one_line():
    assert run("rate", "usd", "EUR", "2024-09-30", "0.8932", "--source", "ECB") == (
        "1 USD = 0.8932 EUR on 2024-09-30, from ECB\n"
    )
    assert ExchangeRate.objects.get().rate == "0.8932"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rate", "USD", "EUR", "30/09/2024", "0.89", "--source", "ECB"], "'30/09/2024' is not a day: expected YYYY-MM-DD"),
        (["rate", "USD", "EUR", "2024-09-30", "0.89"], "Missing option '--source'"),
        (["list", "--month", "2024-13"], "month '2024-13' is not a month: expected YYYY-MM"),
    ],
)
def test_a_wrong_word_is_refused_with_what_was_expected(words, said):
    result = CliRunner().invoke(prices, words)
    assert result.exit_code == 2
    assert said in result.output


def test_a_refused_rate_names_the_value():
    assert "rate '0.89x': expected a decimal number" in refused("rate", "USD", "EUR", "2024-09-30", "0.89x", "--source", "ECB")


def test_list_shows_the_prices_in_force():
    assert "No plans yet" in run("list")
    run("import", str(EXAMPLES / "cloud.toml"))
    shown = run("list", "--month", "2026-09")
    assert shown.startswith("nordlys (EUR, by the day, default): Nordlys Cloud\n")
    assert "\n  dev1-l: DEV1-L instance, per-unit on dev1-l-hours (hour): split, unit_price 0.042\n" in shown
    assert "\n  gpu: GPU time, volume on gpu-hours (GPU-hour): 2.7 to 100, 2.35 to 1000, 1.95 beyond\n" in shown
    (before,), (after,) = (json.loads(run("list", "--month", month, "--json")) for month in ("2026-09", "2026-10"))
    assert (before["currency"], before["default"]) == ("EUR", True)
    assert [price["code"] for price in before["prices"]] == [price["code"] for price in after["prices"]]
    terms = [{price["code"]: price["terms"] for price in plan["prices"]}["dev1-l"]["unit_price"] for plan in (before, after)]
    assert terms == ["0.042", "0.0399"]


@pytest.mark.parametrize("words", [[], ["import"], ["rate"], ["list"]])
def test_every_command_has_help_with_an_example(words):
    assert f"Example: bonafide prices {' '.join(words)}".strip() in run(*words, "--help")


def test_a_refusal_is_one_line_on_stderr_and_exit_status_one(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "bonafide.cli", "prices", "import", str(tmp_path / "none.toml")], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"bonafide: {tmp_path / 'none.toml'} is missing: check the path\n"
