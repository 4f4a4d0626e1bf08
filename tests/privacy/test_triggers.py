"""The database itself refuses to rewrite what staff did, but for the two changes that are declared."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bonafide.periods import months_after
from bonafide.privacy import triggers
from bonafide.privacy.end_visit import end_visits
from bonafide.privacy.models import Look, Visit
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.privacy import WHY, visiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(client):
    return visiting(client, make_account())


@pytest.fixture
def look(visit):
    about = {"kind": "accounts.account", "view": Look.View.PAGE, "thing": "Vega", "reason": WHY, "now": timezone.now()}
    record_looks(staff=visit.staff, whose=[Whose(account=visit.account_id)], **about)
    return Look.objects.get()


def refused(act):
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        act()


LATER = timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "another"},
        {"account": None, "person": 1},
        {"at": LATER},
        {"view": "list"},
        {"reason": "", "thing": "", "emptied_at": LATER, "at": LATER},
        {"reason": "", "thing": "", "emptied_at": LATER, "account": None, "person": 1},
    ],
)
def test_a_look_is_never_rewritten(look, change):
    refused(lambda: Look.objects.filter(pk=look.pk).update(**change))


@pytest.mark.parametrize(
    "change", [{"minutes": 120}, {"reason": "another"}, {"how_ended": "ended", "ended_at": LATER, "reason": "x"}]
)
def test_a_visit_is_never_rewritten(visit, change):
    refused(lambda: Visit.objects.filter(pk=visit.pk).update(**change))


def test_neither_is_ever_deleted(visit, look):
    refused(lambda: Look.objects.filter(pk=look.pk).delete())
    refused(lambda: Visit.objects.filter(pk=visit.pk).delete())


def test_a_visit_ends_once(visit):
    now = timezone.now()
    assert end_visits(session=visit.session_id, how=Visit.End.ENDED, now=now) == 1
    assert end_visits(session=visit.session_id, how=Visit.End.ENDED, now=now) == 0
    refused(lambda: Visit.objects.filter(pk=visit.pk).update(ended_at=LATER))
    refused(lambda: Visit.objects.filter(pk=visit.pk).update(ended_at=None, how_ended=""))


def emptied(now):
    counts = sweep_rows(operator=operator(retention={"looks_months": 24}), now=now).emptied
    return {name: count for name, count in counts.items() if count}


def test_old_rows_are_emptied_of_their_texts_once_and_keep_who_and_whose(visit, look):
    limit = months_after(visit.began_at, 24, operator().zone)
    now = look.at + (limit - visit.began_at) + timedelta(seconds=1)
    assert emptied(limit) == {}
    assert emptied(now) == {"privacy_look": 1, "privacy_visit": 1}
    assert emptied(now) == {}
    look.refresh_from_db()
    assert (look.reason, look.thing, look.staff, look.account) == ("", "", visit.staff, visit.account)
    refused(lambda: Look.objects.filter(pk=look.pk).update(reason="invented afterwards"))
    assert end_visits(session=visit.session_id, how=Visit.End.ENDED, now=now) == 1


def test_without_the_guards_all_this_would_pass(look):
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
    assert Look.objects.filter(pk=look.pk).update(reason="another") == 1


def test_the_trace_outlives_the_person_it_is_about(look):
    person = make_member()
    record_looks(staff=look.staff, whose=[Whose(person=person.pk)], kind="accounts.user", view=Look.View.LIST, now=timezone.now())
    number = person.pk
    person.delete()
    assert Look.objects.filter(person=number).count() == 1
