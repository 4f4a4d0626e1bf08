"""Only declared cookies leave, for at most as long as declared, with the attributes that keep them safe."""

import logging

import pytest
from django.http import HttpResponse

from bonafide.privacy.cookies import CookieGuardMiddleware, declared
from tests.factories.accounts import make_user


def answer(*cookies: tuple[str, int | None]) -> HttpResponse:
    def view(request) -> HttpResponse:
        response = HttpResponse()
        for name, seconds in cookies:
            response.set_cookie(name, "x", max_age=seconds)
        return response

    return CookieGuardMiddleware(view)(None)


def test_an_undeclared_cookie_is_stopped_and_reported_without_its_value(caplog, settings):
    with caplog.at_level(logging.ERROR):
        response = answer(("promo", None), (settings.CSRF_COOKIE_NAME, 60))
    assert set(response.cookies) == {settings.CSRF_COOKIE_NAME}
    assert "'promo'" in caplog.text


def test_a_cookie_that_would_stay_longer_than_declared_is_stopped(settings):
    assert not answer((settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_AGE + 1)).cookies
    assert answer((settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_AGE)).cookies


def test_a_cookie_may_always_be_taken_back(settings):
    response = HttpResponse()
    response.delete_cookie(settings.SESSION_COOKIE_NAME)
    assert CookieGuardMiddleware(lambda request: response)(None).cookies


@pytest.mark.django_db
def test_the_page_names_every_cookie(client):
    page = client.get("/cookies").content.decode()
    for cookie in declared():
        assert f"<code>{cookie.name}</code>" in page


@pytest.mark.django_db
def test_what_really_leaves_is_declared_and_http_only(client):
    user = make_user(password="four plain unrelated words")
    client.get("/account/login/")
    client.post("/language", {"language": "fr"})
    client.post("/account/login/", {"login": user.username, "password": "wrong"})
    client.force_login(user)
    client.post("/account/logout/")
    names = {cookie.name for cookie in declared()}
    assert set(client.cookies) <= names
    assert all(client.cookies[name]["httponly"] for name in client.cookies if client.cookies[name].value)
