"""The page of budgets."""

import pytest
from django.test import Client

from bonafide.billing.budgets.views import MOST
from bonafide.billing.models import Budget
from tests.factories.accounts import make_account, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return make_account()


def member(account, role) -> Client:
    client = Client()
    client.force_login(make_member(account=account, role=role))
    return client


def test_billing_sets_an_amount_once_and_takes_it_away(account):
    client = member(account, "billing")
    for _again in range(2):
        assert client.post("/settings/budgets", {"amount": "50.5"}).status_code == 302
    budget = Budget.objects.get()
    assert (budget.amount_minor, budget.currency) == (5050, "EUR")
    assert "€50.50" in client.get("/settings/budgets").content.decode()
    client.post(f"/settings/budgets/{budget.pk}/remove")
    assert not Budget.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "much", ""])
def test_what_is_no_amount_is_said_and_not_kept(account, amount):
    answer = member(account, "owner").post("/settings/budgets", {"amount": amount})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not Budget.objects.exists()


def test_a_viewer_sees_amounts_and_sets_none(account):
    client = member(account, "viewer")
    assert client.get("/settings/budgets").status_code == 200
    assert client.post("/settings/budgets", {"amount": "5"}).status_code == 403


def test_there_are_ten_at_most(account):
    client = member(account, "owner")
    for amount in range(1, MOST + 2):
        client.post("/settings/budgets", {"amount": str(amount)})
    assert Budget.objects.count() == MOST
    assert "at most 10 amounts" in client.get("/settings/budgets").content.decode()
