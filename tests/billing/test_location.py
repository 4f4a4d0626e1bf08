"""Where consumers are: evidence is added, contradictions become questions, staff decide them once."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from bonafide.billing.decide_location import DecisionRefused, decide_location
from bonafide.billing.models import Invoice, LocationEvidence, LocationQuestion
from bonafide.billing.note_location import EvidenceRefused, note_location
from bonafide.privacy.models import Look
from tests.factories.accounts import enter_as_staff, make_user
from tests.factories.billing import OCTOBER_1, issue, make_evidence, make_sale
from tests.factories.privacy import WHY

pytestmark = pytest.mark.django_db

KIND = LocationEvidence.Kind


@pytest.fixture
def torn():
    """A consumer with a French address and a German card, whose bill stopped and left a question."""
    account = make_sale("Torn", "100", country="FR", postcode="75001")
    make_evidence(account, "card", "DE")
    issue()
    return account


def decide(question, place="DE", reason="Lease in Hamburg, seen on 1 October.", by=None):
    decide_location(question=question, place=place, reason=reason, by=by or make_user(is_staff=True), now=OCTOBER_1)


# --- evidence ---
def test_evidence_is_noted_once_while_it_says_the_same(torn) -> None:
    first = note_location(account_id=torn.pk, kind=KIND.BANK, place="DE", method="IBAN of a transfer", now=OCTOBER_1)
    assert first
    assert note_location(account_id=torn.pk, kind=KIND.BANK, place="DE", method="IBAN of a transfer", now=OCTOBER_1) is None
    assert note_location(account_id=torn.pk, kind=KIND.BANK, place="FR", method="IBAN of a transfer", now=OCTOBER_1)


@pytest.mark.parametrize(("place", "method"), [("XX", "card"), ("Germany", "card"), ("DE", " ")])
def test_evidence_of_nowhere_or_from_nowhere_is_refused(torn, place: str, method: str) -> None:
    with pytest.raises(EvidenceRefused, match="expected"):
        note_location(account_id=torn.pk, kind=KIND.CARD, place=place, method=method, now=OCTOBER_1)


@pytest.mark.parametrize(
    "statement", ["UPDATE billing_locationevidence SET place = 'IT'", "DELETE FROM billing_locationevidence"]
)
def test_evidence_is_never_rewritten(torn, statement: str) -> None:
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_kinds_of_evidence_are_known_to_the_database(torn) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_evidence(torn, "horoscope", "DE")


# --- questions ---
def test_a_contradiction_stops_that_bill_and_is_asked_once() -> None:
    account = make_sale("Torn", "100", country="FR", postcode="75001")
    make_evidence(account, "card", "DE")
    make_evidence(account, "ip", "IT")
    make_sale("Fine", "100")
    results = [issue(), issue()]
    assert [result.issued for result in results] == [1, 0]
    assert [stop.reason for stop in results[0].stopped] == [
        "where its consumer is contradicts itself (billing address FR, card DE, ip IT): decide it in the back office, under "
        "Questions where consumers are"
    ]
    question = LocationQuestion.objects.get()
    assert (question.account, question.month, question.decided_at) == (account, 202409, None)
    assert str(question) == "billing_address FR, card DE, ip IT"


def test_a_decision_lets_the_bill_through_and_stands_on_it(torn) -> None:
    question = LocationQuestion.objects.get()
    decide(question)
    assert issue().issued == 1
    bill = Invoice.objects.get()
    assert bill.tax_basis["place"] == "DE"
    assert bill.tax_basis["decision"] == {"question": question.pk, "at": "2024-10-01T08:00:00+00:00"}
    assert bill.eu_consumer_minor == 10_000


def test_a_decision_holds_for_the_evidence_that_it_was_made_on(torn) -> None:
    decide(LocationQuestion.objects.get())
    torn.postcode = "69001"
    torn.save()  # still France
    make_evidence(torn, "card", "DE")  # again the same
    assert issue().issued == 1
    assert LocationQuestion.objects.count() == 1


def test_new_evidence_asks_anew(torn) -> None:
    decide(LocationQuestion.objects.get())
    make_evidence(torn, "ip", "IT")
    assert issue().issued == 0
    assert LocationQuestion.objects.filter(decided_at=None).count() == 1


def test_a_question_is_decided_once_with_a_place_and_a_reason(torn) -> None:
    question = LocationQuestion.objects.get()
    with pytest.raises(DecisionRefused, match="expected an ISO 3166-1 code"):
        decide(question, place="XX")
    with pytest.raises(DecisionRefused, match="expected the reason"):
        decide(question, reason="  ")
    decide(question)
    with pytest.raises(DecisionRefused, match="decided this question already"):
        decide(question, place="FR")


@pytest.mark.parametrize("change", ["place = 'FR'", "items = '[]'", "decided_at = NULL, place = '', reason = ''"])
def test_a_decision_is_never_rewritten(torn, change: str) -> None:
    decide(LocationQuestion.objects.get())
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_locationquestion SET {change}")


# --- the back office ---
@pytest.fixture
def staff(client, reasons_given):
    client.person = enter_as_staff(client)
    return client


def test_staff_see_open_questions_first_and_decide_them_with_a_reason(staff, torn) -> None:
    question = LocationQuestion.objects.get()
    listed = staff.get("/staff/billing/locationquestion/").content.decode()
    assert "billing_address FR, card DE" in listed
    page = f"/staff/billing/locationquestion/{question.pk}/change/"
    assert 'name="reason"' in staff.get(page).content.decode()
    assert "This field is required" in staff.post(page, {"place": "DE", "reason": ""}).content.decode()
    assert staff.post(page, {"place": "DE", "reason": "Lease seen."}).status_code == 302
    question.refresh_from_db()
    assert (question.place, question.reason, question.decided_by) == ("DE", "Lease seen.", staff.person)
    assert 'name="reason"' not in staff.get(page).content.decode()
    assert staff.post(page, {"place": "FR", "reason": "No."}).status_code == 403
    assert ("billing.locationquestion", "change") in Look.objects.filter(account=torn).values_list("kind", "view")


def test_staff_add_what_they_know_and_change_nothing(staff, torn) -> None:
    given = {"account": torn.pk, "kind": "phone", "place": "DE", "method": "Number given on the telephone"}
    assert staff.post("/staff/billing/locationevidence/add/", given).status_code == 302
    evidence = LocationEvidence.objects.get(kind="phone")
    assert (evidence.account, evidence.place) == (torn, "DE")
    assert staff.post("/staff/billing/locationevidence/add/", {**given, "kind": "card"}).status_code == 200
    page = f"/staff/billing/locationevidence/{evidence.pk}/change/"
    assert staff.post(page, {**given, "place": "IT"}).status_code == 403
    assert issue().issued == 1


def test_a_question_asks_staff_for_a_reason_to_look_first(client, torn) -> None:
    enter_as_staff(client)
    page = f"/staff/billing/locationquestion/{LocationQuestion.objects.get().pk}/change/"
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/staff/reason?next=")
    assert WHY
