"""What a new password must be, and what it may be."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as console
from django.contrib.auth.hashers import ScryptPasswordHasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from bonafide import settings as product
from bonafide.accounts.models import User
from tests.factories.accounts import make_member

PASSWORD = "four plain unrelated words"
VEGA = User(username="vega-9", email="stella.maris@example.com")


def problem(password, user=VEGA):
    try:
        validate_password(password, user)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


@pytest.fixture
def vega(db):
    user = make_member(username="Vega", email="vega@example.com", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def signed_in(client, vega):
    client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD})
    return client


def change(client, new, old=PASSWORD):
    return client.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})


# --- Length ---------------------------------------------------------------------------------------------------------------
def test_asvs_6_2_1_it_has_at_least_the_operators_twelve_characters():
    assert "at least 12 characters" in problem("elevenchars")
    assert not problem("twelve chars")


def test_asvs_6_2_9_it_may_be_128_characters_long_and_more_is_refused_in_a_line(signed_in, vega):
    longest = "".join(chr(97 + (n * n + n // 3) % 26) for n in range(128))
    page = change(signed_in, longest + "x").content.decode()
    assert "at most 128 characters" in page
    assert change(signed_in, longest).status_code == 302
    vega.refresh_from_db()
    assert vega.check_password(longest)
    assert not vega.check_password(longest[:-1])


@pytest.mark.django_db
def test_a_gigantic_password_is_refused_before_it_is_hashed(client, monkeypatch):
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.encode", None)
    huge = "x" * 2_000_000
    page = client.post(reverse("account_login"), {"login": "vega", "password": huge}).content.decode()
    assert "at most 4096 characters" in page
    page = client.post(reverse("account_signup"), {"username": "v", "email": "v@example.com", "password1": huge}).content.decode()
    assert "at most 128 characters" in page
    assert len(page) < 100_000, "and it is not sent back"


# --- Any letters ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "password",
    [
        "only lower case",
        "ONLYUPPERCASE",
        "849302175566",
        "!?&%$§/()=+#*",
        "пятнадцать букв",
        "🦊🌋🪁🎷🦆🧭🛶🍄🐙🌵🪐🎲",
        "tab\tand nbsp\u00a0",
    ],
)
def test_asvs_6_2_5_any_characters_will_do(password):
    assert problem(password) == ""


@pytest.mark.parametrize("password", ["  spaces around it  ", "Ünïcödé ﬁ ligature", "e\u0301 and é differ", "trailing tab\t"])
def test_asvs_6_2_8_it_is_kept_exactly_as_typed(signed_in, vega, password):
    assert change(signed_in, password).status_code == 302
    vega.refresh_from_db()
    assert vega.check_password(password)
    for other in {password.strip(), password.lower(), password[:-1]} - {password}:
        assert not vega.check_password(other)
    new = Client()
    assert new.post(reverse("account_login"), {"login": "vega", "password": password}).status_code == 302


# --- Not guessable --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "password",
    [
        "q1w2e3r4t5y6",
        "Chocolate123",
        "passwordpassword",
        "Password1234!",
        "1!liverpool!2026",
        "aaaaaaaaaaaaa",
        "abc123abc123abc123",
        "123456789012",
        "qwertyuiopasd",
        "azertyuiopqs",
        "zyxwvutsrqponm",
        " Password2026 ",
    ],
)
def test_asvs_6_2_4_a_common_password_is_refused_dressed_up_or_not(password):
    assert "too common" in problem(password)


def test_asvs_6_2_4_over_3000_common_ones_of_sufficient_length_are_refused():
    from bonafide.sign_in.passwords import CommonValidator

    validator = CommonValidator()
    long_enough = {dressed for word in validator.passwords for dressed in (word, word + "123", word + word) if len(dressed) >= 12}
    assert len({word for word in validator.passwords if len(word) >= 12}) < 3000, "the list alone would not do"
    assert sum(validator.is_common(one) for one in long_enough) >= 3000


@pytest.mark.parametrize(
    "password",
    ["NordlysCloud2026!", "nordlys nordlys", "Vega-9Vega-9Vega-9!", "stella.maris.1987", "stéllä máris !!", "bonafide bonafide"],
)
def test_asvs_6_2_11_our_names_and_the_persons_own_are_refused(password):
    assert "mostly your name or ours" in problem(password)


@pytest.mark.parametrize("password", ["nordlys umbrella harbour", "cloud 9 violet lanterns", PASSWORD, "correct horse battery"])
def test_a_name_among_enough_other_letters_is_no_harm(password):
    assert problem(password) == ""


def test_a_name_of_another_person_is_no_harm():
    assert problem("stella.maris.1987", User(username="rigel", email="rigel@example.com")) == ""


@pytest.mark.django_db
def test_asvs_6_2_4_signing_up_and_setting_anew_ask_the_same(client, signed_in, vega):
    for password, said in [("short one", "too short"), ("passwordpassword", "too common"), ("vega@example vega", "mostly")]:
        for page in (
            change(signed_in, password),
            Client().post(reverse("account_signup"), {"username": "vega", "email": "vega@example.org", "password1": password}),
        ):
            assert page.status_code == 200
            assert said in page.content.decode()


# --- Changing it ----------------------------------------------------------------------------------------------------------
def test_asvs_6_2_2_and_6_2_3_it_can_be_changed_and_the_current_one_is_asked_for(signed_in, vega):
    new = "another set of plain words"
    assert "not your current password" in change(signed_in, new, old="a guess at it").content.decode()
    assert change(signed_in, new).status_code == 302
    vega.refresh_from_db()
    assert vega.check_password(new)


def test_asvs_6_2_10_it_never_grows_too_old(client, vega):
    User.objects.update(date_joined="2001-01-01T00:00Z", last_login="2001-01-02T00:00Z")
    assert client.post(reverse("account_login"), {"login": "vega", "password": PASSWORD}).url == "/"
    assert client.get("/settings/security").status_code == 200


# --- The fields -----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "name", "complete"),
    [("account_login", "password", "current-password"), ("account_signup", "password1", "new-password")],
)
def test_asvs_6_2_6_and_6_2_7_fields_are_masked_can_be_shown_and_hinder_no_password_manager(client, page, name, complete):
    html = client.get(reverse(page)).content.decode()
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)[0]
    assert 'type="password"' in field
    assert f'autocomplete="{complete}"' in field
    assert 'data-show="Show"' in field
    assert not re.search("maxlength|onpaste|readonly|placeholder", field), "a maxlength silently cuts what is pasted"
    assert "sign_in/reveal.js" in html


# --- How it is kept -------------------------------------------------------------------------------------------------------
def test_it_is_hashed_with_scrypt_as_costly_as_owasp_asks_and_fits_its_column():
    assert product.PASSWORD_HASHERS[0].endswith("ScryptPasswordHasher")
    hasher = ScryptPasswordHasher()
    assert (hasher.work_factor, hasher.block_size, hasher.parallelism) == (2**14, 8, 5)
    assert len(make_password("x", hasher=hasher)) <= User._meta.get_field("password").max_length


def test_an_older_hash_still_opens_is_replaced_and_nobody_is_signed_out_by_that(settings, client, vega):
    settings.PASSWORD_HASHERS = [*console.PASSWORD_HASHERS, "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    client.force_login(User.objects.get())
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert User.objects.get().password.startswith("md5$")
    assert client.get("/settings/security").status_code == 200
