"""The operator's service is told of accounts: opened and closed, each once, by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bonafide.accounts.close import close_account
from bonafide.accounts.sign_up import open_account
from bonafide.usage.catalogue import Catalogue
from bonafide.webhooks.kinds import declared
from bonafide.webhooks.models import Event
from tests.factories.accounts import make_account, make_user
from tests.fakes.receiver import Receiver
from tests.webhooks.conftest import listens  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 5, 9, tzinfo=UTC)
Listens = Callable[..., Receiver]


def test_a_closed_account_is_told_once(listens: Listens) -> None:  # noqa: F811
    listens()
    account = make_account()
    for _ in range(2):
        close_account(account=account, now=NOW)
    event = Event.objects.get()
    assert (event.kind, event.account, event.data["account"]) == ("account.closed", account, account.reference)
    assert set(event.data) == set(declared("account.closed").example)


def test_an_account_is_told_when_somebody_signs_up_and_when_usage_names_it(listens: Listens) -> None:  # noqa: F811
    listens()
    account = open_account(user=make_user(), country="FR", language="fr", now=NOW)
    catalogue = Catalogue()
    catalogue.promise_account("atelier-vega", "Atelier Vega")
    for _ in range(2):
        catalogue.make_accounts(now=NOW)
    told = [event.data for event in Event.objects.order_by("pk")]
    assert told == [{"account": account.reference, "kind": "person"}, {"account": "atelier-vega", "kind": "company"}]
    assert set(told[0]) == set(declared("account.opened").example)
