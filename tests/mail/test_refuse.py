"""One click refuses, from the mail program or the page behind the link; a look at it does not."""

import re

import pytest
from django.core.signing import Signer
from django.test import Client

from bonafide.mail.models import Refusal
from bonafide.mail.refuse import CannotRefuse, NoSuchLink, allow, read_link, refuse, refuse_url
from tests.factories.accounts import make_user
from tests.factories.mail import NOW, make_reader

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}  # RFC 8058, section 3.2


@pytest.fixture
def user():
    return make_user(username="vega", email="vega@example.com")


@pytest.fixture
def link(user, settings):
    return refuse_url(user_id=user.pk, purpose="news").removeprefix(settings.OPERATOR.service.console_url)


def refused(user):
    return list(Refusal.objects.filter(user=user).values_list("purpose", "how"))


def test_a_mail_program_without_cookies_refuses_with_one_post_and_again_without_harm(link, user):
    for _twice in range(2):
        answer = Client(enforce_csrf_checks=True).post(link, ONE_CLICK)
        assert answer.status_code == 200
        assert "session" not in answer.cookies
    assert refused(user) == [("news", "one-click")]


def test_whatever_a_program_sends_along_it_is_refused(link, user):
    Client(enforce_csrf_checks=True).post(link, b"\xff" * 9000, content_type="multipart/form-data; boundary=x")
    assert refused(user) == [("news", "one-click")]


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_prefetch_refuses_nothing(link, user, method):
    assert getattr(Client(), method)(link).status_code == 200
    assert refused(user) == []


def test_the_page_behind_the_link_has_one_button_that_refuses(link, user):
    page = Client(enforce_csrf_checks=True).get(link).content.decode()
    assert "No more letters for “News of the service”?" in page
    assert "vega" not in page
    [action] = re.findall(r'<form class="acts" method="post" action="([^"]+)"', page)
    done = Client(enforce_csrf_checks=True).post(action).content.decode()
    assert "You get no more letters for “News of the service”" in done
    assert refused(user) == [("news", "one-click")]


def test_another_method_is_not_taken(link):
    assert Client().delete(link).status_code == 405


def test_the_link_names_nobody_and_works_for_years(link, user, settings):
    assert user.email not in link
    assert user.username not in link
    assert read_link(link.rsplit("/", 1)[1]).user_id == user.pk
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the key of another year"
    assert read_link(link.rsplit("/", 1)[1]).user_id == user.pk


@pytest.mark.parametrize("forge", ["another person", "another purpose", "cut off", "other salt", "not refusable", "no number"])
def test_a_link_that_we_did_not_give_out_does_nothing(link, user, forge):
    token = link.rsplit("/", 1)[1]
    signer = Signer(salt="bonafide.mail.refuse", sep=".")
    token = {
        "another person": token.replace(str(user.pk), str(user.pk + 1), 1),
        "another purpose": token.replace("news", "maintenance"),
        "cut off": token[:-2],
        "other salt": Signer(salt="elsewhere", sep=".").sign(f"{user.pk}.news"),
        "not refusable": signer.sign(f"{user.pk}.login-security"),
        "no number": signer.sign("vega.news"),
    }[forge]
    with pytest.raises(NoSuchLink):
        read_link(token)
    assert Client().post(f"/letters/refuse/{token}", ONE_CLICK).status_code == 404
    assert not Refusal.objects.exists()


def test_a_link_of_somebody_who_is_gone_answers_all_the_same(link, user):
    user.delete()
    assert Client().post(link, ONE_CLICK).status_code == 200
    assert not Refusal.objects.exists()


def test_a_letter_about_security_cannot_be_refused(user):
    for purpose in ("login-security", "nonsense"):
        with pytest.raises(CannotRefuse):
            refuse(user_id=user.pk, purpose=purpose, how=Refusal.How.SETTINGS, now=NOW)


def test_a_refusal_is_taken_back_by_its_owner():
    user = make_reader()
    assert refuse(user_id=user.pk, purpose="news", how=Refusal.How.SETTINGS, now=NOW)
    assert not refuse(user_id=user.pk, purpose="news", how=Refusal.How.ONE_CLICK, now=NOW)
    assert refused(user) == [("news", "settings")], "the first time counts"
    assert allow(user_id=user.pk, purpose="news")
    assert not allow(user_id=user.pk, purpose="news")
