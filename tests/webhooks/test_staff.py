"""Staff see what the service was told, send it again, try endpoints out; each page leaves its trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bonafide.privacy.models import Look
from bonafide.webhooks.commands import webhooks
from bonafide.webhooks.deliver import take_turn
from bonafide.webhooks.emit import emit
from bonafide.webhooks.endpoints import endpoint_named
from bonafide.webhooks.models import Delivery, Endpoint
from bonafide.webhooks.tasks import deliver_events, deliver_to
from tests.factories.accounts import enter_as_staff, make_account
from tests.factories.privacy import give_reason
from tests.fakes.receiver import Receiver
from tests.webhooks.conftest import NOW
from tests.webhooks.test_deliver import tell

pytestmark = pytest.mark.django_db
Listens = Callable[..., Receiver]


@pytest.fixture
def staff_client(client: Client) -> Client:
    enter_as_staff(client)
    return client


LIST = "/staff/webhooks/delivery/"


def run(*words: str) -> Any:
    return CliRunner().invoke(webhooks, list(words), catch_exceptions=True)


def test_the_list_shows_events_with_what_became_of_them_and_filters(listens: Listens, staff_client: Client) -> None:
    receiver = listens()
    receiver.answers = [500]
    account = make_account(reference="atelier-vega")
    tell("1", account), tell("2")
    take_turn(endpoint=endpoint_named("service"), now=NOW, limit=9)
    page = staff_client.get(LIST).content.decode()
    assert "atelier-vega" in page
    assert "500 Internal Server Error" in page
    assert "204 No Content" in page
    assert Look.objects.filter(account_id=account.pk).exists()
    page = staff_client.get(f"{LIST}?state__exact=delivered").content.decode()
    assert "atelier-vega" not in page
    assert "account.closed" in staff_client.get(f"{LIST}?kind=account.closed&endpoint=service").content.decode()


def test_one_is_sent_again_from_its_list(listens: Listens, staff_client: Client) -> None:
    receiver = listens()
    tell()
    row = Delivery.objects.get()
    take_turn(endpoint=endpoint_named("service"), now=NOW, limit=9)
    staff_client.post(LIST, {"action": "send_again", "_selected_action": [row.pk]})
    assert Delivery.objects.get().state == "waiting"
    take_turn(endpoint=endpoint_named("service"), now=datetime.now(UTC), limit=9)
    assert len(set(receiver.ids())) == 1
    assert len(receiver.got) == 2


def test_one_event_is_looked_at_with_a_reason_and_sent_again(listens: Listens, staff_client: Client) -> None:
    listens()
    account = make_account(reference="atelier-vega")
    tell(account=account)
    take_turn(endpoint=endpoint_named("service"), now=NOW, limit=9)
    row = Delivery.objects.get()
    address = f"{LIST}{row.pk}/change/"
    assert staff_client.get(address)["Location"].startswith("/staff/reason")
    give_reason(staff_client, account)
    page = staff_client.get(address).content.decode()
    assert row.event.message_id in page
    assert "204 No Content" in page
    staff_client.post(address, {"webhooks_delivery_send_this_again": "1"})
    assert (Delivery.objects.get().state, Delivery.objects.get().tries) == ("waiting", 0)
    assert Look.objects.filter(account_id=account.pk, kind="webhooks.delivery").exists()


def test_an_endpoint_is_seen_tried_out_and_switched_on(listens: Listens, staff_client: Client) -> None:
    listens()
    row = Endpoint.objects.create(code="service", off_at=NOW, off_because="410 Gone")
    address = f"/staff/webhooks/endpoint/{row.pk}/change/"
    page = staff_client.get(address).content.decode()
    assert "410 Gone" in page
    assert "webhooks_endpoint_turn_on" in page
    tell()
    staff_client.post(address, {"webhooks_endpoint_turn_on": "1"})
    assert Endpoint.objects.get().off_at is None
    assert "webhooks_endpoint_turn_on" not in staff_client.get(address).content.decode()
    staff_client.post(address, {"webhooks_endpoint_try_out": "1"})
    assert Delivery.objects.filter(event__kind="webhook.test").count() == 1
    Delivery.objects.filter(event__kind="account.closed").update(state="failed")
    staff_client.post(address, {"webhooks_endpoint_send_since": "1", "since": (NOW - timedelta(days=2)).date().isoformat()})
    assert Delivery.objects.filter(state="waiting").count() == 2
    assert "service" in staff_client.get("/staff/webhooks/endpoint/").content.decode()


def test_the_lists_ask_for_as_many_queries_with_few_rows_as_with_many(listens: Listens, staff_client: Client) -> None:
    listens()
    for number in range(2):
        tell(str(number))
    counts = []
    for address in (LIST, "/staff/webhooks/endpoint/"):
        staff_client.get(address)
        with CaptureQueriesContext(connection) as few:
            staff_client.get(address)
        for number in range(8):
            tell(f"{address}{number}")
            Endpoint.objects.get_or_create(code=f"e{number}")
        with CaptureQueriesContext(connection) as many:
            staff_client.get(address)
        counts.append((len(few), len(many)))
    # A trace for each customer on a list is a row of one statement: no query more.
    assert all(few == many for few, many in counts), counts


def test_the_command_lists_replays_and_tries_out(listens: Listens) -> None:
    receiver = listens()
    tell()
    take_turn(endpoint=endpoint_named("service"), now=NOW, limit=9)
    [row] = json.loads(run("list", "--json", "--state", "delivered").output)
    assert (row["type"], row["endpoint"], row["id"]) == ("account.closed", "service", receiver.ids()[0])
    assert "service" in run("list").output
    assert run("replay", str(row["number"])).output == "1 on their way\n"
    assert run("replay", "--endpoint", "service", "--since", "2020-01-01").output == "1 on their way\n"
    assert "took it: 204" in run("test", "service").output
    receiver.answers = [500]
    assert "did not take it: 500" in str(run("test", "service").exception)
    assert "there is no endpoint 'other'" in str(run("test", "other").exception)
    assert "there is no delivery 99999" in str(run("replay", "99999").exception)
    assert run("replay").exit_code == 2


def test_the_minute_gives_each_endpoint_with_something_due_its_turn(listens: Listens, settings: Any) -> None:
    receiver = listens()
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    assert deliver_events.func() == "0 endpoints"
    emit(kind="account.closed", key="x", data={"account": "a"}, now=NOW)
    assert deliver_to.func("service") == "1 delivered, 0 failed"
    assert len(receiver.taken) == 1
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"webhooks": ()})
    assert deliver_events.func() == "no endpoint"
    assert "not in the operator" in deliver_to.func("service")
