"""For which account somebody acts, and in which language the console speaks to them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from bonafide.accounts.models import Membership
from tests.factories.accounts import make_account, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    user = make_member(account=make_account(name="First", reference="first"))
    Membership.objects.create(
        user=user, account=make_account(name="Second", reference="second"), role="viewer", created_at=timezone.now()
    )
    return user


def acting_for(client):
    return client.get("/bills").wsgi_request.membership.account.reference


def switch(client, reference):
    return client.post(reverse("switch_account"), {"account": reference})


def test_one_acts_for_the_oldest_membership_until_one_chooses(client, user):
    client.force_login(user)
    assert acting_for(client) == "first"
    assert switch(client, "second").url == "/"
    assert acting_for(client) == "second"


def test_anybody_elses_account_is_not_there(client, user):
    make_account(reference="foreign")
    client.force_login(user)
    assert switch(client, "foreign").status_code == 404
    assert switch(client, "").status_code == 404
    assert acting_for(client) == "first"


def test_a_choice_ends_with_the_membership_it_was_of(client, user):
    client.force_login(user)
    switch(client, "second")
    user.memberships.get(account__reference="second").delete()
    assert acting_for(client) == "first"


def test_a_closed_account_is_acted_for_no_more(client, user):
    client.force_login(user)
    account = user.memberships.get(account__reference="first").account
    account.closed_at = timezone.now()
    account.save()
    assert acting_for(client) == "second"
    assert switch(client, "first").status_code == 404


def test_the_choice_is_offered_only_when_there_is_one(client, user):
    client.force_login(user)
    assert "Second" in client.get("/terms").content.decode()
    client.force_login(make_member())
    assert reverse("switch_account") not in client.get("/terms").content.decode()


def test_memberships_cost_one_query(client, user, django_assert_num_queries):
    client.force_login(user)
    with django_assert_num_queries(4):  # session, user, memberships, whether the account is suspended
        client.get("/cookies")


def test_the_language_is_remembered_in_a_cookie_and_led_back_safely(client):
    response = client.post(reverse("choose_language"), {"language": "fr", "next": "/terms"})
    assert response.url == "/terms"
    assert client.cookies["language"].value == "fr"
    assert client.cookies["language"]["httponly"]
    assert '<html lang="fr">' in client.get("/terms").content.decode()
    away = client.post(reverse("choose_language"), {"language": "fr", "next": "https://evil.example/"})
    assert away.url == "/"


def test_the_language_is_remembered_with_the_person_on_every_device(client, user):
    client.force_login(user)
    client.post(reverse("choose_language"), {"language": "fr"})
    client.cookies.clear()
    client.force_login(user)
    response = client.get("/terms")
    assert '<html lang="fr">' in response.content.decode()
    assert response["Content-Language"] == "fr"


@pytest.mark.parametrize("language", ["de", "", "xx' OR 1"])
def test_a_language_that_we_do_not_speak_changes_nothing(client, user, language):
    client.force_login(user)
    client.post(reverse("choose_language"), {"language": language})
    user.refresh_from_db()
    assert user.language == ""
