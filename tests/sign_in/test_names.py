"""Which usernames can be had, and what is said of the others."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.urls import reverse

from bonafide.accounts.models import User
from bonafide.sign_in.names import LONGEST, tidy, validate_name
from tests.factories.accounts import make_user

PASSWORD = "four plain unrelated words"


def problem(name):
    try:
        validate_name(name)
    except ValidationError as error:
        [line] = error.messages
        return line
    return ""


@pytest.mark.parametrize("name", ["vega", "Vega.9", "a", "9", "stella_maris", "a-b.c_d", "x" * LONGEST])
def test_plain_names_can_be_had(name):
    assert problem(name) == ""


@pytest.mark.parametrize(
    ("name", "letter", "called"),
    [
        ("vegа", "а", "Cyrillic small letter a"),
        ("νega", "ν", "Greek small letter nu"),
        ("vega@example.com", "@", "Commercial at"),
        ("ve ga", " ", "Space"),
        ("ve\u200bga", " ", "Zero width space"),
        ("ve\u202ega", " ", "Right-to-left override"),
        ("ve\x07ga", " ", "U+0007"),
        ("végä", "é", "Latin small letter e with acute"),
        ("vega🦊", "🦊", "Fox face"),
    ],
)
def test_another_letter_is_refused_by_its_name_however_it_looks(name, letter, called):
    assert problem(name).endswith(f"but not “{letter}” ({called}).")


@pytest.mark.parametrize("name", [".vega", "vega.", "-", "_vega", "vega-"])
def test_names_begin_and_end_with_a_letter_or_digit(name):
    assert "begins and ends" in problem(name)


@pytest.mark.parametrize(
    "name", ["admin", "ADMIN", "Ad.min", "root1", "Nordlys-Cloud", "nordlyscloud", "NordlysCloud.support", "staff_nordlyscloud"]
)
def test_names_that_sound_like_us_cannot_be_had(name):
    assert "cannot be had" in problem(name)


@pytest.mark.parametrize("name", ["administrix", "rooter", "cloudia", "nordlys", "supportive"])
def test_names_that_merely_begin_so_can(name):
    assert problem(name) == ""


def test_wide_letters_and_ligatures_become_plain_ones():
    assert tidy(" ｖｅｇａ ") == "vega"
    assert tidy("ﬁg") == "fig"


def sign_up(client, **values):
    return client.post(
        reverse("account_signup"), {"username": "vega", "email": "vega@example.com", "password1": PASSWORD, **values}
    )


@pytest.mark.django_db
def test_a_wide_name_is_kept_plain_and_taken_if_the_plain_one_is(client):
    sign_up(client, username="ｖｅｇａ")
    assert User.objects.get().username == "vega"
    sign_up(client, username="Ｖega", email="other@example.com")
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["old@name", "old+name", "Äldre"])
def test_names_from_before_the_rules_still_sign_in(client, name):
    user = make_user(username=name, email="old@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    assert client.post(reverse("account_login"), {"login": name, "password": PASSWORD}).url == "/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("username", "x" * 41, "at most 40 characters"),
        ("username", "x" * 1_000_000, "at most 150 characters"),
        ("username", "ve\x00ga", "Null characters are not allowed"),
        ("email", "vega@", "valid email"),
        ("email", "vega@example..com", "valid email"),
        ("email", "vega@example.com\nBcc: all@example.com", "valid email"),
        ("email", "v" * 250 + "@example.com", "at most 254 characters"),
        ("email", "v\x00@example.com", "Null characters"),
        ("password1", "four plain\x00unrelated words", "Null characters"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(client, field, value, said):
    page = sign_up(client, **{field: value}).content.decode()
    assert page.count('class="errorlist"') == 1
    assert said in page
    assert User.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("login", ["x" * 1_000_000, "ve\x00ga", "\x1b[2J", "vega@" + "x" * 300])
def test_nonsense_signs_nobody_in_and_breaks_nothing(client, login):
    assert client.post(reverse("account_login"), {"login": login, "password": PASSWORD}).status_code == 200
