"""The audit: what it writes, how it stands, and that nobody edits it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction

from bonafide import append_only
from bonafide.terms import chain
from bonafide.terms.attest import CannotAttest, attest
from bonafide.terms.audit import State, audit, standings, verify_own_chain
from bonafide.terms.clause import NIGHTLY, Clause
from bonafide.terms.clauses import CLAUSES
from bonafide.terms.finding import Finding
from bonafide.terms.models import Evidence, SigningKey
from bonafide.terms.tell_staff import tell_staff_of_turns
from tests.factories.accounts import make_user
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 3, 10, tzinfo=UTC)
TODAY = NOW.date()


def clause(*findings: Finding | Exception) -> Clause:
    """A clause whose check gives these, one after another."""
    given = iter(findings)

    def check(operator, now):
        finding = next(given)
        if isinstance(finding, Exception):
            raise finding
        return finding

    return Clause("S2", "Sessions", ("Text.",), check=check, counted="%(seen)d seen")


KEPT, BROKEN = Finding({"seen": 3}), Finding({"seen": 3}, "one came back")


def state(of: Clause, now: datetime = NOW, today: date = TODAY) -> State:
    return standings(now=now, today=today, clauses=[of])[0].state


def test_what_was_found_is_written_and_the_chain_holds(settings):
    one = clause(KEPT, BROKEN, KEPT)
    states = []
    for day in range(3):
        audit(operator=settings.OPERATOR, now=NOW + timedelta(days=day), clauses=[one])
        states.append(state(one, NOW + timedelta(days=day)))
    assert states == [State.PROVEN, State.FAILING, State.PROVEN]
    assert verify_own_chain() == chain.Whole(3, Evidence.objects.get(number=3).digest)
    assert Evidence.objects.get(number=2).fault == "one came back"


def test_old_evidence_is_stale_and_none_is_too(settings):
    one = clause(KEPT)
    assert state(one) == State.STALE
    audit(operator=settings.OPERATOR, now=NOW, clauses=[one])
    assert state(one, NOW + NIGHTLY) == State.PROVEN
    assert state(one, NOW + NIGHTLY + timedelta(seconds=1)) == State.STALE


def test_a_check_that_breaks_off_has_not_proven_anything_and_leaves_the_others_to_run(settings):
    broken, good = clause(RuntimeError("secret detail")), clause(KEPT)
    rows = audit(operator=settings.OPERATOR, now=NOW, clauses=[broken, good])
    assert [row.kept for row in rows] == [False, True]
    assert rows[0].fault == "the check broke off: RuntimeError"


def test_a_clause_without_a_check_is_attested_never_proven(settings):
    attested = Clause("D1", "Nobody", ("Text.",))
    audit(operator=settings.OPERATOR, now=NOW, clauses=[attested])
    assert not Evidence.objects.exists()
    assert state(attested) == State.STALE


@pytest.mark.parametrize("statement", ["UPDATE {t} SET {c} = '2'", "DELETE FROM {t}"])
@pytest.mark.parametrize(("table", "column"), [("terms_evidence", "fault"), ("terms_signingkey", "public")])
def test_the_database_refuses_to_change_evidence(settings, statement, table, column):
    audit(operator=settings.OPERATOR, now=NOW, clauses=[clause(KEPT)])
    with pytest.raises(DatabaseError, match=r"never changes|stays known"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(t=table, c=column))


@contextmanager
def unguarded() -> Iterator[None]:
    """Whoever may change the database itself can take its guards away."""
    with connection.cursor() as cursor:
        for line in append_only.remove(vendor=connection.vendor, table="terms_evidence"):
            cursor.execute(line)
    yield


def test_evidence_edited_behind_the_databases_back_turns_its_clause_at_once_and_for_good(settings):
    one, later = clause(BROKEN, KEPT, KEPT), NOW + timedelta(days=1)
    audit(operator=settings.OPERATOR, now=NOW, clauses=[one])
    with unguarded():
        Evidence.objects.update(kept=True, fault="")
    assert isinstance(verify_own_chain(), chain.Broken)
    assert state(one) == State.FAILING
    [row] = audit(operator=settings.OPERATOR, now=later, clauses=[one])
    assert row.fault.startswith("its evidence does not hold: entry 1: its content is not what was signed")
    assert state(one, later) == State.FAILING


def test_evidence_taken_away_is_missed(settings):
    one = clause(BROKEN, KEPT, KEPT)
    for day in range(2):
        audit(operator=settings.OPERATOR, now=NOW + timedelta(days=day), clauses=[one])
    with unguarded():
        Evidence.objects.filter(kept=False).delete()
    assert state(one, NOW + timedelta(days=1)) == State.FAILING
    [row] = audit(operator=settings.OPERATOR, now=NOW + timedelta(days=2), clauses=[one])
    assert "an entry was added, removed or moved" in row.fault


def test_an_edited_entry_is_held_against_its_clause_for_a_year(settings):
    one, years = clause(BROKEN, KEPT), timedelta(days=367)
    audit(operator=settings.OPERATOR, now=NOW, clauses=[one])
    with unguarded():
        Evidence.objects.update(kept=True, fault="")
    assert audit(operator=settings.OPERATOR, now=NOW + years, clauses=[one])[0].kept


def test_the_private_key_is_in_no_row(settings):
    audit(operator=settings.OPERATOR, now=NOW, clauses=[clause(KEPT)])
    assert settings.INSTANCE.evidence_key().hex() not in SigningKey.objects.get().public


# --- Attestations ---------------------------------------------------------------------------------------------------------
ATTESTED = [found for found in CLAUSES if found.check is None]
PROVEN = [found for found in CLAUSES if found.check is not None]


def test_a_named_person_attests_until_a_day():
    one = ATTESTED[0]
    attest(clause_id=one.id, by="Camille Nordin", capacity="managing director", today=TODAY, last_day=TODAY + timedelta(days=90))
    assert state(one) == State.ATTESTED
    assert state(one, today=TODAY + timedelta(days=90)) == State.ATTESTED
    assert state(one, today=TODAY + timedelta(days=91)) == State.STALE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"clause_id": "Z9"}, "'Z9' is unknown"),
        ({"clause_id": PROVEN[0].id}, "is proven by a check"),
        ({"by": " "}, "needs a name"),
        ({"by": "x" * 121}, "1 to 120"),
        ({"last_day": TODAY - timedelta(days=1)}, "expected a day from"),
        ({"last_day": TODAY + timedelta(days=400)}, "expected a day from"),
    ],
)
def test_an_attestation_that_says_nothing_is_refused(change, said):
    values = {"clause_id": ATTESTED[0].id, "by": "A", "capacity": "B", "today": TODAY, "last_day": TODAY} | change
    with pytest.raises(CannotAttest, match=said):
        attest(**values)


# --- Letters --------------------------------------------------------------------------------------------------------------
def test_the_staff_are_written_to_when_a_clause_turns_and_only_then(settings):
    make_user(email="staff@operator.example", is_staff=True)
    make_user(email="customer@example.com")
    one = clause(KEPT, BROKEN, BROKEN, KEPT)
    subjects = []
    for day in range(4):
        now = NOW + timedelta(days=day)
        tell_staff_of_turns(found=audit(operator=settings.OPERATOR, now=now, clauses=[one]), now=now)
        subjects.append([letter.subject for letter in posted(now)])
        mail.outbox.clear()
    assert subjects == [[], ["A promise is not kept: S2"], [], ["Kept again: S2"]]


def test_a_clause_that_fails_at_its_very_first_check_is_told(settings):
    make_user(email="staff@operator.example", is_staff=True)
    found = audit(operator=settings.OPERATOR, now=NOW, clauses=[clause(BROKEN)])
    assert tell_staff_of_turns(found=found, now=NOW) == 1
    assert "one came back" in posted(NOW)[0].body
    assert mail.outbox[0].to == ["staff@operator.example"]


# --- Pages ----------------------------------------------------------------------------------------------------------------
def test_the_page_and_the_machines_are_told_the_same(client, settings):
    audit(operator=settings.OPERATOR, now=datetime.now(UTC))
    page = client.get("/promises").content.decode()
    told = client.get("/.well-known/promises.json").json()
    assert {found["id"] for found in told["clauses"]} == {found.id for found in CLAUSES}
    for found in told["clauses"]:
        assert f'href="/promises/{found["id"]}"' in page
    assert set(told["keys"]) == {Evidence.objects.first().key}


def test_a_downloaded_chain_verifies_offline(client, settings, tmp_path):
    audit(operator=settings.OPERATOR, now=NOW, clauses=[clause(KEPT)])
    lines = b"".join(client.get("/promises/evidence.jsonl").streaming_content).decode().splitlines()
    keys = {name: bytes.fromhex(public) for name, public in json.loads(lines[0])["keys"].items()}
    assert isinstance(chain.verify(entries=map(json.loads, lines[1:]), keys=keys), chain.Whole)


def test_the_pages_take_a_constant_number_of_queries(client, settings, django_assert_max_num_queries):
    for day in range(40):
        audit(operator=settings.OPERATOR, now=datetime.now(UTC) - timedelta(days=40 - day), clauses=[clause(KEPT)])
    with django_assert_max_num_queries(6):
        client.get("/promises")
    with django_assert_max_num_queries(6):
        assert client.get("/promises/S2").status_code == 200


def test_an_unknown_promise_is_not_there(client):
    assert client.get("/promises/Z9").status_code == 404
