"""Recovery codes: shown once, kept as digests, each good once, even for two who come at the same moment."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from bonafide.sign_in.factors.recovery_codes import NothingToRecover, left_of, make_codes, plain
from bonafide.sign_in.factors.use_code import use_code
from tests.factories.accounts import enter, make_app
from tests.sign_in.factors.people import PASSWORD, answer, confirm, is_in, make_person, sign_in
from tests.sign_in.post import subjects

CODE = re.compile(r"<code>((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</code>")


@pytest.fixture
def person(db):
    person = make_person()
    make_app(person)
    return person


@pytest.fixture
def codes(person):
    return make_codes(user=person, now=timezone.now())[1]


def test_they_are_shown_in_the_one_answer_that_makes_them(client, person):
    enter(client, person)
    confirm(client)
    shown = CODE.findall(client.post(reverse("recovery_codes")).content.decode())
    assert len(set(shown)) == 10
    again = client.get(reverse("recovery_codes")).content.decode() + client.get(reverse("mfa_index")).content.decode()
    assert not CODE.search(again)
    assert "10 are left" in again
    assert subjects() == ["New recovery codes were made"]


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("0", "o")])
def test_one_signs_in_once_however_it_is_typed(client, person, codes, typed):
    sign_in(client, person)
    assert answer(client, typed(codes[3])).status_code == 302
    assert is_in(client)
    assert left_of(person) == 9
    client.logout()
    sign_in(client, person)
    assert "was used already" in answer(client, codes[3]).content.decode()
    assert not is_in(client)
    assert answer(client, codes[4]).status_code == 302


def test_asvs_6_5_2_none_of_them_is_in_the_database_and_nothing_they_follow_from(person, codes):
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator WHERE type = 'recovery_codes'")
        kept = str(cursor.fetchall()).upper()
    assert not [code for code in codes if plain(code) in kept or code in kept]
    assert "SEED" not in kept
    assert len(plain(codes[0])) * 5 >= 112, "bits, from which on a plain hash is enough"
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == [], "allauth finds none either"


def test_new_ones_replace_the_old_ones(person, codes):
    make_codes(user=person, now=timezone.now())
    assert use_code(user=person, text=codes[0], now=timezone.now()) is None
    assert left_of(person) == 10


def test_without_a_factor_there_is_nothing_they_could_stand_in_for(client, db):
    person = make_person()
    with pytest.raises(NothingToRecover):
        make_codes(user=person, now=timezone.now())
    enter(client, person)
    confirm(client)
    assert client.post(reverse("recovery_codes")).url == reverse("mfa_index")
    assert not Authenticator.objects.exists()


def test_somebody_elses_code_opens_nothing(client, codes, db):
    other = make_person()
    make_app(other)
    sign_in(client, other)
    answer(client, codes[0])
    assert not is_in(client)


@pytest.mark.django_db(transaction=True)
def test_two_who_come_at_the_same_moment_use_a_code_once():
    person = make_person()
    make_app(person)
    codes = make_codes(user=person, now=timezone.now())[1]
    start = Barrier(2)

    def use(text):
        start.wait()
        try:
            return use_code(user=person, text=text, now=timezone.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        for text in codes:
            assert sorted(both.map(use, [text, text])) == [False, True]
    assert left_of(person) == 0


def test_the_confirmation_takes_the_right_password(client, person):
    enter(client, person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD + "x"})
    assert client.post(reverse("recovery_codes")).url.startswith("/account/confirm/")
    assert left_of(person) == 0
