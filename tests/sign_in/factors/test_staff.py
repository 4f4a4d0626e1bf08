"""``bonafide staff``: who joins hears of the second factor; who lost all of theirs is let back in, and told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.utils import timezone

from bonafide.sessions.models import Reason, Session
from bonafide.sign_in.commands import staff
from bonafide.sign_in.factors.recovery_codes import make_codes
from bonafide.sign_in.factors.remove import LastOfStaff, remove_factor
from bonafide.sign_in.factors.staff import has_staff_power
from tests.factories.accounts import enter, make_app
from tests.sign_in.factors.people import make_person
from tests.sign_in.post import subjects

pytestmark = pytest.mark.django_db


def run(*arguments, **options):
    return CliRunner().invoke(staff, arguments, **options)


def test_who_is_added_is_told_that_a_second_factor_comes_next():
    done = run("add", "camille", "camille@example.com", input="four plain unrelated words\n")
    assert "once they have set up a passkey or an authenticator app" in done.output


def test_reset_factors_removes_them_ends_sessions_and_tells_by_letter(client):
    person = make_person(username="camille", is_staff=True, is_superuser=True)
    make_app(person)
    make_codes(user=person, now=timezone.now())
    enter(client, person)
    done = run("reset-factors", "CAMILLE")
    assert done.exit_code == 0
    assert "camille: 1 second factor removed, 1 session ended" in done.output
    assert not Authenticator.objects.exists()
    assert Session.objects.get().end_reason == Reason.FACTOR_CHANGED
    assert client.get("/bills").status_code == 302
    assert subjects(person.email) == ["Our staff removed your second factors"]


def test_a_name_that_nobody_has_is_refused_in_a_line():
    refused = run("reset-factors", "nobody")
    assert "nobody is called 'nobody'" in str(refused.exception)


def test_staff_power_is_never_had_without_a_factor_that_was_shown(rf):
    person = make_person(is_staff=True, is_superuser=True)
    for shown, power in ((False, False), (True, True)):
        client = Client()
        if shown:
            enter(client, person)
        else:
            client.force_login(person)
        request = rf.get("/")
        request.user, request.session = person, client.session
        assert has_staff_power(request) is power
    Authenticator.objects.all().delete()
    assert not has_staff_power(request), "the factor that was shown is gone"
    customer = make_person()
    make_app(customer)
    client = Client()
    enter(client, customer)
    request.user, request.session = customer, client.session
    assert not has_staff_power(request)


@pytest.mark.django_db(transaction=True)
def test_of_two_factors_that_staff_remove_at_the_same_moment_one_stays():
    start = Barrier(2)

    def remove(factor):
        start.wait()
        try:
            remove_factor(authenticator=factor)
        except LastOfStaff:
            return "kept"
        finally:
            connection.close()
        return "removed"

    with ThreadPoolExecutor(2) as both:
        for _ in range(10):
            person = make_person(is_staff=True)
            passkey = Authenticator.objects.create(user=person, type="webauthn", data={"name": "laptop"})
            assert sorted(both.map(remove, [make_app(person), passkey])) == ["kept", "removed"]
