"""When VIES is asked, and that its answers stay."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide import append_only
from bonafide.accounts import tasks
from bonafide.accounts.check_vat_numbers import A_DAY, PATIENCE, check_vat_number, due_accounts
from bonafide.accounts.models import VatCheck
from tests.accounts.checks import NOON, answered
from tests.factories.accounts import make_account
from tests.factories.billing import operator
from tests.fakes.vies import answering

pytestmark = pytest.mark.django_db
NUMBER = "DE136695976"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fake():
    with answering() as fake:
        yield fake


@pytest.fixture
def account():
    return make_account(vat_number=NUMBER, country="DE")


def due(fake, now=NOON):
    return list(due_accounts(operator=fake.operator(), now=now))


def check(fake, account, now=NOON, **how):
    return check_vat_number(account_id=account.pk, operator=fake.operator(), now=now, **how)


def test_a_new_number_is_asked_about_and_the_answer_is_kept(fake, account):
    fake.answers[NUMBER] = "valid"
    assert due(fake) == [account.pk]
    kept = check(fake, account)
    row = VatCheck.objects.get()
    assert kept == row
    assert (row.account, row.number, row.outcome, row.asked_at) == (account, NUMBER, "valid", NOON)
    assert (row.consultation_number, row.name) == ("WAPIAAAAZ0001", "ATELIER VEGA SARL")
    assert due(fake) == []
    assert check(fake, account) is None
    assert len(fake.asked) == 1


@pytest.mark.parametrize(("outcome", "days"), [("valid", 30), ("invalid", 7)])
def test_an_answer_is_asked_for_again_after_a_while(fake, account, outcome, days):
    answered(account, outcome, hours_ago=days * 24)
    assert due(fake, NOON - MINUTE) == []
    assert due(fake) == [account.pk]


def test_another_number_is_asked_about_at_once_and_the_first_one_is_remembered(fake, account):
    answered(account, "valid", hours_ago=1)
    account.vat_number = "DE811907980"
    account.save()
    assert due(fake) == [account.pk]
    account.vat_number = NUMBER
    account.save()
    assert due(fake) == []


@pytest.mark.parametrize(("tries", "wait"), [(1, PATIENCE[0]), (2, PATIENCE[1]), (6, PATIENCE[5]), (9, PATIENCE[5])])
def test_after_a_try_without_answer_it_waits_longer_each_time_and_never_gives_up(fake, account, tries, wait):
    answered(account, "valid", hours_ago=31 * 24)
    for n in reversed(range(tries)):
        answered(account, "unavailable", hours_ago=n)
    assert due(fake, NOON + wait - MINUTE / 2) == []
    assert due(fake, NOON + wait * 1.25) == [account.pk]


def test_not_everybody_who_waits_comes_back_at_the_same_moment(fake):
    for _n in range(20):
        answered(make_account(vat_number=NUMBER), "unavailable", hours_ago=0)
    early = len(due(fake, NOON + PATIENCE[0] * 1.125))
    assert 0 < early < 20


def test_nobody_is_asked_about_what_vies_does_not_know_about(fake, account):
    make_account(vat_number="")
    make_account(vat_number="CHE-107.787.577 MWST", country="CH")
    make_account(vat_number=NUMBER, closed_at=NOON)
    assert due(fake) == [account.pk]
    for unwilling in (operator(tax={"vies": False}), operator(tax={"vies": True}, service={"trial": True})):
        assert list(due_accounts(operator=unwilling, now=NOON)) == []
        assert check_vat_number(account_id=account.pk, operator=unwilling, now=NOON, by_hand=True) is None
    assert fake.asked == []


def test_by_hand_it_is_asked_once_a_minute_and_ten_times_a_day_at_most(fake, account):
    assert check(fake, account, by_hand=True)
    assert check(fake, account, NOON + MINUTE / 2, by_hand=True) is None
    times = [NOON + n * MINUTE for n in range(1, 30)]
    assert sum(check(fake, account, now, by_hand=True) is not None for now in times) == A_DAY - 1
    assert len(fake.asked) == A_DAY


def test_the_round_stops_asking_when_vies_is_away(fake, settings):
    settings.OPERATOR = fake.operator()
    for n in range(6):
        make_account(vat_number=NUMBER, name=f"Company {n}")
    fake.answers[NUMBER] = "SERVICE_UNAVAILABLE"
    assert tasks.check_vat_numbers.call() == "3 asked"
    fake.answers[NUMBER] = "valid"
    assert tasks.check_vat_numbers.call() == "3 asked"  # the others; the first three wait
    assert set(VatCheck.objects.values_list("outcome", flat=True)) == {"valid", "unavailable"}


def test_the_round_looks_with_one_statement_however_many_there_are(fake, django_assert_num_queries):
    for _n in range(30):
        answered(make_account(vat_number=NUMBER), "valid", hours_ago=31 * 24)
    with django_assert_num_queries(1):
        assert len(due(fake)) == 30


# --- Evidence -------------------------------------------------------------------------------------------------------------
TAMPERING = {
    "an answer changes": "UPDATE accounts_vatcheck SET outcome = 'valid'",
    "an answer is dated back": "UPDATE accounts_vatcheck SET asked_at = '2020-01-01 00:00:00+00:00'",
    "an answer is deleted": "DELETE FROM accounts_vatcheck",
}


@pytest.mark.parametrize("sql", TAMPERING.values(), ids=TAMPERING)
def test_what_vies_answered_is_neither_changed_nor_deleted(account, sql):
    answered(account, "invalid", hours_ago=1)
    with pytest.raises(DatabaseError, match="what VIES answered never changes"), transaction.atomic():
        run(sql)
    assert VatCheck.objects.get().outcome == "invalid"


def test_without_the_guard_it_could_be(account):
    """So the test above sees what it guards against."""
    answered(account, "invalid", hours_ago=1)
    for statement in append_only.remove(vendor=connection.vendor, table="accounts_vatcheck"):
        run(statement)
    run(TAMPERING["an answer changes"])
    assert VatCheck.objects.get().outcome == "valid"


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
