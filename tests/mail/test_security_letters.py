"""Letters about security: each change has one, it leaves even when the mail server is away, and its link is its only secret."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPRecipientsRefused

import allauth
import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from bonafide.holdings import Kind
from bonafide.privacy.sweep_rows import sweep_rows
from bonafide.sign_in import words
from bonafide.sign_in.changes import ANNOUNCED, ENDS, TOLD_ALREADY
from bonafide.sign_in.letters import tell, tell_at_most
from bonafide.sign_in.models import Alarm, Event, SecurityLetter
from bonafide.sign_in.tasks import write_letter, write_letters
from bonafide.sign_in.write_letters import compose, digest
from tests.factories.accounts import make_user
from tests.factories.billing import operator
from tests.factories.privacy import make_hold
from tests.sign_in.post import ALARM, delivered, link

pytestmark = pytest.mark.django_db
DETAILS = {"name": "laptop", "browser": "Firefox 145", "system": "Linux", "how": "password+totp"}


class Away(BaseEmailBackend):
    def send_messages(self, messages):
        raise ConnectionRefusedError("nobody there")


class Choosy(BaseEmailBackend):
    def send_messages(self, messages):
        for message in messages:
            if message.to == ["full@example.com"]:
                raise SMTPRecipientsRefused({"full@example.com": (452, b"mailbox full")})
            mail.outbox.append(message)


@pytest.fixture
def user():
    return make_user(username="vega", email="vega@example.com")


def told(user, event=Event.PASSKEY_ADDED, **values):
    return tell(user=user, event=event, now=timezone.now(), **{**DETAILS, **values})


# --- Every change has its letter ------------------------------------------------------------------------------------------
def announced_by_allauth():
    """The letters that the installed allauth sends about changes, read out of its code."""
    code = "".join(
        path.read_text()
        for path in Path(allauth.__file__).parent.rglob("*.py")
        if "tests" not in path.parts and "headless" not in path.parts
    )
    return set(re.findall(r'send_notification_mail\(\s*"([\w/]+)"', code))


def test_asvs_6_3_7_every_change_that_allauth_announces_is_told():
    assert announced_by_allauth() == set(ANNOUNCED) | TOLD_ALREADY
    assert len(announced_by_allauth()) >= 12, "the search still finds them"


def test_every_event_has_words_and_what_ends_sessions_says_so():
    assert set(words.WORDS) == set(Event)
    for event in ENDS:
        assert "sessions of yours were ended" in str(words.WORDS[event].text), event


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("event", Event)
def test_every_letter_says_what_who_and_why_in_text_and_in_html(user, settings, event, language):
    user.language = language
    with translation.override("en"):
        letter = compose(letter=told(user, event), now=timezone.now())
    html = letter.alternatives[0][0]
    assert letter.subject
    assert "\n" not in letter.subject
    assert "!" not in letter.subject + letter.body
    for body in (letter.body, html):
        assert settings.OPERATOR.identity.registration in body
        assert "%(" not in body
        assert "{{" not in body
        assert bool(ALARM.search(body)) == words.WORDS[event].alarm
        assert ("/account/password/reset/key/" in body) == (event == Event.REPORTED)
    assert set(re.findall(r"http://\S+?/account/not-me/[\w-]+", letter.body)) == set(
        re.findall(r"http://\S+?/account/not-me/[\w-]+", html)
    )
    assert f'<html lang="{language}">' in html
    assert not re.search(r"<img|<link|<script|url\(", html), "nothing is fetched when a letter is opened"
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_a_name_that_somebody_gave_stays_one_line_and_no_markup(user):
    told(user, Event.API_KEY_MADE, name="a\r\nBcc: x@evil.example\n<b>bold</b>" + "x" * 500)
    (letter,) = delivered()
    assert "Bcc: x@evil.example <b>bold</b>x" in letter.body
    assert "<b>" not in letter.alternatives[0][0]
    assert letter.recipients() == ["vega@example.com"]


# --- It leaves, once, whatever happens ------------------------------------------------------------------------------------
def test_no_change_without_its_letter_and_no_letter_about_what_was_rolled_back(user):
    with transaction.atomic():
        told(user)
        transaction.set_rollback(True)
    assert not SecurityLetter.objects.exists()


def test_a_mail_server_that_is_away_for_hours_loses_no_letter(user, settings, caplog):
    backend = settings.EMAIL_BACKEND
    letter, start = told(user), timezone.now()
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    for minutes in range(0, 240, 5):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            write_letters.call()
    letter.refresh_from_db()
    assert letter.sent_at is None
    assert 6 <= letter.attempts <= 12, "more and more patient"
    assert "vega@example.com" not in caplog.text
    settings.EMAIL_BACKEND = backend
    with time_machine.travel(start + timedelta(hours=5)):
        assert [sent.subject for sent in delivered()] == ["A passkey was added"]
        assert len(delivered()) == 1, "once"


def test_after_three_days_it_is_too_late(user):
    told(user)
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert delivered() == []


def test_one_address_that_is_refused_does_not_hold_up_the_others(user, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Choosy"
    told(make_user(email="full@example.com"))
    told(user)
    assert write_letters.call() == "1 sent, 1 failed"


def test_a_server_that_does_not_answer_is_asked_once_a_round(user, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    for _ in range(3):
        told(user)
    assert write_letters.call() == "0 sent, 1 failed"


def test_two_workers_send_it_once(user, monkeypatch):
    letter = told(user)
    send = mail.EmailMessage.send

    def meanwhile_the_other_worker(message, **values):
        assert write_letter.call(str(letter.pk)) == "0 sent, 0 failed"
        return send(message, **values)

    monkeypatch.setattr(mail.EmailMessage, "send", meanwhile_the_other_worker)
    assert write_letter.call(str(letter.pk)) == "1 sent, 0 failed"


def test_what_a_stranger_can_cause_does_not_flood_the_mailbox(user):
    now = timezone.now()
    for minutes in range(60):
        tell_at_most(user=user, event=Event.TOO_MANY, every=timedelta(days=1), now=now + timedelta(minutes=minutes))
    assert Counter(SecurityLetter.objects.values_list("event", flat=True)) == {Event.TOO_MANY: 1}


# --- What is kept ---------------------------------------------------------------------------------------------------------
def test_the_queue_holds_an_id_and_the_tables_no_token(user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        letter = told(user)
    assert DBTaskResult.objects.get().args_kwargs == {"args": [str(letter.pk)], "kwargs": {}}
    token = link(delivered()[0]).rsplit("/", 2)[1]
    assert len(token) >= 43
    assert Alarm.objects.get().digest == digest(token) != token


def test_letters_are_forgotten_once_their_link_is_long_dead(user):
    letter = told(user)
    Alarm.objects.create(letter=letter, digest="0" * 64, expires_at=letter.at)
    for days in (90, 45):
        limits = operator(retention={"letters_days": days})
        sweep_rows(operator=limits, now=letter.at + timedelta(days=days))
        assert Alarm.objects.get().letter == letter
    sweep_rows(operator=limits, now=letter.at + timedelta(days=45, seconds=1))
    assert not SecurityLetter.objects.exists()
    assert not Alarm.objects.exists()


def test_a_hold_keeps_them_beyond_that(user):
    letter = told(user)
    make_hold(Kind.LETTERS, person=user, now=letter.at, days=200)
    sweep_rows(operator=operator(), now=letter.at + timedelta(days=199))
    assert SecurityLetter.objects.filter(pk=letter.pk).exists()
    sweep_rows(operator=operator(), now=letter.at + timedelta(days=201))
    assert not SecurityLetter.objects.exists()
