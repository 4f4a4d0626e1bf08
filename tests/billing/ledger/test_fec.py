"""The French FEC, by the vectors of its law."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from bonafide.billing.ledger import moves
from bonafide.billing.ledger.commands import export
from bonafide.billing.ledger.fec import COLUMNS, NothingToExport, file_name, letters, lines_of_year
from bonafide.billing.ledger.models import Posting, Step
from bonafide.billing.ledger.post import Entry, write_entries
from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.operator import Operator
from bonafide.operator_books import Books
from bonafide.periods import Month
from tests.factories.billing import issue, make_invoice, make_sale, operator

pytestmark = pytest.mark.django_db
ON_DEBITS = operator(tax={"vat_on_debits": True}, billing={"number_prefix": "F"})
BOOKS = Books()
CARD = moves.move(BOOKS.clearing, BOOKS.receivable, 12000, 12000) + moves.fee(books=BOOKS, minor=205, home=205)
PAYOUT = moves.paid_out(books=BOOKS, minor=11795, home=11795)
CREDIT = moves.issued(books=BOOKS, vat=BOOKS.vat_due, net_minor=-3000, tax_minor=-600, home_net=-3000, home_tax=-600)
REFUND = moves.move(BOOKS.clearing, BOOKS.receivable, -3600, -3600)


def bonafide(*arguments: str) -> Result:
    with time_machine.travel(datetime(2027, 1, 10, 9, tzinfo=UTC), tick=False):
        return CliRunner().invoke(export, ["fec", *arguments])


def rows(year: int = 2026, by: Operator = ON_DEBITS) -> list[dict[str, str]]:
    lines = list(lines_of_year(year=year, operator=by))
    assert all(line.endswith("\r\n") for line in lines)
    return [dict(zip(COLUMNS, line.rstrip("\r\n").split("|"), strict=True)) for line in lines[1:]]


def euros(amount: str) -> int:
    return int(amount.replace(",", ""))


@pytest.fixture
def year() -> Invoice:
    """Vector 20: a bill, its payment by card with a fee, the payout, a credit note of a part, and its refund."""
    make_sale("Dupont", "100", country="FR", postcode="75001", reference="C0042")
    issue(month=Month(2026, 9), now=datetime(2026, 10, 1, 8, tzinfo=UTC), by=ON_DEBITS)
    invoice = Invoice.objects.get()
    steps = [(Step.SETTLEMENT, CARD), (Step.PAYOUT, PAYOUT), (Step.CREDIT, CREDIT), (Step.SETTLEMENT, REFUND)]
    day = date(2026, 10, 5)
    write_entries(
        entries=[
            Entry(step, 900 + number, invoice.account_id, invoice.pk, f"P-{number}", day, day, "EUR", moved)
            for number, (step, moved) in enumerate(steps)
        ]
    )
    return invoice


def test_the_file_is_named_by_siren_and_closing_date() -> None:
    assert file_name(year=2026, operator=operator()) == "732829320FEC20261231.txt"
    assert file_name(year=2026, operator=operator(identity={"registration": "732 829 320 00074"})) == "732829320FEC20261231.txt"
    with pytest.raises(NothingToExport, match="no SIREN"):
        file_name(year=2026, operator=operator(identity={"registration": "HRB 1234"}))


def test_the_header_has_the_eighteen_columns_of_the_law(year: Invoice) -> None:
    assert next(lines_of_year(year=2026, operator=ON_DEBITS)) == (
        "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|EcritureLib|"
        "Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise\r\n"
    )


def test_a_year_is_written_as_the_vector_has_it(year: Invoice) -> None:
    found = [f"{row['JournalCode']}{row['EcritureNum']} {row['CompteNum']} {row['Debit']} {row['Credit']}" for row in rows()]
    assert found == [
        "VE1 411000 120,00 0,00", "VE1 706000 0,00 100,00", "VE1 445710 0,00 20,00",
        "ST2 511500 117,95 0,00", "ST2 627000 2,05 0,00", "ST2 411000 0,00 120,00",
        "BQ3 512000 117,95 0,00", "BQ3 511500 0,00 117,95",
        "AV4 706000 30,00 0,00", "AV4 445710 6,00 0,00", "AV4 411000 0,00 36,00",
        "ST5 411000 36,00 0,00", "ST5 511500 0,00 36,00",
    ]  # fmt: skip
    debits, credits = (sum(euros(row[side]) for row in rows()) for side in ("Debit", "Credit"))
    assert debits == credits == 42995


def test_a_line_is_written_as_the_vector_has_it(year: Invoice) -> None:
    assert list(lines_of_year(year=2026, operator=ON_DEBITS))[1] == (
        "VE|Ventes|1|20261001|411000|Clients|C0042|Dupont|F2026-000001|20261001|Facture F2026-000001|120,00|0,00|||20261001||\r\n"
    )


def test_a_paid_bill_is_joined_to_its_payment_by_letters() -> None:
    invoice, other = make_invoice(), make_invoice()
    settle(invoice=invoice, amount_minor=1200, received_on=date(2024, 10, 9), means="transfer", reference="B-1")
    settle(invoice=other, amount_minor=100, received_on=date(2024, 10, 9), means="transfer", reference="B-2")
    customer = [row for row in rows(2024, operator()) if row["CompteNum"] == "411000"]
    assert [(row["EcritureLet"], row["DateLet"]) for row in customer] == [
        ("AAA", "20241009"), ("", ""), ("AAA", "20241009"), ("", "")
    ]  # fmt: skip
    assert [letters(place) for place in (1, 2, 26**3, 26**3 + 1)] == ["AAA", "AAB", "ZZZ", "BAAA"]


def test_names_cannot_break_a_line() -> None:
    make_sale("Du|pont\t& \r\n Fils", "100", country="FR", postcode="75001")
    issue()
    assert {row["CompAuxLib"] for row in rows(2024, operator())} == {"Du pont & Fils", ""}


def test_the_command_writes_the_file(year: Invoice, tmp_path: Path) -> None:
    result = bonafide("2026", "--folder", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/732829320FEC20261231.txt: {Posting.objects.count()} moves between accounts\n")  # fmt: skip  # noqa: E501
    assert [path.name for path in tmp_path.iterdir()] == ["732829320FEC20261231.txt"]
    text = (tmp_path / "732829320FEC20261231.txt").read_bytes().decode("utf-8")
    assert text == "".join(lines_of_year(year=2026, operator=ON_DEBITS))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("26", "year '26': expected a calendar year up to 2027, such as 2026"),
        ("2999", "expected a calendar year"),
        ("next", "expected a calendar year"),
        ("2025", "nothing is posted in 2025"),
    ],
)
def test_a_year_that_cannot_be_written_is_one_line(given: str, said: str, tmp_path: Path) -> None:
    result = bonafide(given, "--folder", str(tmp_path))
    assert isinstance(result.exception, NothingToExport)
    assert said in str(result.exception)
    assert not list(tmp_path.iterdir())
