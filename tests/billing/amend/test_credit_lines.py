"""Lines of a bill, and parts of them, are taken back: rate by rate, to the cent, whatever the prices include."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from click.testing import CliRunner, Result
from django.db import DatabaseError, connection
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.billing.amend.taken_back import LineAsked, spread
from bonafide.billing.commands import bills
from bonafide.billing.correct import CreditRefused, credit, line_asked, preview_credit
from bonafide.billing.models import Correction, CreditedLine, Invoice, InvoiceTax
from bonafide.billing.verify import Verified, verify_books
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.invariants import problems_of
from bonafide.errors import Refused
from tests.billing.amend.bills import balances, make_mixed
from tests.factories.billing import make_invoice, operator, triggers_lifted

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 8, tzinfo=UTC)


def take(invoice: Invoice, *lines: LineAsked, net: int | None = None, key: str = "k-1") -> Invoice:
    return credit(invoice=invoice, net_minor=net, lines=lines, reason="Outage", key=key, operator=operator(), now=NOW)


def taxes(invoice: Invoice) -> dict[str, tuple[int, int]]:
    return {tax.rate: (tax.base_minor, tax.tax_minor) for tax in invoice.taxes.all()}


def taken(invoice: Invoice) -> dict[str, tuple[int, int]]:
    """What all credit notes of a bill come to, by rate."""
    bases, sums = Counter[str](), Counter[str]()
    for tax in InvoiceTax.objects.filter(invoice__correction__original=invoice):
        bases[tax.rate] += tax.base_minor
        sums[tax.rate] += tax.tax_minor
    return {rate: (bases[rate], sums[rate]) for rate in bases}


@pytest.mark.parametrize("gross", [False, True])
def test_chosen_lines_bear_their_own_tax(gross: bool) -> None:
    invoice = make_mixed(gross=gross)
    note = take(invoice, LineAsked(2), LineAsked(3, amount_minor=500))
    assert sorted(taxes(note)) == ["20", "5.5"]
    said = {line.position: (line.text, line.quantity, line.net_minor, line.gross_minor) for line in note.lines.all()}
    if gross:
        assert said == {1: ("Fee 2, September 2024", "1", 101, 107), 2: ("Part of line 3: Fee 3, September 2024", "1", 417, 500)}
        assert taxes(note) == {"20": (417, 83), "5.5": (101, 6)}
    else:
        assert said == {
            1: ("Fee 2, September 2024", "1", 107, None),
            2: ("Part of line 3: Fee 3, September 2024", "1", 500, None),
        }
        assert taxes(note) == {"20": (500, 100), "5.5": (107, 6)}
    assert isinstance(verify_books(), Verified)
    assert problems_of(xml=e_invoice(invoice=note)) == ()


@pytest.mark.parametrize("gross", [False, True])
@pytest.mark.parametrize("first", [(LineAsked(1),), (LineAsked(4, amount_minor=3), LineAsked(3)), 333, 1])
def test_the_rest_comes_to_the_bill_at_every_rate(gross: bool, first: int | tuple[LineAsked, ...]) -> None:
    invoice = make_mixed(gross=gross)
    notes = [take(invoice, net=first) if isinstance(first, int) else take(invoice, *first)]
    notes += [take(invoice, net=7, key="k-2"), take(invoice, key="k-3")]
    assert taken(invoice) == taxes(invoice)
    assert sum(note.total_minor for note in notes) == invoice.total_minor
    assert balances() == {}
    assert isinstance(verify_books(), Verified)
    for note in notes:
        assert problems_of(xml=e_invoice(invoice=note)) == ()


def test_a_quantity_of_a_line_is_told_by_its_price() -> None:
    invoice = make_invoice()
    note = take(invoice, LineAsked(1, quantity=Decimal("2.5")))
    [line] = note.lines.all()
    assert (line.quantity, line.unit_price, line.net_minor) == ("2.5", "0.8", 200)


def test_what_it_would_come_to_is_shown_before() -> None:
    invoice = make_mixed()
    seen = preview_credit(invoice=invoice, net_minor=None, lines=[LineAsked(2)], today=NOW.date())
    assert (seen.net_minor, seen.tax_minor, seen.total_minor) == (107, 6, 113)
    assert (seen.open_minor, seen.paid_back_minor) == (invoice.total_minor - 113, 0)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((LineAsked(2), LineAsked(2)), "line 2 stands twice"),
        ((LineAsked(9),), "has no line 9: its lines are 1 to 4"),
        ((LineAsked(2, amount_minor=108),), r"line 2 of bill .*: 1\.08 EUR cannot be taken back, 1\.07 EUR is left of it"),
        ((LineAsked(2, amount_minor=-1),), "cannot be taken back"),
        ((LineAsked(2, amount_minor=0),), "cannot be taken back"),
        ((LineAsked(2, quantity=Decimal(2)),), "cannot be taken back"),
    ],
)
def test_bad_lines_are_refused_in_one_line(asked: tuple[LineAsked, ...], said: str) -> None:
    invoice = make_mixed()
    with pytest.raises(CreditRefused, match=said):
        take(invoice, *asked)


def test_more_than_is_left_of_a_line_or_of_its_rate_is_refused() -> None:
    invoice = make_mixed(fees=(("standard", "10"), ("books", "10")))
    take(invoice, LineAsked(1, amount_minor=600))
    with pytest.raises(CreditRefused, match=r"4\.00 EUR is left of it"):
        take(invoice, LineAsked(1, amount_minor=401), key="k-2")
    take(invoice, net=1000, key="k-3")  # two sevenths of it at 20 %
    with pytest.raises(CreditRefused, match=r"4\.00 EUR at 20 % cannot be taken back, 1\.14 EUR is left at that rate"):
        take(invoice, LineAsked(1), key="k-4")


def test_of_a_line_that_was_taken_back_nothing_is_left() -> None:
    invoice = make_mixed()
    take(invoice, LineAsked(1))
    with pytest.raises(CreditRefused, match="nothing is left of it"):
        take(invoice, LineAsked(1), key="k-2")


def test_the_same_lines_by_the_same_key_are_one() -> None:
    invoice = make_mixed()
    assert take(invoice, LineAsked(2)) == take(invoice, LineAsked(2))
    with pytest.raises(CreditRefused, match="already used"):
        take(invoice, LineAsked(3))


@pytest.mark.parametrize("said", ["x", "3=", "3x", "=5", "3=much", "3x1e99", "3xNaN", "-1", "3=1.001"])
def test_what_is_no_line_is_said(said: str) -> None:
    with pytest.raises(CreditRefused, match="expected"):
        line_asked(said=said, currency="EUR")


def test_the_database_holds_each_rate() -> None:
    """A credit note within the bill's total, but beyond it at one rate."""
    small, large = make_mixed(fees=(("standard", "1"), ("books", "99"))), make_mixed(fees=(("standard", "50"),))
    note = take(large, LineAsked(1))
    with triggers_lifted():
        CreditedLine.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
        Correction.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
    sql = (
        "INSERT INTO billing_correction (document_id, original_id, reason, key, made_at)"
        " VALUES (%s, %s, 'r', 'k', '2024-10-05 08:00:00+00:00')"
    )
    with pytest.raises(DatabaseError, match="at any rate"), connection.cursor() as cursor:
        cursor.execute(sql, [note.pk, small.pk])


