"""Terms change by versions: better ones hold at once, worse ones are announced and wait, words alone ask nobody."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import translation

from bonafide.mail.outbox import give_up
from bonafide.privacy.sweep_rows import held_addresses
from bonafide.sessions.models import Outcome, SignIn
from bonafide.terms import clauses, context, tasks, versions
from bonafide.terms.acceptance import announce, version_to_accept
from bonafide.terms.models import Acceptance, Change, Version
from bonafide.terms.versions import changes_between, make_version, operator_in_force
from tests.factories.accounts import make_user
from tests.factories.billing import operator
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def told(at: datetime = NOW, **sections) -> Version | None:
    return make_version(operator=operator(**sections), now=at)


def months(ip: int) -> dict:
    return {"retention": {"ip_months": ip}}


def in_force(at: datetime) -> int:
    return Version.objects.in_force(at).number


# --- When a version holds -------------------------------------------------------------------------------------------------
def test_the_first_version_holds_at_once_and_nothing_new_makes_none():
    first = told()
    assert (first.number, first.change, first.effective_at) == (1, Change.FIRST, NOW)
    assert set(first.texts) == {"en", "fr"}
    assert told(NOW + DAY) is None


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (months(12), months(6), Change.TIGHTER),
        (months(6), months(12), Change.LOOSER),
        ({"logs": {"days": 30}}, {"logs": {"days": 90}}, Change.LOOSER),
        ({"logs": {"access": "full"}}, {"logs": {"access": "truncated"}}, Change.TIGHTER),
        ({"logs": {"access": "off"}}, {"logs": {"access": "truncated"}}, Change.LOOSER),
        ({}, {"hosting": {"host_name": "Other Machines AG"}}, Change.LOOSER),
        ({}, {"hosting": {"region": "Next door"}}, Change.WORDING),
        ({}, {"identity": {"trade_name": "New Name"}}, Change.WORDING),
        (months(12), months(6) | {"logs": {"days": 30}}, Change.TIGHTER),
        (months(6) | {"logs": {"days": 90}}, months(12) | {"logs": {"days": 30}}, Change.LOOSER),
    ],
)
def test_what_promises_less_waits_for_its_notice_and_the_rest_holds_at_once(before, after, change):
    told(**before)
    later = NOW + 10 * DAY
    made = told(later, **after)
    assert made.change == change
    waits = timedelta(days=operator().terms.notice_days) if change == Change.LOOSER else timedelta()
    assert made.effective_at == later + waits
    assert in_force(later) == (1 if change == Change.LOOSER else 2)
    assert in_force(made.effective_at) == 2


def test_the_notice_is_the_operators():
    told(**months(6))
    made = make_version(operator=operator(retention={"ip_months": 12}, terms={"notice_days": 60}), now=NOW)
    assert made.effective_at == NOW + 60 * DAY


def test_words_mended_while_a_worse_version_waits_do_not_bring_it_forward():
    told(**months(6))
    waiting = told(NOW + DAY, **months(12))
    mended = told(NOW + 2 * DAY, **months(12), identity={"trade_name": "New Name"})
    assert mended.effective_at == waiting.effective_at


def test_a_worse_version_taken_back_in_time_never_holds():
    told(**months(6))
    waiting = told(NOW + DAY, **months(12))
    told(NOW + 2 * DAY, **months(6))
    assert in_force(waiting.effective_at + DAY) == 3
    assert Version.objects.pending(NOW + 3 * DAY) is None


def test_a_new_clause_promises_more_and_a_clause_that_is_gone_less(monkeypatch):
    shorter = tuple(clause for clause in clauses.CLAUSES if clause.id != "S2")
    told()
    monkeypatch.setattr(clauses, "CLAUSES", shorter)
    monkeypatch.setattr(versions, "CLAUSES", shorter)
    assert told(NOW + DAY).change == Change.LOOSER
    monkeypatch.undo()
    with translation.override("en"):
        assert told(NOW + 60 * DAY).change == Change.TIGHTER


def test_a_new_meaning_counts_as_less_and_mended_words_do_not(monkeypatch):
    from dataclasses import replace

    told()

    def with_s2(**values):
        changed = tuple(replace(clause, **values) if clause.id == "S2" else clause for clause in clauses.CLAUSES)
        monkeypatch.setattr(clauses, "CLAUSES", changed)
        monkeypatch.setattr(versions, "CLAUSES", changed)

    with_s2(title="Mended words")
    assert told(NOW + DAY).change == Change.WORDING
    with_s2(revision=2)
    assert told(NOW + 2 * DAY).change == Change.LOOSER


def test_a_published_version_never_changes():
    told()
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Version.objects.update(made_at=NOW)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Version.objects.all().delete()


# --- What holds is what is done -------------------------------------------------------------------------------------------
def test_a_longer_retention_is_not_used_before_its_version_holds(settings, time_machine):
    told(**months(6))
    told(NOW + DAY, **months(12))
    settings.OPERATOR = operator(**months(12))
    seen = NOW - timedelta(days=200)
    SignIn.objects.create(user=make_user(), at=seen, outcome=Outcome.SIGNED_IN, address="192.0.2.1")
    assert operator_in_force(operator=settings.OPERATOR, now=NOW + 2 * DAY).retention.ip_months == 6
    assert operator_in_force(operator=settings.OPERATOR, now=NOW + 32 * DAY).retention.ip_months == 12
    time_machine.move_to(NOW + 2 * DAY)
    tasks.sweep_tables.call()
    assert held_addresses() == 0


def test_a_shorter_retention_is_used_at_once_even_before_its_version_was_made(settings):
    told(**months(12))
    assert operator_in_force(operator=operator(**months(3)), now=NOW).retention.ip_months == 3


# --- Telling and asking ---------------------------------------------------------------------------------------------------
def test_everybody_with_a_login_is_told_once_of_a_worse_version(monkeypatch):
    people = [make_user(email=f"p{number}@example.com", language="fr" if number else "en") for number in range(3)]
    make_user(email="gone@example.com", is_active=False)
    told(**months(6))
    told(NOW + DAY, **months(12))
    assert announce(operator=operator(), now=NOW + DAY, limit=2) == 2
    assert announce(operator=operator(), now=NOW + DAY, limit=2) == 1
    assert announce(operator=operator(), now=NOW + DAY, limit=2) == 0
    assert sorted(letter.to[0] for letter in posted(NOW + DAY)) == [person.email for person in people]
    english = next(letter for letter in mail.outbox if letter.to == ["p0@example.com"])
    assert "/terms/changes/1..2" in english.body
    assert "24 December 2026" in english.body
    assert Acceptance.objects.filter(notified_at=NOW + DAY).count() == 3


def test_a_mail_server_that_is_down_loses_nobody(settings):
    make_user(email="p@example.com")
    told(**months(6))
    told(NOW + DAY, **months(12))
    assert announce(operator=operator(), now=NOW + DAY) == 1
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.mail.servers.Away"
    for hours in range(73):
        assert posted(NOW + DAY + timedelta(hours=hours)) == []
        give_up(now=NOW + DAY + timedelta(hours=hours))
    settings.EMAIL_BACKEND = sound
    later = NOW + 5 * DAY
    assert posted(later) == [], "that letter is given up"
    assert announce(operator=operator(), now=later) == 1, "and its reader is told anew"
    assert [letter.to for letter in posted(later)] == [["p@example.com"]]
    assert announce(operator=operator(), now=later + DAY) == 0
    assert Acceptance.objects.get().notified_at == later


def test_nobody_is_noted_as_told_whose_letter_could_not_be_written(monkeypatch):
    make_user(email="p@example.com")
    told(**months(6))
    told(NOW + DAY, **months(12))
    monkeypatch.setattr("bonafide.terms.acceptance.send_letter", lambda **given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        announce(operator=operator(), now=NOW + DAY)
    assert not Acceptance.objects.filter(notified_at__isnull=False).exists()


def test_better_terms_and_mended_words_are_not_announced():
    make_user(email="p@example.com")
    told(**months(12))
    told(NOW + DAY, **months(6))
    assert announce(operator=operator(), now=NOW + DAY) == 0


def test_acceptance_is_asked_for_the_first_and_for_each_worse_version_once_it_holds():
    person = make_user()
    told(**months(6))

    def asked(at: datetime) -> int | None:
        version = version_to_accept(user=person, now=at)
        return version.number if version else None

    assert asked(NOW) == 1
    accept(person, 1, NOW)
    assert asked(NOW) is None
    told(NOW + DAY, **months(3))
    assert asked(NOW + DAY) is None
    worse = told(NOW + 2 * DAY, **months(12))
    assert asked(NOW + 3 * DAY) is None
    assert asked(worse.effective_at) == 3
    accept(person, 3, worse.effective_at)
    assert asked(worse.effective_at) is None


def accept(person, number: int, at: datetime) -> None:
    from bonafide.terms.acceptance import accept as step

    assert step(user=person, number=number, now=at)


@pytest.fixture
def asking(monkeypatch):
    monkeypatch.setattr(context, "_asked", {})


def test_a_signed_in_person_reads_accepts_and_is_left_in_peace(client: Client, asking, django_assert_num_queries):
    person = make_user()
    client.force_login(person)
    make_version(operator=django_settings.OPERATOR, now=datetime.now(UTC) - DAY)
    assert "Please read the terms of service and accept them" in client.get("/usage").content.decode()
    page = client.get("/terms").content.decode()
    assert 'name="version" value="1"' in page
    assert Acceptance.objects.get().shown_at
    answer = client.post("/terms/accept", {"version": "1"})
    assert answer["Location"] == "/"
    first = Acceptance.objects.get().accepted_at
    client.post("/terms/accept", {"version": "1"})
    assert Acceptance.objects.get().accepted_at == first
    assert "Please read" not in client.get("/usage").content.decode()
    assert 'name="version"' not in client.get("/terms").content.decode()


@pytest.mark.parametrize("number", ["", "9", "-1", "x", "1e3", "99999999999999999999"])
def test_only_a_version_in_force_can_be_accepted(client: Client, number):
    client.force_login(make_user())
    make_version(operator=django_settings.OPERATOR, now=datetime.now(UTC))
    assert client.post("/terms/accept", {"version": number}).status_code == 404
    assert not Acceptance.objects.exists()


def test_acceptance_does_not_lead_elsewhere(client: Client):
    client.force_login(make_user())
    make_version(operator=django_settings.OPERATOR, now=datetime.now(UTC))
    answer = client.post("/terms/accept", {"version": "1", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


# --- Reading --------------------------------------------------------------------------------------------------------------
def test_the_difference_names_clauses_and_values_not_lines():
    first = told(**months(6))
    second = told(NOW + DAY, **months(12))
    found = changes_between(first, second, "en")
    assert {change.id for change in found} == {"S3", "R2"}
    assert all(change.way == Change.LOOSER for change in found)
    assert found[0].values == (("retention.ip_months", 6, 12),)


def test_every_version_stays_readable_in_both_languages_and_on_paper(client: Client):
    make_version(operator=operator(**months(6)), now=datetime.now(UTC) - DAY)
    make_version(operator=operator(**months(12)), now=datetime.now(UTC))
    assert "6 months" in client.get("/terms").content.decode()
    assert "From " in client.get("/terms").content.decode(), "the announced version is named"
    assert "12 months" in client.get("/terms/2").content.decode()
    assert "not the version in force" in client.get("/terms/2").content.decode()
    changes = client.get("/terms/changes/1..2").content.decode()
    assert "6 months" in changes
    assert "12 months" in changes
    client.cookies["language"] = "fr"
    assert "6 mois" in client.get("/terms/1").content.decode()
    paper = client.get("/terms/1.pdf")
    assert paper.content.startswith(b"%PDF-")
    assert paper.content == client.get("/terms/1.pdf").content


@pytest.mark.parametrize("path", ["9", "9.pdf", "changes/2..1", "changes/1..1", "changes/1..9"])
def test_what_was_never_published_is_not_there(client: Client, path):
    told()
    assert client.get(f"/terms/{path}").status_code == 404
