"""A bill is taken back by a credit note, never beyond what it was."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner, Result
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bonafide.billing.commands import bills
from bonafide.billing.correct import CreditRefused, credit
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Correction, CreditedLine, Invoice, State
from bonafide.billing.settle import settle
from bonafide.billing.verify import Verified, verify_books
from bonafide.documents.einvoice.build import e_invoice
from bonafide.documents.einvoice.validate import hold_to_invariants
from bonafide.errors import Refused
from tests.factories.accounts import make_member
from tests.factories.billing import issue, make_invoice, make_sale, operator, triggers_lifted

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 8, tzinfo=UTC)
REASON = "Outage of 12 September"


def take_back(invoice: Invoice, net: int | None = None, *, key: str = "k-1", reason: str = REASON) -> Invoice:
    return credit(invoice=invoice, net_minor=net, reason=reason, key=key, operator=operator(), now=NOW)


def standing(invoice: Invoice) -> tuple[int, str]:
    found = Invoice.objects.with_state(NOW.date()).get(pk=invoice.pk)
    return found.open_minor, found.state  # type: ignore[attr-defined]


def balances() -> dict[str, int]:
    found: dict[str, int] = {}
    for debit, credited, minor in Posting.objects.values_list("debit", "credit", "amount_minor"):
        found[debit] = found.get(debit, 0) + minor
        found[credited] = found.get(credited, 0) - minor
    return {account: amount for account, amount in found.items() if amount}


def test_a_whole_bill_is_taken_back_line_by_line() -> None:
    invoice = make_invoice()
    note = take_back(invoice)
    assert (note.kind, note.number, note.position) == ("381", "2024-000002", 2)
    assert (note.net_minor, note.tax_minor, note.total_minor) == (1000, 200, 1200)
    assert [line.text for line in note.lines.all()] == [line.text for line in invoice.lines.all()]
    assert note.mentions[0] == f"Credit note for bill 2024-000001 of 1 October 2024: {REASON}"
    assert standing(invoice) == (0, State.PAID)
    assert standing(note) == (0, State.PAID)
    assert balances() == {}
    assert isinstance(verify_books(), Verified)


def test_parts_come_to_the_whole_to_the_cent() -> None:
    invoice = make_invoice(hours="1.1", unit_price="0.3")  # 0.33 and 0.07
    notes = [take_back(invoice, 11, key=f"k-{part}") for part in range(2)] + [take_back(invoice, key="rest")]
    assert [(note.net_minor, note.tax_minor) for note in notes] == [(11, 2), (11, 2), (11, 3)]
    assert balances() == {}
    assert isinstance(verify_books(), Verified)


def test_vat_of_what_was_paid_and_is_taken_back_is_due_no_more() -> None:
    invoice = make_invoice()
    settle(invoice=invoice, amount_minor=1200, received_on=date(2024, 10, 2), means="transfer", reference="B-1")
    take_back(invoice, 500)
    assert balances() == {"411000": -600, "512000": 1200, "706000": -500, "445710": -100}
    settle(invoice=invoice, amount_minor=-600, received_on=date(2024, 10, 6), means="transfer", reference="B-2")
    assert balances() == {"512000": 600, "706000": -500, "445710": -100}


def test_a_part_that_is_taken_back_is_not_owed() -> None:
    invoice = make_invoice()
    take_back(invoice, 500)
    assert standing(invoice) == (600, State.OVERDUE)
    settle(invoice=invoice, amount_minor=600, received_on=date(2024, 10, 5), means="transfer", reference="B-1")
    assert standing(invoice) == (0, State.PAID)
    assert balances() == {"512000": 600, "706000": -500, "445710": -100}


def test_the_same_press_makes_one() -> None:
    invoice = make_invoice()
    assert take_back(invoice, 500) == take_back(invoice, 500)
    with pytest.raises(CreditRefused, match="key 'k-1' was already used for credit note 2024-000002"):
        take_back(invoice, 400)


@pytest.mark.parametrize("net", [0, -1, 1001])
def test_more_than_is_left_is_refused(net: int) -> None:
    invoice = make_invoice()
    with pytest.raises(CreditRefused, match=r"10\.00 EUR is left"):
        take_back(invoice, net)
    take_back(invoice, 600)
    with pytest.raises(CreditRefused, match=r"4\.00 EUR is left"):
        take_back(invoice, 401, key="k-2")
    assert Invoice.objects.count() == 2


def test_what_is_no_bill_and_what_has_no_reason_is_refused() -> None:
    invoice, nothing = make_invoice(), make_invoice(hours="0")
    with pytest.raises(CreditRefused, match="expected a reason"):
        take_back(invoice, reason=" ")
    with pytest.raises(CreditRefused, match="only an issued bill"):
        take_back(take_back(invoice), key="k-2")
    with pytest.raises(CreditRefused, match="only an issued bill"):
        take_back(nothing, key="k-3")


def test_it_counts_against_the_threshold_of_its_month() -> None:
    make_sale("A", "50")
    issue()
    note = take_back(Invoice.objects.get(), 2000)
    assert (note.eu_consumer_minor, note.month) == (-2000, 202409)


REFUSED = {
    "more than the bill": (
        "INSERT INTO billing_correction (document_id, original_id, reason, key, made_at)"
        " VALUES ({other}, {invoice}, 'r', 'k', '2024-10-05 08:00:00+00:00')"
    ),
    "another bill": "UPDATE billing_correction SET original_id = {other}",
    "a credit note cut loose": "DELETE FROM billing_correction",
}


@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_the_database_refuses(sql: str) -> None:
    invoice, other = make_invoice(), make_invoice()
    take_back(invoice, 500)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(invoice=invoice.pk, other=other.pk))
    assert Correction.objects.get().original == invoice


def test_a_credit_note_cut_loose_by_hand_is_named() -> None:
    note = take_back(make_invoice(), 500)
    with triggers_lifted():
        CreditedLine.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
        Correction.objects.all()._raw_delete("default")  # type: ignore[attr-defined]
    assert str(verify_books()).startswith(f"bill {note.number}: is a credit note")


def test_credit_notes_beyond_their_bill_are_seen() -> None:
    small, large = make_invoice(), make_invoice(hours="20")
    take_back(large)
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_correction SET original_id = %s", [small.pk])
    assert str(verify_books()) == f"bill {small.number}: its credit notes come to more than it"


def test_its_data_names_the_bill_and_is_sound() -> None:
    xml = e_invoice(invoice=take_back(make_invoice(), 333))
    hold_to_invariants(xml=xml)
    assert b"381" in xml
    assert b"2024-000001" in xml


def test_customers_see_it(client: Client) -> None:
    invoice = make_invoice()
    note = take_back(invoice)
    client.force_login(make_member(account=invoice.account))
    assert "credit note" in client.get("/bills").content.decode()
    page = client.get(f"/bills/{note.number}").content.decode()
    assert "credit note" in page
    assert REASON in page


def bonafide(*arguments: str) -> Result:
    return CliRunner().invoke(bills, ["credit", *arguments])


def test_the_command_takes_back_once() -> None:
    make_invoice()
    for _ in range(2):
        result = bonafide("2024-000001", "--amount", "3.00", "--reason", REASON)
        assert result.exit_code == 0, result.exception
        assert result.stdout.endswith("-000001 for bill 2024-000001: 3.60 EUR with tax\n")
    assert Correction.objects.count() == 1
    assert bonafide("2024-000001", "--whole", "--reason", REASON).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2024-000009", "--whole"], "no bill 2024-000009 is issued"),
        (["2024-000001"], "expected one of --whole, --amount or --line"),
        (["2024-000001", "--whole", "--amount", "1"], "expected one of"),
        (["2024-000001", "--amount", "much"], "amount 'much'"),
        (["2024-000001", "--amount", "1.001"], "amount '1.001'"),
        (["2024-000001", "--amount", "10.01"], "10.00 EUR is left"),
    ],
)
def test_what_cannot_be_taken_back_is_one_line(arguments: list[str], said: str) -> None:
    make_invoice()
    result = bonafide(*arguments, "--reason", REASON)
    assert isinstance(result.exception, Refused)
    assert said in str(result.exception)
