"""No letter without a declared purpose."""

import ast
from pathlib import Path

import pytest
from allauth.account.adapter import get_adapter
from django.core.mail import EmailMessage

from bonafide import mail
from bonafide.mail.models import Letter
from bonafide.mail.purposes import PURPOSES, Kind, UndeclaredLetter, declared, purpose_of, purposes_said
from bonafide.mail.send import hand_over, send_letter
from tests.factories.mail import NOW

# Who may make a message at all: everything else goes through these.
MAKERS = {"mail/compose.py", "mail/send.py", "outgoing/smtp.py", "sign_in/adapter.py", "sign_in/write_letters.py"}
LOOKERS = {"get_connection"}  # speaks to the server, and makes nothing
LETTER = {"to": "ana@example.com", "language": "en", "given": {}, "now": NOW}


def test_information_alone_can_be_refused_and_everything_else_says_why_not():
    codes = [purpose.code for purpose in PURPOSES]
    assert len(set(codes)) == len(codes)
    for purpose in PURPOSES:
        assert len(purpose.code) <= 30
        assert purpose.refusable == (purpose.kind == Kind.INFORMATION)
        assert bool(str(purpose.why_not)) != purpose.refusable
        assert not purpose.why_not or (str(purpose.why_not)[0].islower() and str(purpose.why_not).endswith("."))


def test_customers_are_told_of_what_we_write_to_them_and_of_nothing_that_is_not_written_yet():
    said = {purpose.code for purpose in purposes_said()}
    assert {"confirm-address", "new-password", "news"} <= said
    assert "promise-turned" not in said
    assert all(purpose.templates for purpose in purposes_said(staff=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "template"),
    [("greetings", "accounts/email/invitation"), ("new-password", "accounts/email/invitation"), ("news", "mail/announcement")],
    ids=["an unknown purpose", "another's template", "information, which is announced"],
)
def test_a_letter_of_no_purpose_is_not_even_written(purpose, template):
    with pytest.raises(UndeclaredLetter):
        send_letter(purpose=purpose, template=template, **LETTER)
    assert not Letter.objects.exists()


@pytest.mark.django_db
def test_a_new_letter_of_the_library_is_refused_until_it_has_a_purpose():
    with pytest.raises(UndeclaredLetter):
        get_adapter().send_mail("account/email/login_code", "ana@example.com", {})
    with pytest.raises(UndeclaredLetter):
        purpose_of("mail/announcement")  # of several


def test_a_message_that_nobody_marked_is_not_handed_over(mailoutbox):
    with pytest.raises(UndeclaredLetter):
        hand_over(message=EmailMessage("Hello", "x", to=["ana@example.com"]), now=NOW)
    assert mailoutbox == []
    with pytest.raises(UndeclaredLetter):
        declared("greetings")


def makers_of_messages(text):
    """Whether a module imports what makes messages."""
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module in ("django.core", "django.core.mail", "django.core.mail.message"):
            imported |= {name.name for name in node.names if node.module != "django.core" or name.name == "mail"}
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names if name.name.startswith("django.core.mail")}
    return bool(imported - LOOKERS)


def test_messages_are_made_in_a_few_places_alone():
    package = Path(mail.__file__).parents[1]
    makers = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if makers_of_messages(path.read_text())}
    assert makers - MAKERS == set(), "send it by bonafide.mail.send.send_letter"
    assert makers >= MAKERS
    for line in ("from django.core.mail import send_mail", "from django.core import mail", "import django.core.mail"):
        assert makers_of_messages(line)
