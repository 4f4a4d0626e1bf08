"""/settings/privacy: what was passed on, for the person and the accounts for which they answer."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bonafide.privacy.passed_on import SHOWN, passed_on
from tests.factories import outgoing
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import operator

pytestmark = pytest.mark.django_db


def read(user):
    client = Client()
    client.force_login(user)
    return " ".join(client.get("/settings/privacy").content.decode().split())


@pytest.fixture
def account():
    return make_account(name="Atelier Vega")


def test_a_person_reads_to_whom_when_which_data_and_what_for():
    user = make_user()
    outgoing.passed_on(person=user, fields=["email", "username", "letter"])
    page = read(user)
    assert "What was passed on" in page
    for words in (
        "Postillon",
        "21 November 2026, 10:12",
        "the e-mail address, the username, the text of the letter",
        "a letter to you",
        'href="/terms#U1"',
    ):
        assert words in page, words


def test_a_letter_is_named_by_what_it_was_for():
    user = make_user()
    outgoing.passed_on(person=user, fields=["email", "letter"], occasion="login-security")
    page = read(user)
    assert "Security of your login" in page
    assert "a letter to you" not in page


@pytest.mark.parametrize(("role", "sees"), [("owner", True), ("billing", True), ("viewer", False)])
def test_of_an_account_those_read_it_who_answer_for_it(account, role, sees):
    outgoing.passed_on(account=account, fields=["vat_number"], occasion="vat_check", name="European Commission (VIES)")
    page = read(make_member(account=account, role=role))
    assert ("a check of the VAT number" in page) is sees
    assert ("Nothing of yours was passed on to anybody." in page) is not sees


def test_others_and_their_accounts_are_not_ones_own(account):
    outgoing.passed_on(person=make_user())
    outgoing.passed_on(account=account)
    outgoing.passed_on()  # of somebody without a login
    assert "Nothing of yours was passed on to anybody." in read(make_member())


def test_an_account_and_a_code_that_are_no_more_do_not_break_the_page():
    user = make_user()
    outgoing.passed_on(person=user, account_id=123_456, fields=["retired"], occasion="retired")
    assert "retired" in read(user)


def test_it_takes_the_same_statements_however_much_there_is(account):
    user = make_member(account=account)
    counts = []
    for many in (1, SHOWN + 2):
        for n in range(many):
            outgoing.passed_on(person=user, account=account, at=outgoing.AT + timedelta(minutes=n))
        with CaptureQueriesContext(connection) as done:
            part = passed_on(user=user, operator=operator())
            assert all(line.row.account.name for line in part.lines)
        counts.append(len(done))
    assert counts == [2, 2]
    assert len(part.lines) == SHOWN
    assert part.more == 3
    assert "3 older lines are not shown." in read(user)
