"""The outbox: a letter is there with its event, leaves at least once, and leaves nothing of itself behind."""

from datetime import timedelta
from email import message_from_string

import pytest
from django.apps import apps
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django_tasks_db.models import DBTaskResult

from bonafide.holdings import Swept
from bonafide.mail import outbox
from bonafide.mail.inventory import TABLES
from bonafide.mail.models import Letter
from bonafide.mail.outbox import give_up, send_due
from bonafide.mail.schedules import SCHEDULES
from bonafide.mail.send import send_letter
from bonafide.mail.tasks import send_letters, send_one
from bonafide.serving import declared_schedules
from tests.factories.accounts import make_user
from tests.factories.mail import NOW, SECRET, make_letter
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def every_row():
    """The whole table as text, past all models."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mail_letter")
        return str(cursor.fetchall())


# --- With its event -------------------------------------------------------------------------------------------------------
def test_a_letter_about_what_was_rolled_back_was_never_written():
    with transaction.atomic():
        make_letter()
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_at_once_and_were_the_nudge_lost_by_the_next_round(monkeypatch):
    with transaction.atomic():
        letter = make_letter()
        assert not DBTaskResult.objects.exists(), "nothing is asked of the workers before the commit"
    assert DBTaskResult.objects.get().args_kwargs == {"args": [letter.pk], "kwargs": {}}, "an id, and no word of the letter"
    assert send_one.call(letter.pk) == "1 sent, 0 failed"

    def lost(*args):
        raise ConnectionError("the queue is away")

    monkeypatch.setattr(type(send_one), "enqueue", lost)
    with transaction.atomic():
        make_letter(to="leo@example.com")
    assert len(mail.outbox) == 1
    assert [sent.to for sent in posted(NOW)] == [["ana@example.com"], ["leo@example.com"]]


def test_what_may_be_written_once_is_written_once():
    for _twice in range(2):
        send_letter(**{**LETTER, "once": "key:1:ends"})
    assert Letter.objects.count() == 1
    assert send_letter(**{**LETTER, "once": "key:2:ends"}) is not None


LETTER = {
    "purpose": "address-used",
    "template": "accounts/email/address_wanted",
    "to": "ana@example.com",
    "language": "en",
    "given": {},
    "now": NOW,
}


# --- At least once --------------------------------------------------------------------------------------------------------
def test_a_worker_that_dies_between_sending_and_noting_sends_it_again_under_the_same_name(monkeypatch):
    make_letter()

    def dies(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "_end", dies)
    with pytest.raises(KeyboardInterrupt):
        posted(NOW)
    monkeypatch.undo()
    assert len(posted(NOW)) == 1, "not at once: whoever claimed it may be at it"
    first, second = posted(NOW + MINUTE)
    assert message_from_string(first.message().as_string())["Message-ID"] == second.extra_headers["Message-ID"]
    assert len(posted(NOW + DAY)) == 2, "and then no more"


def test_two_workers_send_it_once(monkeypatch):
    make_letter()
    send = mail.EmailMessage.send

    def meanwhile_the_other_worker(message, **values):
        assert send_due(now=NOW, limit=10).sent == 0
        return send(message, **values)

    monkeypatch.setattr(mail.EmailMessage, "send", meanwhile_the_other_worker)
    assert send_due(now=NOW, limit=10).sent == 1
    assert len(mail.outbox) == 1


def test_a_server_that_is_away_for_hours_loses_no_letter_and_its_log_names_nobody(settings, caplog):
    sound, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.mail.servers.Away"
    letter = make_letter()
    for minutes in range(0, 240, 5):
        assert posted(NOW + minutes * MINUTE) == []
    letter.refresh_from_db()
    assert 6 <= letter.attempts <= 12, "more and more patient"
    assert "ana@example.com" not in caplog.text
    settings.EMAIL_BACKEND = sound
    assert len(posted(NOW + 300 * MINUTE)) == 1


def test_no_server_at_all_ends_the_round_and_takes_no_letters_turn(settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 9
    letter = make_letter()
    assert vars(send_due(now=NOW, limit=10)) == {"found": 0, "sent": 0, "refused": 0, "failed": 1}
    letter.refresh_from_db()
    assert letter.attempts == 0


def test_one_address_that_is_refused_does_not_hold_up_the_others(settings):
    settings.EMAIL_BACKEND = "tests.mail.servers.Choosy"
    make_letter(to="full@example.com")
    make_letter()
    done = send_due(now=NOW, limit=10)
    assert (done.sent, done.failed) == (1, 1)


def test_an_address_that_no_letter_can_bear_does_not_hold_up_the_others():
    make_letter(to="ana@example.com\nBcc: all@example.com")
    make_letter(to="leo@example.com")
    assert vars(send_due(now=NOW, limit=10)) == {"found": 2, "sent": 1, "refused": 0, "failed": 1}


def test_after_three_days_it_is_given_up_and_may_be_written_anew(settings):
    settings.EMAIL_BACKEND = "tests.mail.servers.Away"
    letter = send_letter(**{**LETTER, "once": "k"})
    assert give_up(now=NOW + 3 * DAY - MINUTE) == 0
    assert give_up(now=NOW + 3 * DAY) == 1
    letter.refresh_from_db()
    assert (letter.outcome, letter.address, letter.sealed) == ("given-up", "", "")
    assert send_letter(**{**LETTER, "once": "k"}) is not None


def test_a_letter_whose_key_is_gone_is_given_up_and_the_others_leave(settings, caplog):
    make_letter(to="lost@example.com")
    settings.SECRET_KEY = "another key than before"
    make_letter()
    assert [letter.to for letter in posted(NOW)] == [["ana@example.com"]]
    assert "secret key was replaced" in caplog.text
    assert Letter.objects.filter(outcome="given-up").count() == 1


# --- What stays -----------------------------------------------------------------------------------------------------------
def test_while_it_waits_its_words_are_sealed_and_once_it_left_nothing_of_it_stays():
    user = make_user()
    make_letter(person=user)
    assert "ana@example.com" in every_row()
    assert SECRET not in every_row()
    assert "Atelier" not in every_row()
    [sent] = posted(NOW)
    assert SECRET in sent.body
    letter = Letter.objects.get()
    assert (letter.purpose, letter.user, letter.ended_at, letter.outcome) == ("invitation", user, NOW, "sent")
    assert (letter.address, letter.sealed) == ("", "")
    assert "ana@example.com" not in every_row()


@pytest.mark.parametrize("kept", [{"address": "ana@example.com"}, {"sealed": "text"}])
def test_the_database_refuses_to_keep_words_or_address_of_a_letter_that_left(kept):
    make_letter()
    posted(NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        Letter.objects.update(**kept)


def test_its_row_is_declared_to_go_when_the_operator_promises():
    [table] = [table for table in TABLES if table.model == "mail.Letter"]
    assert [h.ends.setting for h in table.holdings if isinstance(h.ends, Swept)] == ["retention.letters_days"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.model)
def test_every_column_is_declared_once(table):
    columns = [column.column for column in apps.get_model(table.model)._meta.concrete_fields]
    assert sorted([*table.plain, *(column for holding in table.holdings for column in holding.columns)]) == sorted(columns)


# --- On the message -------------------------------------------------------------------------------------------------------
def test_each_message_says_whose_it_is_and_what_for_before_it_is_sent():
    user = make_user()
    make_letter(person=user)
    [sent] = posted(NOW)
    assert sent.about == (user.pk, None, "invitation")


def test_through_a_real_server_many_letters_are_one_conversation(smtp_sink, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    for name in ("ana", "leo", "mia"):
        make_letter(to=f"{name}@example.com")
    assert send_due(now=NOW, limit=10).sent == 3
    letter = smtp_sink.wait_for("mia@example.com")
    assert SECRET in letter.get_body(("plain",)).get_content()
    assert letter["Message-ID"].endswith(f"@{settings.CONSOLE_HOST}>")
    assert letter["List-Unsubscribe"] is None, "this cannot be refused"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert len(smtp_sink.letters) == 3


def test_the_schedule_comes_round_every_minute_and_does_everything(caplog):
    assert set(SCHEDULES) <= set(declared_schedules())
    make_letter(now=NOW + 30 * DAY * 30)  # the clock of the task is today's: this one is not due
    assert send_letters.call() == "0 sent, 0 not wanted, 0 failed"
