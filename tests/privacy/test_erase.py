"""Erasing a person and an account: what goes, what stays and for how long, and who is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from bonafide.accounts.invite import invite
from bonafide.accounts.models import Invitation, Membership, User
from bonafide.holdings import Kind
from bonafide.instance import Instance
from bonafide.mail.models import Letter
from bonafide.privacy import journal
from bonafide.privacy.erase import CannotErase, erase_account, erase_person
from bonafide.privacy.erase_rows import count_rows
from bonafide.privacy.finish_erasures import finish_kept
from bonafide.privacy.inventory import TABLES
from bonafide.privacy.keeps import Whom, keeps_on
from bonafide.privacy.models import Erasure
from bonafide.sessions.models import Session, SignIn
from tests.factories.accounts import enter, make_account, make_app, make_member, make_user
from tests.factories.billing import operator
from tests.factories.history import make_row, make_sign_ins
from tests.factories.privacy import make_hold
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "INSTANCE", Instance(tmp_path))
    return tmp_path


@pytest.fixture
def no_floors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "OPERATOR", operator(retention={"floors": ()}))


def erase(user: User, now: datetime = NOW):
    return erase_person(person_id=user.pk, now=now, by="shell")


@pytest.mark.usefixtures("no_floors")
def test_it_leaves_nothing_of_a_person_where_nothing_is_kept(home):
    user, other = make_user(email="canary@example.com"), make_member()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.create(user=user, account=other.accounts.get(), role="viewer", created_at=NOW)
    make_app(user)
    make_row(user, now=NOW)
    make_sign_ins(user, 3, now=NOW)
    make_sign_ins(other, 1, now=NOW)
    done = erase(user)
    assert done.left == ()
    assert done.erasure.finished_at == NOW
    assert [letter.to for letter in posted(NOW)] == [["canary@example.com"]]
    assert not Letter.objects.exclude(address="").exists()
    assert not User.objects.filter(pk=user.pk).exists()
    assert SignIn.objects.get().user == other
    assert not Session.objects.exists()
    assert not EmailAddress.objects.filter(email="canary@example.com").exists()
    assert [entry.person for entry in journal.read(home / journal.NAME).entries] == [user.pk]


def test_what_the_law_keeps_stays_closed_and_counted_until_its_day():
    account = make_account(closed_at=NOW - timedelta(days=10))
    user = make_member(account=account, username="nora", email="nora@example.com")
    make_sign_ins(user, 2, now=NOW)
    client = Client()
    enter(client, user)
    done = erase(user)
    user.refresh_from_db()
    assert (user.username, user.email, user.is_active) == ("nora", "nora@example.com", False)
    assert not user.has_usable_password()
    assert client.get("/settings/profile").status_code == 302
    assert not SignIn.objects.exists()
    assert {(left.kind.value, left.basis, left.until.isoformat()) for left in done.left} == {
        ("identity", "décret n° 2021-1362, art. 2", "2031-11-15"),
        ("sign_up", "décret n° 2021-1362, art. 3", "2027-11-15"),
    }
    assert done.erasure.finished_at is None
    assert finish_kept(now=NOW + timedelta(days=400)) == 0
    user.refresh_from_db()
    assert (user.username, user.email) == (f"erased-{user.pk}", "nora@example.com")
    assert [left["kind"] for left in Erasure.objects.get().kept] == ["identity"]
    assert finish_kept(now=NOW + timedelta(days=1900)) == 1
    assert not User.objects.filter(pk=user.pk).exists()
    assert Erasure.objects.get().kept == []


def test_an_order_on_an_account_keeps_what_it_names_of_a_member_and_is_not_told_while_it_is_secret():
    account = make_account()
    make_member(account=account)
    member = make_member(account=account, role="viewer", email="mia@example.com")
    make_sign_ins(member, 2, now=NOW)
    secret = {"secret_until": NOW.date() + timedelta(days=30), "secret_basis": "art. 11"}
    make_hold(Kind.HISTORIES, account=account, now=NOW, days=90, **secret)
    whom = Whom(person=member.pk)
    keeps = keeps_on(whom=whom, operator=operator(), now=NOW)
    assert count_rows(whom=whom, tables=TABLES, keeps=keeps)[1] == []
    done = erase(member)
    assert SignIn.objects.filter(user=member).count() == 2
    assert ("histories", 2) in {(left.kind.value, left.rows) for left in done.left}
    assert all(left.secret for left in done.left)
    member.refresh_from_db()
    assert (member.email, member.is_active) == (f"erased-{member.pk}@erased.invalid", False)
    assert finish_kept(now=NOW + timedelta(days=60)) == 0  # the order holds: what links them to the account is there
    assert SignIn.objects.filter(user=member).count() == 2
    assert finish_kept(now=NOW + timedelta(days=91)) == 1
    assert not User.objects.filter(pk=member.pk).exists()


def test_what_stands_elsewhere_as_text_goes_too():
    account = make_account()
    owner, user = make_member(account=account), make_user(username="nora", email="nora@example.com")
    staff = make_user(is_staff=True)
    invite(account=account, email="nora@example.com", role="viewer", by=owner, now=NOW)
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=staff, content_type=kind, object_id=str(user.pk), object_repr="nora", action_flag=2)
    told = '[{"changed": {"name": "member", "object": "nora (viewer)"}}]'
    LogEntry.objects.create(user=staff, content_type=kind, object_id="0", object_repr="Acme", action_flag=2, change_message=told)
    erase(user)
    assert not Invitation.objects.exists()
    assert {(entry.object_repr, entry.change_message) for entry in LogEntry.objects.all()} == {("", "")}


def test_the_last_owner_of_an_open_account_is_refused_and_keeps_everything():
    owner = make_member()
    with pytest.raises(CannotErase, match="no other owner"):
        erase(owner)
    assert not Erasure.objects.exists()
    assert owner.memberships.exists()


@pytest.mark.usefixtures("no_floors")
def test_the_last_owner_of_a_closed_account_is_erased():
    owner = make_member(account=make_account(closed_at=NOW - timedelta(days=1)))
    erase(owner)
    assert not Membership.objects.exists()


def test_whoever_runs_the_service_is_refused():
    with pytest.raises(CannotErase, match="rights"):
        erase(make_user(is_staff=True))


def test_nobody_is_erased_twice():
    user = make_user()
    erase(user)
    with pytest.raises(CannotErase, match="already"):
        erase(user)


def test_an_erasure_that_breaks_off_leaves_neither_row_nor_line(home, monkeypatch):
    user, before = make_user(), make_user()
    erase(before)

    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("bonafide.privacy.erase.note_erasure", broken)  # after the line was written
    with pytest.raises(OSError, match="disk full"):
        erase(user)
    assert journal.read(home / journal.NAME).number == 1
    assert User.objects.get(pk=user.pk).is_active


@pytest.mark.usefixtures("no_floors")
def test_a_closed_account_is_emptied_and_an_open_one_refused():
    account = make_account(name="Canary SARL")
    member = make_member(account=account)
    with pytest.raises(CannotErase, match="close it first"):
        erase_account(account_id=account.pk, now=NOW, by="shell")
    account.closed_at = NOW
    account.save()
    erase_account(account_id=account.pk, now=NOW, by="shell")
    account.refresh_from_db()
    assert (account.name, account.reference, account.street) == ("erased", f"erased-{account.pk}", "")
    assert User.objects.filter(pk=member.pk).exists()
    assert not Membership.objects.exists()
