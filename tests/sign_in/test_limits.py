"""How often one may try: what is counted together, whom strangers cannot lock out, what the refusal says."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory
from django.urls import reverse

from bonafide.sign_in import limits
from bonafide.sign_in.models import Shared
from tests.factories.accounts import make_member

pytestmark = pytest.mark.django_db
PASSWORD = "four plain unrelated words"
WRONG = "not this one at all"
TOO_MANY = "Too many attempts"


@pytest.fixture
def vega():
    user = make_member(username="Vega", email="vega@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client, login="vega", password=PASSWORD, **headers):
    return client.post(reverse("account_login"), {"login": login, "password": password}, **headers)


def refused(response):
    return TOO_MANY in response.content.decode()


def strangers_guess(login="vega", times=5):
    for n in range(times):
        sign_in(Client(), login, WRONG, REMOTE_ADDR=f"203.0.113.{n + 1}")


def test_asvs_6_3_1_guesses_from_many_addresses_are_stopped_at_one_name(vega):
    strangers_guess()
    assert refused(sign_in(Client(), REMOTE_ADDR="203.0.113.99")), "the right password is not looked at either"


def test_asvs_6_3_1_strangers_do_not_lock_a_person_out_of_their_own_browser(client, vega):
    assert sign_in(client).status_code == 302
    client.post(reverse("account_logout"))
    strangers_guess()
    assert refused(sign_in(Client()))
    assert sign_in(client).status_code == 302


def test_a_known_browser_is_no_way_around_the_limit(client, vega):
    sign_in(client)
    client.post(reverse("account_logout"))
    for _ in range(5):
        assert not refused(sign_in(client, password=WRONG))
    assert refused(sign_in(client))


def test_a_browser_known_to_one_person_is_a_stranger_to_another(client, vega):
    other = make_member(username="other", email="other@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=other, email=other.email, verified=True, primary=True)
    sign_in(client, "other")
    client.post(reverse("account_logout"))
    strangers_guess()
    assert refused(sign_in(client))


def test_who_is_locked_out_of_a_new_browser_gets_in_by_letter(client, vega):
    strangers_guess()
    client.post(reverse("account_reset_password"), {"email": vega.email})
    form = client.get(re.search(r"http\S+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]).url
    new = "another set of plain words"
    client.post(form, {"password1": new, "password2": new})
    strangers_guess()
    assert sign_in(client, password=new).status_code == 302


def test_confirming_ones_identity_is_not_counted_with_strangers(client, vega):
    sign_in(client)
    strangers_guess("vega@example.com")
    page = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert page.status_code == 302


def test_a_name_and_its_address_are_counted_apart(vega):
    """Together, the refusal of the one would tell that it belongs to the other."""
    strangers_guess("vega")
    assert not refused(sign_in(Client(), "vega@example.com", WRONG))


def test_one_address_cannot_try_many_names():
    for n in range(10):
        assert not refused(sign_in(Client(), f"name{n}", WRONG))
    assert refused(sign_in(Client(), "one more", WRONG))


def test_a_login_of_ones_own_does_not_wipe_the_count_of_ones_address(client, vega):
    """Neither its new password by letter, nor the right code of its second factor."""
    for n in range(10):
        sign_in(Client(), f"name{n}", WRONG)
    client.post(reverse("account_reset_password"), {"email": vega.email})
    form = client.get(re.search(r"http\S+(/account/password/reset/key/\S+)", mail.outbox[0].body)[1]).url
    new = "another set of plain words"
    client.post(form, {"password1": new, "password2": new})
    request = RequestFactory().post("/", REMOTE_ADDR="127.0.0.1")
    limits.forget_tries(request=request, key=f"codes:{vega.pk}")
    assert refused(sign_in(Client(), "one more", WRONG))


def test_a_right_code_lets_the_codes_count_anew_and_no_more(vega):
    request = RequestFactory().post("/", REMOTE_ADDR="127.0.0.1")
    for _ in range(5):
        key = limits.count_code(request=request, user=vega)
    with pytest.raises(ValidationError, match="try again in 5 minutes"):
        limits.count_code(request=request, user=vega)
    limits.forget_tries(request=request, key=key)
    limits.count_code(request=request, user=vega)


def test_a_forged_forwarding_header_opens_no_further_tries():
    for n in range(10):
        sign_in(Client(), f"name{n}", WRONG, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    assert refused(sign_in(Client(), "one more", WRONG, HTTP_X_FORWARDED_FOR="198.51.100.77"))


def test_behind_a_declared_proxy_only_its_own_word_counts(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for n in range(10):  # forged in front; and a port, which some proxies add, is no other address
        sign_in(Client(), f"name{n}", WRONG, HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.5:{4000 + n}")
    assert refused(sign_in(Client(), "one more", WRONG, HTTP_X_FORWARDED_FOR="198.51.100.77, 203.0.113.5"))
    assert not refused(sign_in(Client(), "one more", WRONG, HTTP_X_FORWARDED_FOR="198.51.100.77, 203.0.113.6"))


def test_the_refusal_says_how_long_to_wait_and_that_is_true(vega):
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as clock:
        strangers_guess()
        clock.shift(90)
        page = sign_in(Client()).content.decode()
        assert "Please try again in 4 minutes" in page
        clock.shift(209)
        assert "Please try again in 1 second." in sign_in(Client()).content.decode()
        clock.shift(1)
        assert sign_in(Client()).status_code == 302


def test_a_page_that_was_asked_too_often_answers_429_in_our_words(client):
    for _ in range(5):
        assert client.post(reverse("account_reset_password"), {"email": "vega@example.com"}).status_code == 302
    answer = client.post(reverse("account_reset_password"), {"email": "Vega@example.com"})
    assert answer.status_code == 429
    assert 3590 <= int(answer["Retry-After"]) <= 3600
    assert "Please try again in 60 minutes" in answer.content.decode()
    assert len(mail.outbox) == 5


@pytest.mark.parametrize(("page", "limit"), [("account_login", 30), ("account_signup", 30)])
def test_pages_are_limited_by_address(client, page, limit):
    answers = [client.post(reverse(page), {}).status_code for _ in range(limit + 1)]
    assert answers == [200] * limit + [429]


def test_nothing_that_is_counted_names_anybody(vega):
    strangers_guess()
    kept = " ".join(f"{row.key} {row.value}" for row in Shared.objects.all())
    assert kept
    assert not re.search(r"vega|203\.0\.113|person", kept, re.IGNORECASE)
