"""Usage sent by programs."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from bonafide.accounts.api_keys import make_key, revoke_key
from bonafide.accounts.models import Account, ApiKey
from bonafide.usage.models import Batch, Event, Source, Total
from tests.factories.accounts import make_account
from tests.factories.usage import make_meter

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
URL = "/api/v1/events"


def key_of(account: Account | None = None, *scopes: str, **values: object) -> str:
    given = {"account": account, "name": "agent", "scopes": scopes or ["usage:write"], "expires_at": None, "now": NOW, **values}
    return make_key(**given)[1]


@pytest.fixture
def account() -> Account:
    make_meter("requests", scale=3, unit="request")
    return make_account(reference="acme")


def event(id: str = "1", **values: object) -> dict[str, object]:
    fixed = {"source": "router", "account": "acme", "meter": "requests", "time": NOW.isoformat(), "quantity": "1.5"}
    return {"id": id, **fixed, **values}


def send(body: object, key: str | None, content_type: str = "application/json") -> HttpResponse:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return Client(enforce_csrf_checks=True).post(URL, data, content_type=content_type, headers=headers)


def answer(accepted: int = 0, duplicates: int = 0, rejected: object = ()) -> dict[str, object]:
    return {"accepted": accepted, "duplicates": duplicates, "rejected": list(rejected)}


def test_one_event_an_array_and_lines_are_all_taken(account: Account) -> None:
    key = key_of()
    assert send(event("1"), key).json() == answer(1)
    assert send([event("1"), event("2"), event("3", quantity=2)], key).json() == answer(2, 1)
    lines = "\n".join(json.dumps(event(n)) for n in ("3", "4"))
    assert send(lines + "\n\n", key, "application/x-ndjson").json()["accepted"] == 1
    assert Total.objects.get().quantity == 1500 + 1500 + 2000 + 1500
    assert Batch.objects.first().origin.startswith("key ")


def test_an_empty_batch_is_taken_for_what_it_is(account: Account) -> None:
    assert send([], key_of()).json() == answer()


def test_the_same_call_again_changes_nothing(account: Account) -> None:
    key = key_of()
    batch = [event(str(n)) for n in range(20)]
    send(batch, key)
    assert send(batch, key).json() == answer(0, 20)
    assert Total.objects.get().events == 20


OLDEST = NOW - timedelta(days=settings.OPERATOR.billing.usage_accepted_days, minutes=1)
AHEAD = NOW + timedelta(minutes=settings.OPERATOR.billing.usage_ahead_minutes, days=1)  # however long the run takes to get here


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": "nobody"}, "account 'nobody' is unknown: expected the reference of an account"),
        ({"meter": "nothing"}, "meter 'nothing' is unknown"),
        ({"unit": "GB"}, "unit 'GB': expected 'request', the unit of meter requests"),
        ({"quantity": "-1"}, "quantity '-1': expected zero or more"),
        ({"quantity": -1}, "quantity '-1': expected zero or more"),
        ({"quantity": "1e16"}, "quantity '1e16': expected at most 1000000000000000, with the meter's 3 decimals"),
        ({"quantity": 10**40}, "expected at most 1000000000000000"),
        ({"quantity": "0.0001"}, "quantity '0.0001': expected at most 3 decimals, the meter's own"),
        ({"quantity": "1,5"}, "quantity '1,5': expected a decimal number such as 12.5"),
        ({"quantity": "٣"}, "quantity '٣': expected a decimal number such as 12.5"),
        ({"quantity": ""}, "quantity '': expected a decimal number such as 12.5"),
        ({"quantity": 1.5}, "expected int | str, got float in quantity (write a fraction as text"),
        ({"time": "yesterday"}, "time 'yesterday': expected RFC 3339 with its offset, such as 2024-09-18T23:00:00Z"),
        ({"time": "2024-09-18T23:00:00"}, "expected RFC 3339 with its offset"),
        ({"time": "2024-02-30T23:00:00Z"}, "expected RFC 3339 with its offset"),
        ({"time": OLDEST.isoformat()}, "is too old: expected"),
        ({"time": AHEAD.isoformat()}, "is in the future: expected"),
        ({"id": ""}, "id is missing: expected 1 to 200 printable characters"),
        ({"id": "x" * 201}, "expected 1 to 200 printable characters"),
        ({"id": "a\0b"}, "expected 1 to 200 printable characters"),
        ({"source": ""}, "source is missing"),
        ({"id": 5}, "expected str, got int in id"),
        ({"dimensions": {"a": "x" * 9000}}, "expected at most 8000"),
        ({"dimensions": {"a": [1]}}, "expected bool | int | str, got array"),
    ],
)
def test_a_bad_event_is_answered_with_its_place_and_reason_and_the_good_ones_are_taken(
    account: Account, change: dict[str, object], reason: str
) -> None:
    bad = {**event("bad"), **change}
    done = send([event("1"), bad, event("2")], key_of()).json()
    assert (done["accepted"], done["duplicates"], len(done["rejected"])) == (2, 0, 1)
    assert done["rejected"][0]["index"] == 1
    assert reason in done["rejected"][0]["reason"]
    lines = "\n".join(json.dumps(e) for e in [event("3"), bad])
    again = send(lines, key_of(), "application/x-ndjson").json()
    assert (again["accepted"], [row["index"] for row in again["rejected"]]) == (1, [1])
    assert reason in again["rejected"][0]["reason"]


def test_a_line_that_is_not_json_is_answered_by_itself(account: Account) -> None:
    done = send(json.dumps(event("1")) + "\n{broken\n", key_of(), "application/x-ndjson").json()
    assert done["accepted"] == 1
    assert done["rejected"][0]["index"] == 1
    assert done["rejected"][0]["reason"].startswith("not JSON: ")


def test_an_id_used_again_with_other_content_is_rejected(account: Account) -> None:
    key = key_of()
    send(event("1"), key)
    done = send([event("1"), event("1", quantity="9")], key).json()
    assert done == answer(
        0, 1, [{"index": 1, "reason": "id '1' was already accepted with other content: expected a new id for a new event"}]
    )


def test_calls_without_a_good_key_are_refused_and_write_nothing(account: Account) -> None:
    expired = key_of(expires_at=NOW + timedelta(microseconds=1))
    revoked = key_of()
    revoke_key(key=ApiKey.objects.latest("pk"), now=NOW)
    for key, status, line in [
        (None, 401, "no key: expected the header 'Authorization: Bearer bf_...'"),
        ("bf_wrong", 401, "this key is unknown, expired or revoked"),
        ("", 401, "this key is unknown, expired or revoked"),
        (expired, 401, "this key is unknown, expired or revoked"),
        (revoked, 401, "this key is unknown, expired or revoked"),
        (key_of(None, "usage:read", "bills:read"), 403, "this key is not for that: expected one with the scope usage:write"),
    ]:
        refused = send(event(), key)
        assert (refused.status_code, refused.json()) == (status, {"error": line})
    assert not Event.objects.exists()
    assert send(event(), key_of()).status_code == 200


def test_bodies_that_cannot_be_read_are_refused_whole(account: Account) -> None:
    key = key_of()
    for body, content_type, status, line in [
        ("[{", "application/json", 400, "the body is not JSON"),
        (" ", "application/json", 400, "the body is not JSON"),
        (b'{"id": "\xff"}', "application/json", 400, "the body is not JSON"),
        ("a=b", "text/plain", 415, "content type 'text/plain': expected application/json or application/x-ndjson"),
    ]:
        refused = send(body, key, content_type)
        assert refused.status_code == status
        assert line in refused.json()["error"]


def test_more_than_ten_thousand_events_are_refused_whole(account: Account) -> None:
    one = json.dumps(event())
    for body, content_type in [
        (f"[{','.join([one] * 10_001)}]", "application/json"),
        (f"{one}\n" * 10_001, "application/x-ndjson"),
    ]:
        refused = send(body, key_of(), content_type)
        assert refused.status_code == 413
        assert "expected at most 10000" in refused.json()["error"]
    assert not Event.objects.exists()


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(account: Account, settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20  # type: ignore[attr-defined]
    refused = send(b" " * (2**20 + 1), key_of())
    assert (refused.status_code, refused.json()) == (413, {"error": "the body is too large: expected at most 1 MiB"})


def test_a_total_that_would_be_too_large_is_refused_in_one_line(account: Account) -> None:
    refused = send([event(str(n), quantity=10**15) for n in range(5)], key_of())
    assert refused.status_code == 422
    assert "a day's total would pass" in refused.json()["error"]


def test_a_customers_key_sends_for_its_own_account_alone(account: Account) -> None:
    other = make_account(reference="other")
    key = key_of(account)
    done = send([event("1"), event("2", account="other"), event("3", account="nobody")], key).json()
    assert done["accepted"] == 1
    assert [bad["reason"] for bad in done["rejected"]] == [
        "account 'other': expected 'acme', whose key this is",
        "account 'nobody': expected 'acme', whose key this is",
    ]
    assert not Event.objects.filter(account=other).exists()


def test_one_customer_cannot_use_up_the_ids_of_another(account: Account) -> None:
    other = make_account(reference="other")
    assert send(event("1"), key_of(account)).json() == answer(1)
    assert send(event("1", account="other"), key_of(other)).json() == answer(1)
    assert send(event("1"), key_of()).json() == answer(1)
    assert Source.objects.count() == 3


def test_the_number_of_queries_does_not_grow_with_the_batch(account: Account, django_assert_max_num_queries: object) -> None:
    key = key_of()
    send(event(), key)
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        send([event(f"n{n}") for n in range(500)], key)
