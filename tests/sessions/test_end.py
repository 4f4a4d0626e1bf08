"""Ending sessions from outside, marking the overdue, and both at the size of ten thousand."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.sessions.end import end_sessions
from bonafide.sessions.expire import end_overdue
from bonafide.sessions.listing import open_sessions
from bonafide.sessions.models import Reason, Session, is_overdue
from bonafide.sessions.store import SessionStore
from bonafide.sessions.tasks import mark_overdue
from tests.factories.accounts import make_member, make_user
from tests.factories.sessions import long_ago, make_session, row_of

pytestmark = pytest.mark.django_db
TABLE = Session._meta.db_table
LIMITS = settings.OPERATOR.sessions


@pytest.fixture
def user():
    return make_member()


def many(user, count, now):
    """Open sessions of one person, each with data."""
    Session.objects.bulk_create(
        [Session(key_hash=f"{n:064}", data="x" * 200, user=user, created_at=now, last_seen_at=now) for n in range(count)],
        batch_size=1000,
    )


def touching_sessions(queries):
    return [query["sql"] for query in queries if TABLE in query["sql"]]


def test_it_ends_a_persons_own_but_the_one_that_is_kept(user):
    now = timezone.now()
    mine, others, stranger = make_session(user), [make_session(user) for _ in range(3)], make_session(make_user())
    assert end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, keep=mine.session_key) == 3
    assert [row_of(other).end_reason for other in others] == [Reason.ENDED_BY_USER] * 3
    assert [row_of(open_).ended_at for open_ in (mine, stranger)] == [None, None]
    assert SessionStore(others[0].session_key).get(SESSION_KEY) is None


def test_one_alone_and_never_somebody_elses(user):
    now = timezone.now()
    one, stranger = make_session(user), make_session(make_user())
    make_session(user)
    assert end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, only=row_of(stranger).pk) == 0
    assert end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now, only=row_of(one).pk) == 1


def test_a_second_ending_changes_nothing_not_even_the_reason(user):
    now = timezone.now()
    session = make_session(user)
    end_sessions(user=user, reason=Reason.PASSWORD_CHANGED, now=now)
    before = Session.objects.values().get()
    assert end_sessions(user=user, reason=Reason.ENDED_BY_STAFF, now=now + timedelta(hours=1)) == 0
    assert Session.objects.values().get() == before
    assert row_of(session).end_reason == Reason.PASSWORD_CHANGED


def test_ten_thousand_of_one_person_are_listed_by_one_statement_and_ended_by_one(user):
    now = timezone.now()
    many(user, 10_000, now)
    with CaptureQueriesContext(connection) as queries:
        assert len(open_sessions(user=user, now=now, limits=LIMITS)) == 10_000
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        assert end_sessions(user=user, reason=Reason.ENDED_BY_USER, now=now) == 10_000
    assert len(touching_sessions(queries)) == 1


# --- Time is over ---------------------------------------------------------------------------------------------------------
PEOPLES = [
    ({"hours": 1}, False),
    ({"minutes": LIMITS.idle_minutes - 1}, False),
    ({"minutes": LIMITS.idle_minutes}, True),
]


@pytest.mark.parametrize(("age", "over"), PEOPLES)
def test_asvs_7_3_1_a_session_ends_after_so_long_without_a_request(user, age, over):
    now = timezone.now()
    session = make_session(user, **long_ago(now, **age))
    with time_machine.travel(now, tick=False):
        assert (SessionStore(session.session_key).get(SESSION_KEY) is None) is over
    assert row_of(session).end_reason == ("expired" if over else "")


@pytest.mark.parametrize(("hours", "over"), [(LIMITS.absolute_hours - 1, False), (LIMITS.absolute_hours, True)])
def test_asvs_7_3_2_a_session_ends_so_long_after_its_sign_in_however_much_it_is_used(user, hours, over):
    now = timezone.now()
    session = make_session(user, created_at=now - timedelta(hours=hours))
    with time_machine.travel(now, tick=False):
        assert (SessionStore(session.session_key).get(SESSION_KEY) is None) is over


@pytest.mark.parametrize(
    ("is_staff", "age"),
    [(True, {"minutes": LIMITS.staff_idle_minutes}), (False, {"minutes": LIMITS.idle_minutes})],
)
def test_people_of_the_staff_have_limits_of_their_own(is_staff, age):
    now = timezone.now()
    session = make_session(make_user(is_staff=is_staff), **long_ago(now, **age))
    fresh = make_session(make_user(is_staff=is_staff), **long_ago(now, minutes=age["minutes"] - 1))
    with time_machine.travel(now, tick=False):
        assert SessionStore(session.session_key).get(SESSION_KEY) is None
        assert SessionStore(fresh.session_key).get(SESSION_KEY) is not None


def test_the_limits_are_those_of_the_file_now_not_of_when_the_session_began(user, settings):
    session = make_session(user, **long_ago(timezone.now(), minutes=30))
    sessions = settings.OPERATOR.sessions.model_copy(update={"idle_minutes": 20})
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"sessions": sessions})
    assert SessionStore(session.session_key).get(SESSION_KEY) is None


def test_the_rule_for_one_row_and_the_rule_for_the_table_agree(user):
    now = timezone.now()
    minutes = [-60, -6, -4, 0, 30, 59, 61, 719, 721, LIMITS.idle_minutes - 1, LIMITS.idle_minutes, LIMITS.absolute_hours * 60]
    for age in minutes:
        for staff in (False, True):
            make_session(user, **long_ago(now, minutes=age), staff=staff)
            make_session(
                user, created_at=now - timedelta(minutes=age + 5000), last_seen_at=now - timedelta(minutes=age), staff=staff
            )
    rows = list(Session.objects.all())
    late = {row.pk for row in rows if is_overdue(row, now=now, limits=LIMITS)}
    assert {row.pk for row in rows} - set(Session.objects.alive(now=now, limits=LIMITS).values_list("pk", flat=True)) == late
    assert 0 < len(late) < len(rows)
    assert end_overdue(now=now, limits=LIMITS) == len(late)
    assert set(Session.objects.exclude(ended_at=None).values_list("pk", flat=True)) == late


def test_the_overdue_are_marked_a_batch_a_statement_and_visitors_rows_go(user):
    now = timezone.now()
    many(user, 250, now)
    for n in range(3):
        Session.objects.create(key_hash=f"visitor {n}", created_at=now, last_seen_at=now)
    fresh = make_session(user)
    Session.objects.exclude(pk=row_of(fresh).pk).update(**long_ago(now, days=40))
    with CaptureQueriesContext(connection) as queries:
        assert end_overdue(now=now, limits=LIMITS, batch=100) == 250
    assert len([sql for sql in touching_sessions(queries) if sql.startswith("UPDATE")]) <= 4
    assert Session.objects.filter(end_reason=Reason.EXPIRED, data="").count() == 250
    assert not Session.objects.filter(user=None).exists()
    assert row_of(fresh).ended_at is None


def test_the_hourly_task_marks_them(user):
    make_session(user, **long_ago(timezone.now(), days=40))
    assert mark_overdue.call() == "1 ended"
