"""/settings/sign-ins: who tried to sign in as somebody."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bonafide.sessions.models import Outcome
from tests.factories.accounts import make_member
from tests.factories.history import make_sign_ins

pytestmark = pytest.mark.django_db
ADDRESS = "/settings/sign-ins"


@pytest.fixture
def person(client):
    user = make_member()
    client.force_login(user)
    return user


def read(client, address=ADDRESS):
    page = client.get(address).content.decode().split("<main")[1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_each_try_is_told_newest_first_failures_included_with_browser_and_address(client, person):
    now = timezone.now()
    make_sign_ins(person, 1, now=now, how="password+totp")
    make_sign_ins(
        person, 1, now=now - timedelta(hours=1), outcome="wrong-password", browser="", system="", address="203.0.113.80"
    )
    make_sign_ins(person, 1, now=now - timedelta(days=400), address=None)
    make_sign_ins(make_member(), 1, now=now, browser="Elsewhere 1")
    page = read(client)
    assert page.index("Signed in password and code Firefox 145 on Linux 192.0.2.17") < page.index("Wrong password")
    assert "An unknown browser 203.0.113.80" in page
    assert "address no longer kept" in page
    assert "Elsewhere 1" not in page


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_is_a_word_with_a_mark(client, person, outcome):
    make_sign_ins(person, 1, now=timezone.now(), outcome=outcome)
    page = client.get(ADDRESS).content.decode()
    mark = re.search(rf'<span class="chip (\w+)">{outcome.label}</span>', page)
    assert mark
    assert (mark[1] == "kept") == (outcome == Outcome.SIGNED_IN)


def test_who_sees_a_strangers_try_reads_what_to_do(client, person):
    page = client.get(ADDRESS).content.decode()
    assert "Is one of these not you?" in page
    assert 'href="/settings/security"' in page


def test_a_long_history_comes_in_pages_by_as_many_queries(client, person):
    now = timezone.now()
    make_sign_ins(person, 2, now=now)
    client.get(ADDRESS)
    with CaptureQueriesContext(connection) as few:
        read(client)
    make_sign_ins(person, 998, now=now)
    with CaptureQueriesContext(connection) as many:
        assert "page 1 of 40" in read(client)
    assert len(many) == len(few)
