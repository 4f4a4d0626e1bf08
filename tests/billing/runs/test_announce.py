"""Each issued bill's letter: to whom, once, at a bounded pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage

from bonafide.accounts.models import Account
from bonafide.billing.correct import credit
from bonafide.billing.models import BillLetter, Invoice
from bonafide.billing.runs.announce import A_ROUND, announce_bills, readers_of
from bonafide.documents.models import Document
from bonafide.mail.models import Letter
from bonafide.mail.outbox import send_due
from bonafide.pricing.rating import Flat, PerUnit
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import OCTOBER_1, issue, make_meter, make_plan, operator, use
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db
SOON = OCTOBER_1 + timedelta(minutes=1)


def billed(*quantities: str, **values: object) -> list[Account]:
    meter = make_meter()
    make_plan((meter, PerUnit(unit_price=Decimal("0.8"))))
    accounts = [make_account(**{"billing_email": "", **values}) for _ in quantities]
    for account, quantity in zip(accounts, quantities, strict=True):
        use(account, meter, quantity)
    issue()
    return accounts


def sent(mailoutbox: list[EmailMessage], *, now: datetime = SOON) -> list[EmailMessage]:
    send_due(now=now, limit=1000)
    return mailoutbox


def test_a_bill_is_announced_to_who_looks_after_it_in_their_language_with_how_to_pay(mailoutbox: list[EmailMessage]) -> None:
    [account] = billed("12.5", name="Atelier Vega", language="fr")
    make_member(account=account, role="owner", email="ana@vega.example", language="en")
    make_member(account=account, role="billing", email="bo@vega.example")
    make_member(account=account, role="viewer", email="cy@vega.example")
    make_member(account=account, role="billing", email="gone@vega.example", is_active=False)
    Account.objects.update(billing_email="Bills@vega.example")

    assert announce_bills(operator=operator(), now=SOON) == 1

    letters = {letter.to[0]: letter for letter in sent(mailoutbox)}
    assert set(letters) == {"ana@vega.example", "bo@vega.example", "Bills@vega.example"}
    bill = Invoice.objects.get()
    english = letters["ana@vega.example"]
    assert english.subject == "Your bill of September 2024: €12.00"
    body = str(english.body)
    assert "The bill of the account “Atelier Vega” for September 2024 is there." in body
    assert "Number: 2024-000001" in body
    assert "To be paid by: 3 October 2024" in body
    assert f"http://localhost:8000/bills/{bill.number}" in body or f"/bills/{bill.number}" in body
    assert "IBAN: FR76 3000 6000 0112 3456 7890 189" in body
    assert f"Reference: {' '.join(bill.payment_reference[n : n + 4] for n in range(0, 18, 4)).strip()}" in body
    assert "You get this letter because you are an owner" in body
    assert "septembre 2024" in letters["bo@vega.example"].subject
    assert BillLetter.objects.get().letters == 3
    assert set(Letter.objects.values_list("account", flat=True)) == {account.pk}


def test_the_address_for_bills_that_is_a_member_s_gets_one_letter() -> None:
    account = make_account(billing_email="Ana@vega.example")
    make_member(account=account, email="ana@vega.example")
    assert [reader.address for reader in readers_of(account)] == ["ana@vega.example"]


def test_a_bill_is_announced_once_however_often_the_run_is_repeated() -> None:
    for account in billed("1", "2"):
        make_member(account=account)
    assert announce_bills(operator=operator(), now=SOON) == 2
    issue(now=SOON)
    assert announce_bills(operator=operator(), now=SOON) == 0
    assert Letter.objects.count() == 2


def test_a_bill_whose_letter_cannot_be_written_is_not_noted_as_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    from bonafide.billing.runs import announce

    [account] = billed("1")
    make_member(account=account)
    with monkeypatch.context() as broken:
        broken.setattr(announce, "send_letter", lambda **_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            announce_bills(operator=operator(), now=SOON)
    assert not BillLetter.objects.exists()
    assert announce_bills(operator=operator(), now=SOON) == 1


def test_a_round_announces_so_many_and_the_next_goes_on_after_them() -> None:
    accounts = billed(*(str(n) for n in range(1, 6)))
    assert announce_bills(operator=operator(), now=SOON, limit=3) == 3
    assert announce_bills(operator=operator(), now=SOON, limit=3) == 2
    assert BillLetter.objects.count() == len(accounts)
    assert A_ROUND <= 500


def test_a_bill_of_long_ago_is_not_announced_any_more() -> None:
    billed("1")
    assert announce_bills(operator=operator(), now=OCTOBER_1 + timedelta(days=15)) == 0
    assert announce_bills(operator=operator(), now=OCTOBER_1 + timedelta(days=14)) == 1


def test_a_bill_of_nothing_says_so_and_a_credit_note_is_no_bill(mailoutbox: list[EmailMessage]) -> None:
    make_plan((None, Flat(amount=Decimal(0))))
    make_member(account=make_account(billing_email="", language="en"))
    issue()
    assert announce_bills(operator=operator(), now=SOON) == 1
    [letter] = sent(mailoutbox)
    assert "There is nothing to pay." in str(letter.body)
    assert "IBAN" not in str(letter.body)


def test_a_credit_note_is_not_announced_as_a_bill() -> None:
    billed("5")
    announce_bills(operator=operator(), now=SOON)
    credit(invoice=Invoice.objects.get(), net_minor=None, reason="Outage", key="k", operator=operator(), now=SOON)
    assert announce_bills(operator=operator(), now=SOON) == 0


def test_with_the_pdf_the_letter_waits_for_it_an_hour_at_most() -> None:
    [account] = billed("1")
    make_member(account=account)
    by = operator(billing={"letter_pdf": True})
    assert announce_bills(operator=by, now=SOON) == 0
    Document.objects.create(invoice=Invoice.objects.get(), next_attempt_at=OCTOBER_1)
    assert announce_bills(operator=by, now=SOON) == 0
    assert announce_bills(operator=by, now=OCTOBER_1 + timedelta(hours=1)) == 1


def test_the_pdf_comes_along_where_the_operator_wants_it_and_only_as_it_was_made(
    mailoutbox: list[EmailMessage], smtp_sink: SmtpSink, settings: Any
) -> None:
    [account] = billed("1")
    make_member(account=account, email="ana@vega.example", language="en")
    bill = Invoice.objects.get()
    stored = default_storage.save("2024/2024-000001.pdf", ContentFile(b"%PDF-1.7 a bill"))
    digest = sha256(b"%PDF-1.7 a bill").hexdigest()
    Document.objects.create(invoice=bill, path=stored, sha256=digest, size=15, rendered_at=OCTOBER_1)
    assert announce_bills(operator=operator(billing={"letter_pdf": True}), now=SOON) == 1

    Path(default_storage.path(stored)).write_bytes(b"%PDF-1.7 another")
    assert sent(mailoutbox) == []
    assert Letter.objects.get().ended_at is None  # it waits for the file to be made again

    Path(default_storage.path(stored)).write_bytes(b"%PDF-1.7 a bill")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    send_due(now=SOON + timedelta(hours=1), limit=10)
    letter = smtp_sink.wait_for("ana@vega.example")
    [pdf] = letter.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content()) == ("2024-000001.pdf", b"%PDF-1.7 a bill")
    assert "The PDF comes with this letter." in letter.get_body(("plain",)).get_content()
