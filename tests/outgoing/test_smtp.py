"""Letters through somebody else's mail server are written down, each with whose it is; through our own they are not."""

from smtplib import SMTPException

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage, get_connection

from bonafide.outgoing import guard
from bonafide.outgoing.models import PassedOn
from tests.factories.accounts import make_account, make_user
from tests.factories.outgoing import operator_with, processor
from tests.fakes.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db
MAILER = "smtp.postillon.example"


@pytest.fixture
def through(settings, smtp_sink, monkeypatch):
    """Send letters through a mail server of that name; all names lead to the one on loopback."""
    real = guard.resolve
    monkeypatch.setattr(guard, "resolve", lambda host, *more: real("127.0.0.1", *more))

    def through(host, *letters, **changed):
        settings.OPERATOR = operator_with(processor(), network={"own_hosts": ("mail.nordlys.example",)})
        backend = get_connection("bonafide.outgoing.smtp.EmailBackend", host=host, **{"port": smtp_sink.port, **changed})
        return backend.send_messages(list(letters))

    return through


@pytest.fixture
def vega():
    user = make_user(username="vega", email="vega@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def letter(*to, body="Hello", **values):
    return EmailMessage("A word", body, "console@nordlys.example", list(to), **values)


def test_a_letter_through_a_processor_leaves_a_row_for_who_has_the_address(through, vega, smtp_sink):
    assert through(MAILER, letter("Vega@example.com")) == 1
    smtp_sink.wait_for("Vega@example.com")
    [row] = PassedOn.objects.all()
    assert (row.recipient, row.person, row.account, row.clause, row.occasion) == ("postillon", vega, None, "U1", "letter")
    assert row.fields == ["email", "letter"]


def test_the_username_is_named_if_it_is_in_the_text(through, vega):
    through(MAILER, letter("vega@example.com", body="Hello vega"))
    assert PassedOn.objects.get().fields == ["email", "username", "letter"]


def test_who_wrote_it_says_whose_it_is_and_what_for(through, vega):
    account = make_account()
    invited = letter("new@example.com", body="vega invites you")
    invited.about = (None, account.pk, "invitation")
    own = letter("old@example.com")
    own.about = (vega.pk, None, "address_changed")
    assert through(MAILER, invited, own) == 2
    rows = PassedOn.objects.order_by("pk").values_list("account", "person", "occasion")
    assert list(rows) == [(account.pk, None, "invitation"), (None, vega.pk, "address_changed")]


def test_each_address_has_its_row(through, vega):
    through(MAILER, letter("vega@example.com", bcc=["nobody@example.com"]))
    assert list(PassedOn.objects.order_by("pk").values_list("person", flat=True)) == [vega.pk, None]


@pytest.mark.parametrize("host", ["mail.nordlys.example", "127.0.0.1", "localhost"])
def test_our_own_mail_server_is_nobody_else(through, vega, host, smtp_sink):
    assert through(host, letter("vega@example.com")) == 1
    smtp_sink.wait_for("vega@example.com")
    assert not PassedOn.objects.exists()


def test_an_address_that_several_gave_and_nobody_confirmed_is_nobodys(through):
    for _ in range(2):
        EmailAddress.objects.create(user=make_user(), email="shared@example.com", verified=False)
    through(MAILER, letter("shared@example.com"))
    assert PassedOn.objects.get().person is None


def test_a_mail_server_that_was_not_declared_gets_nothing(through, vega, smtp_sink):
    with pytest.raises(OSError, match=r"collector\.example was not declared"):
        through("collector.example", letter("vega@example.com"))
    assert smtp_sink.letters == []
    assert not PassedOn.objects.exists()


class Refusing(SmtpSink):
    """A mail server that wants nothing: from us, or for whom it is."""

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return "550 not from you" if self.refuses == "sender" else "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        return "550 not for them"


@pytest.mark.parametrize(("refuses", "written"), [("sender", False), ("recipient", True)])
def test_a_refused_letter_is_written_down_once_the_server_has_seen_the_address(through, vega, smtp_sink, refuses, written):
    refusing = Refusing()
    refusing.refuses = refuses
    refusing.start()
    try:
        with pytest.raises(SMTPException):
            through(MAILER, letter("vega@example.com"), port=refusing.port)
    finally:
        refusing.stop()
    assert PassedOn.objects.exists() is written
