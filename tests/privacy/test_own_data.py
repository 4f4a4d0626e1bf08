"""Erasing oneself and taking a copy away, as a person does it in the settings; and staff who erase for somebody."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.utils import timezone

from bonafide.accounts.models import Membership, User
from bonafide.instance import Instance
from bonafide.mail.models import Letter
from bonafide.privacy.models.erasures import Erasure
from bonafide.privacy.own.export import SECRET
from bonafide.privacy.tasks import erase_due
from tests.factories.accounts import enter, enter_as_staff, make_account, make_member, make_user
from tests.factories.billing import operator
from tests.factories.history import make_sign_ins
from tests.factories.privacy import WHY, give_reason
from tests.mail.post import posted
from tests.web.cast import fresh

pytestmark = pytest.mark.django_db
ERASE, EXPORT = "/settings/privacy/erase", "/settings/privacy/export"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "INSTANCE", Instance(tmp_path))
    monkeypatch.setattr(settings, "OPERATOR", operator(retention={"floors": ()}))


@pytest.fixture
def person() -> User:
    user = make_user(username="nora", email="nora@example.com", password="four plain unrelated words")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    make_sign_ins(user, 2, now=timezone.now())
    return user


def pause_is_over() -> None:
    Erasure.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_it_asks_who_one_is_then_waits_and_then_erases(client, person):
    enter(client, person)
    assert client.get(ERASE)["Location"].startswith("/account/confirm/")
    fresh(client)
    assert "2 entries" in client.get(ERASE).content.decode()
    assert "will be erased" in client.post(ERASE).content.decode()
    assert client.get("/settings/privacy").status_code == 302
    assert [letter.subject for letter in posted()] == ["Your login will be erased"]
    erase_due.call()
    assert User.objects.filter(username="nora").exists()
    pause_is_over()
    erase_due.call()
    assert not User.objects.filter(pk=person.pk).exists()
    assert [(letter.subject, letter.to) for letter in posted()[1:]] == [("Your login is erased", ["nora@example.com"])]
    erase_due.call()
    assert len(posted()) == 2
    assert not Letter.objects.filter(address="nora@example.com").exists()


def test_signing_in_within_the_pause_withdraws_it(client, person):
    fresh(enter(client, person) and client)
    client.post(ERASE)
    answer = Client().post("/account/login/", {"login": "nora", "password": "four plain unrelated words"}, follow=True)
    assert "that is withdrawn" in answer.content.decode()
    pause_is_over()
    erase_due.call()
    assert Erasure.objects.get().withdrawn_at
    assert User.objects.filter(username="nora", is_active=True).exists()


def test_the_last_owner_reads_what_to_do_and_nothing_is_asked_for(client):
    fresh(enter(client, make_member()) and client)
    for answer in (client.get(ERASE), client.post(ERASE)):
        assert "no other owner" in answer.content.decode()
    assert not Erasure.objects.exists()


def test_what_hinders_it_when_the_pause_is_over_is_noted_and_tried_again(client, person):
    fresh(enter(client, person) and client)
    client.post(ERASE)
    membership = Membership.objects.create(user=person, account=make_account(), role="owner", created_at=timezone.now())
    pause_is_over()
    erase_due.call()
    assert "no other owner" in Erasure.objects.get().hindrance
    membership.delete()
    erase_due.call()
    assert Erasure.objects.get().done_at


def test_the_copy_is_json_with_everything_of_this_person_and_no_secret(client, person):
    make_sign_ins(make_user(), 1, now=timezone.now())
    fresh(enter(client, person) and client)
    answer = client.post(EXPORT)
    told = json.loads(b"".join(answer.streaming_content))
    held = [what for table in told["tables"] for what in table["what"]]
    rows = [row for what in held for row in what["rows"]]
    assert {"username", "email"} <= {column for row in rows for column in row}
    assert "nora@example.com" in [row.get("email") for row in rows]
    assert [row["user_id"] for row in rows if "outcome" in row] == [person.pk] * 2
    assert not SECRET & {column for what in held for column in what["columns"]}
    assert person.password not in json.dumps(told)
    assert all(what["text"] and what["why"] for what in held)


def test_staff_erase_for_somebody_with_a_reason_and_withdraw_it(client, person):
    staff = enter_as_staff(client)
    page = f"/staff/erase/person/{person.pk}"
    assert client.get(page)["Location"].startswith("/staff/reason")
    give_reason(client, person)
    assert "Erase nora" in client.get(page).content.decode()
    client.post(page)
    row = Erasure.objects.get()
    assert (row.by, row.staff, row.reason) == ("staff", staff, WHY)
    assert "will be done on" in client.get(page).content.decode()
    client.post(page)
    row.refresh_from_db()
    assert row.withdrawn_at


def test_staff_erase_no_open_account_and_customers_have_no_such_page(client):
    account = make_account()
    staff = Client()
    enter_as_staff(staff)
    give_reason(staff, account)
    page = f"/staff/erase/account/{account.pk}"
    assert "close it first" in staff.post(page).content.decode()
    assert not Erasure.objects.exists()
    enter(client, make_member(account=account))
    assert client.get(page).status_code == 404
