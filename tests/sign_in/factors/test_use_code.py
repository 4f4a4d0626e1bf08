"""A code of an authenticator app: asked for at sign-in, good once and for half a minute, kept sealed."""

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection

from bonafide.sessions.models import Outcome, SignIn
from bonafide.sign_in.factors.sealing import Unreadable, seal, unseal
from tests.factories.accounts import make_app
from tests.sign_in.factors.people import SECRET, answer, code, is_in, make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(clock):
    person = make_person()
    make_app(person, SECRET)
    return person


def test_the_password_alone_does_not_open_and_the_code_does(client, person):
    assert sign_in(client, person, next="/bills").url == "/account/login/second-step/"
    assert not is_in(client)
    assert client.get("/bills").status_code == 302
    assert answer(client, code()).url == "/bills"
    assert is_in(client)


@pytest.mark.parametrize("wrong", ["000000", "", "not a code", "１２３４５６", "9" * 5000, "\x00"])
def test_a_wrong_code_is_said_plainly_and_kept_in_the_history(client, person, wrong):
    sign_in(client, person)
    page = answer(client, wrong).content.decode()
    assert not is_in(client)
    assert 'class="errorlist"' in page
    kept = SignIn.objects.filter(user=person, outcome=Outcome.WRONG_CODE)
    assert kept.exists() == (wrong in ("000000", "not a code", "１２３４５６"))
    assert answer(client, code()).status_code == 302
    assert is_in(client), "and the right one still works"


def test_asvs_6_5_1_a_code_is_good_once_whoever_comes_second(client, person):
    """Whatever a process remembers is forgotten between: another worker process would not have it."""
    from django.core.cache import cache

    sign_in(client, person)
    answer(client, code())
    client.logout()
    cache.clear()
    sign_in(client, person)
    assert "was used already" in answer(client, code()).content.decode()
    assert not is_in(client)


def test_an_older_code_is_not_good_after_a_newer_one(client, person, clock):
    before = code()
    clock.shift(30)
    assert before != code()
    sign_in(client, person)
    assert "is wrong" in answer(client, before).content.decode(), "it lived its thirty seconds"
    assert answer(client, code()).status_code == 302


def test_asvs_6_3_1_guessing_codes_is_slowed_down(client, person):
    sign_in(client, person)
    for guess in range(5):
        answer(client, f"00000{guess}")
    assert "Too many attempts" in answer(client, code()).content.decode()
    assert not is_in(client)


def test_no_secret_is_in_the_database_in_clear(person):
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        kept = str(cursor.fetchall())
    assert SECRET not in kept
    assert unseal(Authenticator.objects.get().data["secret"]) == SECRET


def test_a_secret_is_read_under_the_key_before_and_sealed_anew_when_it_is_used(client, person, settings):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "the key after it was replaced"
    with pytest.raises(Unreadable):
        unseal(Authenticator.objects.get().data["secret"])
    sign_in(client, person)
    assert "is wrong" in answer(client, code()).content.decode(), "a key that is gone is no reason to break"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert answer(client, code()).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(Authenticator.objects.get().data["secret"]) == SECRET


def test_what_is_sealed_is_never_twice_the_same_and_cannot_be_changed():
    assert seal("x") != seal("x")
    with pytest.raises(Unreadable):
        unseal(seal("x")[:-4] + "AAAA")
    with pytest.raises(Unreadable):
        unseal("é")
