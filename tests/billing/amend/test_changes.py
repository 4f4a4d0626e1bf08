"""What is otherwise on the lines of a bill comes from a file or a form, and bad input is one clear line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.test import Client

from bonafide.billing.amend.changes import BadChange, LineChange, read_changes
from bonafide.billing.commands import bills
from bonafide.billing.models import Invoice, Replacement
from bonafide.errors import Refused
from tests.billing.amend.bills import make_mixed, with_sorts
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", '[lines.3]\nquantity = "2"\n[lines.4]\nleave_out = true\n'),
        ("a.json", '{"lines": {"3": {"quantity": 2}, "4": {"leave_out": true}}}'),
    ],
)
def test_toml_and_json_say_the_same(name: str, text: str) -> None:
    assert read_changes(text=text, name=name) == {3: LineChange(quantity="2"), 4: LineChange(leave_out=True)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lines = 3", r"expected tables \[lines\.1\]"),
        ("[lines", "a.toml: "),
        ("[other]\nx = 1", "expected tables"),
        ("[lines.one]\nquantity = 1", "'one' is no number of a line"),
        ("[lines.1]\ncolour = 1", "line 1: 'colour' is unknown: expected one of leave_out, quantity"),
        ('[lines.1]\nquantity = "much"', "quantity is 'much': expected a decimal number"),
        ("[lines.1]\nquantity = 1.5", "expected a decimal number in quotes"),
        ('[lines.1]\nunit_price = "1e99"', "unit_price is '1e99'"),
        ("[lines.1]\nleave_out = 1", "expected true or false"),
        ('[lines.1]\ntext = " "', "expected at most 400 characters"),
    ],
)
def test_what_cannot_be_read_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BadChange, match=said):
        read_changes(text=text, name="a.toml")


def bonafide(*arguments: str) -> Result:
    return CliRunner().invoke(bills, ["rectify", *arguments, "--reason", "Wrong"])


@pytest.mark.django_db
def test_the_command_shows_the_difference_and_replaces_once(tmp_path: Path, settings: Any) -> None:
    invoice = make_mixed()
    invoice.account.street = "9 rue Neuve"
    invoice.account.save()
    changes = tmp_path / "changes.toml"
    changes.write_text('[lines.2]\nunit_price = "1.00"\n')
    settings.OPERATOR = with_sorts()
    shown = bonafide(str(invoice.number), "--lines", str(changes), "--preview")
    assert shown.exit_code == 0, shown.exception
    assert "-> 9 rue Neuve" in shown.stdout
    assert "line 2: Fee 2, September 2024: 1 × 1.07 -> Fee 2, September 2024: 1 × 1.00" in shown.stdout
    assert "26.61 EUR is then open on the corrected bill" in shown.stdout
    assert not Replacement.objects.exists()
    for _ in range(2):
        assert bonafide(str(invoice.number), "--lines", str(changes)).exit_code == 0
    made = Replacement.objects.get().document
    told = [(line.tax_rate, line.net_minor) for line in made.lines.all()]
    assert told == [("20", 33), ("5.5", 100), ("20", 999), ("5.5", 1249)]
    changes.write_text("[lines.9]\nleave_out = true\n")
    refused = bonafide(str(made.number), "--lines", str(changes))
    assert isinstance(refused.exception, Refused)
    assert str(refused.exception) == f"bill {made.number} has no line 9: its lines are 1 to 4"


@pytest.mark.django_db
def test_lines_of_a_corrected_bill_are_explained_or_said_not_to_be(client: Client, tmp_path: Path) -> None:
    invoice = make_invoice()
    invoice.account.street = "9 rue Neuve"
    invoice.account.save()
    assert bonafide(str(invoice.number)).exit_code == 0
    made = Invoice.objects.get(kind="384")
    client.force_login(make_member(account=invoice.account))
    assert "can no longer be laid out" not in client.get(f"/bills/{made.number}/lines/1").content.decode()
    changed = tmp_path / "changes.json"
    changed.write_text('{"lines": {"1": {"quantity": "3"}}}')
    assert bonafide(str(made.number), "--lines", str(changed)).exit_code == 0
    third = Invoice.objects.get(kind="384", replacement=None)
    assert client.get(f"/bills/{third.number}/lines/1").status_code == 200
