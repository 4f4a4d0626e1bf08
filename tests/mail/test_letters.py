"""Letters: who writes, why, in whose language; through a real mail server."""

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from smtplib import SMTPServerDisconnected
from types import SimpleNamespace

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from bonafide.accounts.models import ApiKey
from bonafide.holdings import Kind
from bonafide.mail.compose import write
from bonafide.mail.purposes import PURPOSES
from bonafide.privacy.erase_rows import Left
from bonafide.sign_in import adapter
from tests.factories.accounts import make_user

TEMPLATES = Path(adapter.__file__).parents[1] / "mail" / "templates"
LETTERS = sorted(p.relative_to(TEMPLATES).as_posix().removesuffix("_subject.txt") for p in TEMPLATES.rglob("*_subject.txt"))
ALL = [(purpose, template) for purpose in PURPOSES for template in purpose.templates]
REFUSE = "https://console.example/letters/refuse/1.news.abc"
SIGN_UP = {"username": "vega", "email": "vega@example.com", "password1": "four plain unrelated words"}


class ServerThatHangsUp(BaseEmailBackend):
    def send_messages(self, messages):
        raise SMTPServerDisconnected("the server hung up")


# What the letters about a release and about an order say of either.
LAW = SimpleNamespace(
    authority="a court",
    basis="a law",
    kinds_said=["logs"],
    secret_until=date(2026, 12, 31),
    **dict.fromkeys(("released_at", "begins_at", "until"), datetime(2027, 1, 1, 9, tzinfo=UTC)),
)


CONTRACT = SimpleNamespace(
    reference="K-ABC",
    ordered_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
    consumer=True,
    begin_at_once=True,
    starts_on=date(2026, 11, 2),
    withdraw_until=date(2026, 11, 16),
)
NOTICE = SimpleNamespace(
    reference="N-ABC",
    received_at=datetime(2026, 11, 6, 9, tzinfo=UTC),
    name="Mira",
    email="mira@example.com",
    contract_said="K-ABC",
    wanted_on=date(2026, 11, 30),
    last_on=date(2026, 11, 30),
    kept_minor=500,
    refund_minor=2500,
    currency="EUR",
    due_on=date(2026, 11, 20),
)


def given():
    return {
        "user": make_user(username="vega"),
        "activate_url": "https://console.example/a",
        "password_reset_url": "https://console.example/p",
        "signup_url": "https://console.example/s",
        "timestamp": timezone.now(),
        "inviter": "ana",
        "account": "Atelier Vega",
        "role": "viewer",
        "until": timezone.now(),
        "invitation_url": "https://console.example/i",
        "maker": "ana",
        "made_at": timezone.now(),
        "key": ApiKey(name="meter", start="bf_abc", expires_at=timezone.now()),
        "keys_url": "https://console.example/k",
        "username": "vega",
        "change_url": "https://console.example/c",
        "code": "k7qp",
        "amount": "€50.00",
        "used": "€51.20",
        "month": 202411,
        "usage_url": "https://console.example/u",
        "prepaid": True,
        "balance_url": "https://console.example/b",
        "budgets_url": "https://console.example/b",
        "reason": "your letter of Monday",
        "began_at": timezone.now(),
        "next_on": date(2026, 12, 1),
        "due_at": timezone.now(),
        "done_at": timezone.now(),
        "by_staff": False,
        "left": [Left(Kind.IDENTITY, 1, "a law", timezone.now().date())],
        "sign_in_url": "https://console.example/account/login/",
        "privacy_url": "https://console.example/settings/privacy",
        "day": "1 January 2027",
        "changes_url": "https://console.example/terms/changes/1..2",
        "subject": "What is new",
        "paragraphs": ["One thing is new.", "Another is better."],
        "refuse_url": REFUSE,
        "what_happened": "Your password was changed.",
        "thing": LAW,
        "over_at": None,
        "contract": CONTRACT,
        "notice": NOTICE,
        "carried_out": True,
        "to_writer": True,
        "summary": {"sections": [{"title": "What it costs", "paragraphs": ["€30.00"]}], "form": ["Date:"]},
        "contract_url": "https://console.example/o",
        "withdraw_url": "https://console.example/w",
    }


def test_every_template_has_a_purpose_and_every_purpose_its_templates():
    assert len(LETTERS) >= 15
    assert {template for _purpose, template in ALL} == set(LETTERS)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(("purpose", "letter"), ALL, ids=[f"{purpose.code}:{template}" for purpose, template in ALL])