def bonafide(*arguments: str) -> Result:
    return CliRunner().invoke(bills, ["credit", *arguments, "--reason", "Outage"])


def test_the_command_takes_lines_back_once_and_shows_them_before() -> None:
    number = str(make_mixed().number)
    shown = bonafide(number, "--line", "2", "--line", "3=5.00", "--preview")
    assert shown.exit_code == 0, shown.exception
    assert "Part of line 3: Fee 3, September 2024" in shown.stdout
    assert "7.13 EUR  with tax" in shown.stdout
    for _ in range(2):
        assert bonafide(number, "--line", "2", "--line", "3=5.00").exit_code == 0
    assert Correction.objects.get().document.total_minor == 713
    refused = bonafide(number, "--line", "3", "--line", "3")
    assert isinstance(refused.exception, Refused)
    assert str(refused.exception) == "line 3 stands twice: name each line once, with all that is to be taken back"


@given(st.integers(1, 10**6), st.lists(st.integers(-1000, 10**6), min_size=1, max_size=5))
@settings(max_examples=200)
def test_an_amount_is_spread_to_the_cent_and_never_beyond(amount: int, over: list[int]) -> None:
    whole = sum(over)
    if not 0 < amount <= whole:
        return
    given = {("S", str(at)): each for at, each in enumerate(over)}
    parts = spread(amount, given)
    assert sum(parts.values()) == amount
    assert all(0 <= parts[sort] * (1 if each >= 0 else -1) <= abs(each) for sort, each in given.items())
