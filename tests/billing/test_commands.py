"""``bonafide bills`` as it is typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from click.testing import CliRunner, Result

from bonafide.billing.commands import BadMonth, bills
from bonafide.billing.models import Invoice
from bonafide.billing.run import MonthNotOver
from bonafide.pricing.models import ClosedMonth
from bonafide.pricing.rating import Flat, PerUnit
from tests.factories.accounts import make_account
from tests.factories.billing import OCTOBER_1, issue, make_invoice, make_meter, make_plan, make_sale, triggers_lifted, use

pytestmark = pytest.mark.django_db


def bonafide(*arguments: str) -> Result:
    with time_machine.travel(datetime(2024, 11, 2, 9, tzinfo=UTC), tick=False):
        return CliRunner().invoke(bills, arguments)


def test_rehearse_shows_every_bill_and_writes_nothing() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    account = make_account(name="Atelier")
    result = bonafide("rehearse", "2024-09")
    assert result.exit_code == 0
    assert f"{account.reference} Atelier" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 bill: 10.00 EUR before tax, 2.00 EUR tax, 12.00 EUR in all"
    assert not Invoice.objects.exists()
    assert not ClosedMonth.objects.exists()


def test_rehearse_compares_with_last_month_and_marks_what_stands_out() -> None:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal(1))))
    for september, october in (("100", "101"), ("100", "300"), ("100", "20"), ("100", "-1"), ("1", "3"), (None, "1")):
        account = make_account()
        if september:
            use(account, meter, september)
        use(account, meter, october, day=20241005)
    issue(now=OCTOBER_1)
    rows = bonafide("rehearse", "2024-10").stdout.splitlines()[1:7]
    assert rows[0].endswith("+1.20 EUR")
    assert rows[1].endswith("+240.00 EUR  <- at least doubled")
    assert rows[2].endswith("-96.00 EUR  <- at least halved")
    assert rows[3].endswith("<- negative")
    assert rows[4].endswith("+2.40 EUR")
    assert rows[5].endswith("new")


def test_rehearse_says_what_would_stop_and_fails() -> None:
    account = make_account()
    use(account, make_meter(), "1")
    result = bonafide("rehearse", "2024-09")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"bonafide: account {account.reference}: has usage in 2024-09 but no plan")


def test_rehearse_gives_notice_of_a_missing_rate_for_the_books() -> None:
    make_plan((None, Flat(amount=Decimal(10))), currency="USD")
    make_account()
    result = bonafide("rehearse", "2024-09")
    assert result.exit_code == 0
    assert "notice: no exchange rate from USD to EUR for 2024-09" in result.stdout


def test_rehearse_shows_the_vat_of_each_bill_and_what_the_law_asks_besides() -> None:
    for name, euros, country, postcode in (
        ("Paris", "10", "FR", "75001"), ("London", "10", "GB", "SW1A 1AA"), ("Leeds", "10", "GB", "LS1 1UR"),
        ("New York", "10", "US", "10001"), ("Berlin", "10001", "DE", "10115"),
    ):  # fmt: skip
        make_sale(name, euros, country=country, postcode=postcode)
    result = bonafide("rehearse", "2024-09")
    rows = {line.split()[1]: line for line in result.stdout.splitlines()[1:6]}
    assert "S 20 FR" in rows["Paris"]
    assert " O " in rows["London"]
    assert "S 19 DE" in rows["Berlin"]
    notices = [line for line in result.stdout.splitlines() if line.startswith("notice: ")]
    assert notices == [
        "notice: 1 bill: consumers in US: look up whether sellers from abroad must register for VAT there",
        "notice: 1 bill: sales to consumers elsewhere in the EU are above the threshold (Directive 2006/112/EC art. 59c): "
        'register for the one-stop shop and set tax.oss = "registered"',
        "notice: 2 bills: consumers in GB: sellers from abroad must register for VAT there from the first sale to a consumer",
    ]
    shown = {bill["account"]: bill for bill in json.loads(bonafide("rehearse", "2024-09", "--json").stdout)["bills"]}
    berlin = shown[rows["Berlin"].split()[0]]
    assert (berlin["treatment"], berlin["taxed_in"], berlin["flags"]) == ("destination", "DE", ["oss_beyond_threshold"])
    assert [(tax["category"], tax["rate"], tax["tax_minor"]) for tax in berlin["taxes"]] == [("S", "19", 190_019)]


def test_rehearse_for_programs() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    account = make_account()
    stuck = make_account()
    use(stuck, make_meter(), "1")
    result = bonafide("rehearse", "2024-09", "--json")
    rehearsal = json.loads(result.stdout)
    (bill,) = rehearsal["bills"]
    assert (bill["account"], bill["total_minor"], bill["change_minor"], bill["number"]) == (account.reference, 1200, None, None)
    assert [stop["account"] for stop in rehearsal["stopped"]] == [stuck.reference]
    assert result.exit_code == 1


def test_issue_says_what_it_did_and_may_be_repeated() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    make_account()
    assert bonafide("issue", "2024-09").stdout == "2024-09: 1 issued\n"
    again = bonafide("issue", "2024-09")
    assert (again.stdout, again.exit_code) == ("2024-09: 0 issued, 1 already there\n", 0)


def test_issue_fails_when_an_account_was_stopped_and_names_it() -> None:
    make_plan((None, Flat(amount=Decimal(10))))
    make_account()
    stuck = make_account()
    use(stuck, make_meter(code="gpu"), "1")
    result = bonafide("issue", "2024-09")
    assert result.exit_code == 1
    assert result.stdout == "2024-09: 1 issued, 1 stopped\n"
    assert f"account {stuck.reference}: has usage of meter gpu in 2024-09" in result.stderr


def test_issue_refuses_a_month_that_is_not_over() -> None:
    assert isinstance(bonafide("issue", "2024-11").exception, MonthNotOver)


@pytest.mark.parametrize("text", ["2024-13", "september", "2024-9"])
@pytest.mark.parametrize("command", ["rehearse", "issue"])
def test_a_month_that_is_none_is_refused_in_one_plain_line(command: str, text: str) -> None:
    refusal = bonafide(command, text).exception
    assert isinstance(refusal, BadMonth)
    assert str(refusal) == f"month {text!r} is not a month: expected YYYY-MM, for example 2024-09"


def test_list_prints_a_line_for_each_bill() -> None:
    invoice = make_invoice()
    (line,) = bonafide("list").stdout.splitlines()
    assert line.split() == ["2024-000001", "2024-09", "12.00", "EUR", "overdue", invoice.account.reference]


def test_list_for_programs_has_the_documented_shape() -> None:
    invoice = make_invoice()
    (bill,) = json.loads(bonafide("list", "--json").stdout)
    assert bill == {
        "number": "2024-000001",
        "account": invoice.account.reference,
        "type": "invoice",
        "month": "2024-09",
        "currency": "EUR",
        "net_minor": 1000,
        "tax_minor": 200,
        "total_minor": 1200,
        "state": "overdue",
        "lines": [
            {
                "text": "Instance hours",
                "meter": invoice.lines.get().meter,
                "quantity": "12.5",
                "unit_price": "0.8",
                "net_minor": 1000,
            }
        ],
    }


def test_list_can_be_narrowed_to_a_month() -> None:
    make_invoice()
    assert json.loads(bonafide("list", "--json", "--month", "2024-08").stdout) == []
    assert len(json.loads(bonafide("list", "--json", "--month", "2024-09").stdout)) == 1


def test_verify_says_what_holds() -> None:
    invoice = make_invoice()
    result = bonafide("verify")
    assert result.stdout == (
        f"1 bill: numbers without a gap, sums and seals hold; last seal {invoice.seal}\n"
        "ledger, report, 0 closed months and 0 digests of usage files agree with them\n"
    )


def test_verify_names_what_was_changed_by_hand() -> None:
    invoice = make_invoice()
    with triggers_lifted():
        invoice.lines.update(text="cheaper")
    result = bonafide("verify")
    assert result.exit_code == 1
    assert result.stderr.startswith("bonafide: bill 2024-000001: its content is not what was sealed")


@pytest.mark.parametrize("command", [[], ["rehearse"], ["issue"], ["list"], ["verify"]])
def test_help_has_an_example(command: list[str]) -> None:
    assert "Example: bonafide bills" in bonafide(*command, "--help").stdout
