"""What was passed on is written down before it leaves, and taken back when nothing left."""

import pytest
from django.db import DatabaseError, connection, transaction

from bonafide.accounts.check_vat_numbers import check_vat_number
from bonafide.outgoing import triggers
from bonafide.outgoing.client import NotDeclared, passing
from bonafide.outgoing.models import PassedOn
from bonafide.outgoing.words import Field
from tests.factories.accounts import make_account, make_user
from tests.factories.outgoing import AT, operator_with, passed_on, processor
from tests.fakes.vies import answering

pytestmark = pytest.mark.django_db
NUMBER = "DE136695976"


def to(host, operator, **about):
    return passing(to=host, fields=[Field.VAT_NUMBER], clause="I2", occasion="vat_check", now=AT, operator=operator, **about)


@pytest.fixture
def operator():
    return operator_with(processor(), network={"own_hosts": ("mail.nordlys.example",)})


def test_the_row_is_there_before_anything_leaves(operator):
    account, user = make_account(), make_user()
    with to("smtp.postillon.example", operator, account=account.pk, person=user.pk) as passage:
        assert passage.recipient.id == "postillon"
        row = PassedOn.objects.get()
    assert (row.recipient, row.name, row.at, row.account, row.person) == ("postillon", "Postillon", AT, account, user)
    assert (row.fields, row.clause, row.occasion) == (["vat_number"], "I2", "vat_check")
    assert PassedOn.objects.count() == 1


def test_what_did_not_leave_is_not_said_to_have_left(operator):
    with pytest.raises(RuntimeError), to("smtp.postillon.example", operator):
        raise RuntimeError("no connection")
    with to("smtp.postillon.example", operator) as passage:
        passage.left = False
    assert not PassedOn.objects.exists()
    left = to("smtp.postillon.example", operator)
    left.__enter__().left = True
    left.__exit__(RuntimeError, RuntimeError("the answer was no good"), None)
    assert PassedOn.objects.count() == 1


def test_a_host_of_ours_is_nobody_else(operator):
    with to("mail.nordlys.example", operator) as passage:
        assert passage.recipient is None
    assert not PassedOn.objects.exists()


def test_to_a_host_that_was_not_declared_nothing_goes_and_nothing_is_written(operator):
    with pytest.raises(NotDeclared, match=r"^collector\.example was not declared"), to("collector.example", operator):
        raise AssertionError("the door opened")
    assert not PassedOn.objects.exists()


def test_it_is_never_rewritten_but_goes_when_it_is_old():
    row = passed_on()
    for change in ({"name": "another"}, {"fields": []}, {"person": 1}):
        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            PassedOn.objects.filter(pk=row.pk).update(**change)
    assert PassedOn.objects.filter(pk=row.pk).delete()[0] == 1
    row = passed_on()
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
    assert PassedOn.objects.filter(pk=row.pk).update(name="another") == 1


def test_sqlite_does_not_replace_it_either():
    if connection.vendor != "sqlite":
        pytest.skip("OR REPLACE is SQLite's")
    row = passed_on()
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT OR REPLACE INTO outgoing_passedon SELECT * FROM outgoing_passedon WHERE id = %s", [row.pk])


def test_the_row_outlives_whom_it_is_about():
    user = make_user()
    row = passed_on(person=user)
    number = user.pk
    user.delete()
    assert PassedOn.objects.filter(pk=row.pk, person=number).exists()


@pytest.mark.parametrize("answer", ["valid", "http-500"])
def test_asking_somebody_elses_vies_about_a_number_is_written_down_with_the_account(answer, monkeypatch):
    """VIES is on loopback here, which is ours: for once it is said to be somebody else's."""
    from bonafide.outgoing import client

    account = make_account(country="DE", vat_number=NUMBER)
    with answering() as fake:
        fake.answers[NUMBER] = answer
        operator = fake.operator().model_copy(update={"processors": (processor(hosts=("127.0.0.1",)),)})
        monkeypatch.setattr(client, "is_own", lambda *, host, operator: operator is None)
        assert check_vat_number(account_id=account.pk, operator=operator, now=AT)
    [row] = PassedOn.objects.all()
    assert (row.account, row.fields, row.clause) == (account, ["vat_number"], "I2")


def test_a_number_that_did_not_reach_vies_is_not_written_down(monkeypatch):
    from bonafide.outgoing import client

    account = make_account(country="DE", vat_number=NUMBER)
    with answering() as fake:
        url = fake.url
    operator = operator_with(processor(hosts=("127.0.0.1",)), tax={"vies": True, "vies_url": url})
    monkeypatch.setattr(client, "is_own", lambda *, host, operator: operator is None)
    check = check_vat_number(account_id=account.pk, operator=operator, now=AT)
    assert check.detail == "no connection: ConnectionRefusedError"
    assert not PassedOn.objects.exists()
