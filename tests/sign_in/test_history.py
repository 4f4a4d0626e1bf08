"""The history of sign-ins: each try for a person we know, and nothing that was typed."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from bonafide.sessions.models import Outcome, Session, SignIn
from bonafide.sign_in import history
from tests.factories.accounts import make_member, make_user
from tests.sign_in.test_sign_up import link_in, sign_up

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def user():
    user = make_member(username="vega", email="vega@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def try_with(client, login="vega", password=PASSWORD, **values):
    return client.post(reverse("account_login"), {"login": login, "password": password}, HTTP_USER_AGENT=FIREFOX, **values)


def outcomes():
    return list(SignIn.objects.order_by("pk").values_list("outcome", flat=True))


def test_a_good_sign_in_is_kept_with_its_session_address_browser_and_way(client, user):
    try_with(client)
    row = SignIn.objects.get()
    assert (row.user, row.outcome, row.how) == (user, Outcome.SIGNED_IN, "password")
    assert (row.address, row.browser, row.system) == ("127.0.0.1", "Firefox 145", "Linux")
    assert row.session == Session.objects.get(user=user, ended_at=None)


def test_a_confirmed_address_that_signs_in_is_kept_too(client):
    sign_up(client)
    client.post(link_in(mail.outbox[0]))
    assert outcomes() == [Outcome.SIGNED_IN]


@pytest.mark.parametrize("login", ["vega", "VEGA", "vega@example.com"])
def test_a_wrong_password_is_kept_without_a_session_or_what_was_typed(client, user, login):
    try_with(client, login=login, password="my other secret")
    row = SignIn.objects.get()
    assert (row.user, row.outcome, row.session) == (user, Outcome.WRONG_PASSWORD, None)
    assert not any("secret" in str(value) for value in vars(row).values())


def test_a_name_that_nobody_has_leaves_nothing(client, user):
    try_with(client, login="nobody")
    try_with(client, login="nobody@example.com")
    assert outcomes() == []


def test_a_closed_login_is_kept_when_the_password_was_right(client, user):
    user.is_active = False
    user.save()
    try_with(client)
    assert outcomes() == [Outcome.CLOSED]


def test_too_many_attempts_are_kept_as_that(client, user):
    for _ in range(6):
        try_with(client, password="not this one at all")
    assert outcomes()[4:] == [Outcome.WRONG_PASSWORD, Outcome.TOO_MANY]


def test_a_flood_of_one_kind_is_cut_off_and_hides_no_other_kind(rf, user, monkeypatch):
    def flood():
        request, now = rf.get("/"), timezone.now()
        request.session, request.user = {}, AnonymousUser()
        for outcome in [Outcome.WRONG_PASSWORD] * 30 + [Outcome.WRONG_CODE]:
            history.record(request=request, user=user, outcome=outcome, now=now)
        history.record(request=request, user=make_user(), outcome=Outcome.WRONG_PASSWORD, now=now)
        history.record(request=request, user=user, outcome=Outcome.WRONG_PASSWORD, now=now + timedelta(minutes=61))
        return outcomes()

    expected = [Outcome.WRONG_PASSWORD] * 20 + [Outcome.WRONG_CODE] + [Outcome.WRONG_PASSWORD] * 2
    assert flood() == expected
    monkeypatch.setattr(history, "MOST_FAILURES", 10**6)
    assert len(flood()) > 2 * len(expected), "without the cap the table fills"


def test_who_comes_from_nowhere_still_signs_in(client, user, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2  # and the request names none
    assert try_with(client).status_code == 302
    row = SignIn.objects.get()
    assert (row.outcome, row.address) == (Outcome.SIGNED_IN, None)
