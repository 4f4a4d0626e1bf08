"""What was handed to an authority: whom it is about reads it, in secret cases after their day."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bonafide.holdings import Kind
from bonafide.periods import months_after
from bonafide.privacy import triggers
from bonafide.privacy.models import Release
from bonafide.privacy.releases import CannotRelease, released_counts, releases_shown_to
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import operator
from tests.factories.privacy import make_hold, make_release

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


def read(user, now=NOW, client=None):
    client = client or Client()
    with time_machine.travel(now, tick=False):
        if not client.cookies:
            client.force_login(user)
        return " ".join(client.get("/settings/privacy").content.decode().split())


def test_whom_it_is_about_reads_to_whom_what_and_by_which_law():
    account = make_account(name="Atelier Vega")
    owner = make_member(account=account)
    make_release(account=account, from_on=date(2026, 1, 1), until_on=date(2026, 6, 30))
    make_release(person=owner, authority="Gendarmerie nationale", scope="the name and the address", kinds=[Kind.IDENTITY])
    page = read(owner)
    assert "Passed on because the law required it" in page
    assert "Tribunal judiciaire de Paris" in page
    assert "Code de procédure pénale, art. 60-2, PV 2026/0412" in page
    assert "IP addresses <br> <small> the IP addresses of sign-ins" in page
    assert "1 January 2026" in page
    assert "Gendarmerie nationale" in page
    assert "entered the release to an authority Tribunal judiciaire de Paris PV 2026/0412" in page, "and who entered it"


def test_nobody_else_does():
    account = make_account()
    viewer, stranger = make_member(account=account, role="viewer"), make_member()
    make_release(account=account)
    for user in (viewer, stranger):
        assert "Tribunal judiciaire" not in read(user)


def test_a_secret_is_told_on_the_day_after_its_last_and_nothing_on_the_page_hints_at_it_before():
    account = make_account()
    owner = make_member(account=account)
    about = {"account": account, "secret_until": date(2026, 12, 31), "secret_basis": "Code de procédure pénale, art. 11"}
    client = Client()
    before = read(owner, client=client)
    make_release(**about)
    make_hold(Kind.LOGS, now=NOW - timedelta(days=1), **about)
    assert without_token(read(owner, client=client)) == without_token(before)
    zone = operator().zone
    last = datetime(2026, 12, 31, 23, 59, tzinfo=zone)
    page = read(owner, last)
    assert "Tribunal" not in page
    assert "Nobody of our staff has opened your data" in page
    page = read(owner, last + timedelta(minutes=1))
    assert "Tribunal judiciaire de Paris" in page
    assert "Kept longer because the law requires it" in page
    assert "we were ordered to hand it over" in page


def without_token(page):
    """Without what a page says anew each time: the token of its forms."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_a_hold_is_shown_with_what_it_keeps_until_when_and_once_it_is_over():
    account = make_account(name="Atelier Vega")
    owner, viewer = make_member(account=account), make_member(account=account, role="viewer")
    hold = make_hold(Kind.ADDRESSES, Kind.LOGS, account=account, now=NOW, days=30)
    for user in (owner, viewer):
        page = read(user)
        assert "Kept longer because the law requires it" in page
        assert "IP addresses, logs" in page
        assert "25 December 2026" in page
        assert ">over<" not in page
    assert ">over<" in read(owner, hold.until)
    assert "PV 2026/0412" not in read(make_member())


def test_a_page_of_many_costs_as_many_queries_as_one(django_assert_max_num_queries):
    account = make_account()
    owner = make_member(account=account)
    for _ in range(25):
        make_release(account=account)
        make_hold(Kind.LOGS, account=account, now=NOW)
    client = Client()
    client.force_login(owner)
    with django_assert_max_num_queries(20):
        page = client.get("/settings/privacy").content.decode()
    assert "5 older releases are not shown" in page
    assert "5 older entries are not shown" in page


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"account": None}, "Say whose"),
        ({"authority": " "}, "to whom"),
        ({"kinds": []}, "what exactly"),
        ({"scope": ""}, "what exactly"),
        ({"released_at": NOW + timedelta(hours=1)}, "once it was handed over"),
        ({"from_on": date(2026, 2, 2), "until_on": date(2026, 2, 1)}, "before the first"),
        ({"secret_until": date(2027, 1, 1)}, "both or neither"),
    ],
)
def test_a_release_that_says_too_little_is_refused(values, said):
    with pytest.raises(CannotRelease, match=said):
        make_release(**{"account": make_account(), "now": NOW, **values})


@pytest.mark.parametrize(
    "change", [{"authority": "nobody"}, {"scope": ""}, {"secret_until": None}, {"account": None, "person": 1}]
)
def test_the_database_keeps_a_release_as_it_was_written(change):
    release = make_release(account=make_account())
    for act in (
        lambda: Release.objects.filter(pk=release.pk).update(**change),
        lambda: Release.objects.filter(pk=release.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            act()
    with connection.cursor() as cursor:
        for statement in triggers.remove_records(connection.vendor):
            cursor.execute(statement)
    assert Release.objects.filter(pk=release.pk).delete()[1]["privacy.Release"] == 1, "only the guards refuse it"


def test_its_texts_go_when_the_record_is_old_and_to_whom_and_when_stay():
    owner = make_member()
    release = make_release(person=owner, now=NOW)
    gone = months_after(NOW, 36, operator().zone)
    sweep_rows(operator=operator(), now=gone)
    release.refresh_from_db()
    assert release.scope
    sweep_rows(operator=operator(), now=gone + timedelta(seconds=1))
    release.refresh_from_db()
    assert (release.scope, release.reference, release.authority) == ("", "", "Tribunal judiciaire de Paris")
    assert list(releases_shown_to(owner, today=gone.date())) == [release]


def test_everybody_may_know_how_many_there_were_secret_ones_too():
    account = make_account()
    for days in (0, 364, 366):
        make_release(account=account, now=NOW - timedelta(days=days))
    make_release(account=account, now=NOW, secret_until=date(2027, 1, 1), secret_basis="art. 11")
    make_hold(Kind.LOGS, account=account, now=NOW, days=5)
    counted = released_counts(operator=operator(), now=NOW)
    assert (counted.ever, counted.last_year, counted.holds) == (4, 3, 1)
    assert released_counts(operator=operator(), now=NOW + timedelta(days=5)).holds == 0