def test_every_letter_says_who_writes_and_why_in_text_and_in_html(settings, purpose, letter, language):
    written = write(purpose=purpose, template=letter, language=language, given=given())
    subject, text, html = written.subject, written.text, written.html
    assert subject
    assert "\n" not in subject
    assert "!" not in subject + text
    with translation.override(language):
        foot = str(purpose.why_not) or REFUSE
    assert foot
    why = {"en": "You get this letter because", "fr": "Vous recevez cette lettre"}[language]
    for body in (text, html):
        assert why in body
        assert foot in unescape(body)
        assert ("/letters/refuse/" in body) == (letter == "mail/announcement")
        assert settings.OPERATOR.identity.legal_name in body
        assert settings.OPERATOR.identity.registration in body
        assert "{{" not in body
        assert "%(" not in body
    links = set(re.findall(r"https://console\.example/\w", text))
    assert links == set(re.findall(r"https://console\.example/\w", html))
    assert f'<html lang="{language}">' in html
    assert not re.search(r"<img|<link|<script|url\(", html), "nothing is fetched when a letter is opened"


@pytest.mark.django_db
def test_the_letter_arrives_through_a_real_server_with_both_parts(client, smtp_sink, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_sink.port
    client.post(reverse("account_signup"), SIGN_UP)
    letter = smtp_sink.wait_for("vega@example.com")
    assert letter["From"] == settings.DEFAULT_FROM_EMAIL
    assert letter["Reply-To"] == settings.OPERATOR.identity.email
    assert letter["Subject"] == "Confirm your e-mail address"
    assert [part.get_content_type() for part in letter.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    link = re.search(r"http\S+(/account/confirm-email/\S+)", letter.get_body(("plain",)).get_content())[1]
    assert link in letter.get_body(("html",)).get_content()
    assert client.post(link).url == "/"


@pytest.mark.django_db
def test_a_person_is_written_to_in_their_own_language(client):
    user = make_user(username="vega", email="vega@example.com", language="fr")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client.post(reverse("account_reset_password"), {"email": "vega@example.com"})
    assert mail.outbox[0].subject == "Choisissez un nouveau mot de passe"


@pytest.mark.django_db
def test_a_server_that_does_not_answer_leaves_the_page_standing_and_is_logged(client, settings, caplog):
    settings.EMAIL_BACKEND = f"{__name__}.ServerThatHangsUp"
    page = client.post(reverse("account_signup"), SIGN_UP, follow=True).content.decode()
    assert "could not be sent" in page
    assert "the server hung up" in caplog.text
    assert "vega@example.com" not in caplog.text


@pytest.mark.django_db
def test_no_transaction_waits_for_a_mail_server(django_capture_on_commit_callbacks):
    given = {"activate_url": "http://localhost/a", "user": make_user(username="vega")}
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        get_adapter().send_mail("account/email/email_confirmation", "vega@example.com", given)
        assert mail.outbox == []
    assert [letter.to for letter in mail.outbox] == [["vega@example.com"]]
    with transaction.atomic():
        get_adapter().send_mail("account/email/email_confirmation", "vega@example.com", given)
        transaction.set_rollback(True)
    assert len(mail.outbox) == 1


def test_links_start_with_the_consoles_own_address_whatever_the_request_said(settings):
    service = settings.OPERATOR.service.model_copy(update={"console_url": "https://console.example"})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"service": service})
    settings.SECURE = True
    assert adapter.at_home("http://10.0.0.1:8000/account/x/?next=/bills") == "https://console.example/account/x/?next=/bills"
    settings.SECURE = False
    assert adapter.at_home("http://127.0.0.1:4711/account/x/") == "http://127.0.0.1:4711/account/x/"


@pytest.mark.django_db
def test_in_a_trial_the_page_says_in_which_folder_the_letter_is(client, settings):
    folder = str(settings.INSTANCE.letters)
    client.post(reverse("account_signup"), SIGN_UP)
    address = reverse("account_email_verification_sent")
    assert folder not in client.get(address).content.decode()
    settings.OPERATOR = settings.OPERATOR.model_copy(
        update={
            "service": settings.OPERATOR.service.model_copy(update={"trial": True}),
            "mail": settings.OPERATOR.mail.model_copy(update={"delivery": "file"}),
        }
    )
    assert folder in client.get(address).content.decode()
