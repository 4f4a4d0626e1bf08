"""IP addresses and histories go on the day that was promised, whatever the day, in every table, and not a day before."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import models

from bonafide.periods import months_after, months_before
from bonafide.privacy import sweep_batches
from bonafide.privacy.sweep_rows import SweptRows, held_addresses, sweep_rows
from bonafide.sessions.inventory import ADDRESSES, oldest_address
from bonafide.sessions.models import Outcome, Reason, Session, SignIn
from bonafide.sign_in.models import KnownBrowser
from tests.factories.accounts import make_user
from tests.factories.billing import operator

pytestmark = pytest.mark.django_db
SEEN = datetime(2024, 2, 29, 10, tzinfo=UTC)


def make_rows(*, at: datetime = SEEN, count: int = 1, address: str = "203.0.113.77") -> None:
    user = make_user()
    Session.objects.bulk_create(
        Session(
            key_hash=f"{user.pk}-{number}",
            user=user,
            created_at=at,
            last_seen_at=at,
            address=address,
            address_seen_at=at,
            ended_at=at,
            end_reason=Reason.SIGNED_OUT,
        )
        for number in range(count)
    )
    SignIn.objects.bulk_create(
        SignIn(user=user, at=at, outcome=Outcome.SIGNED_IN, address=address, browser="Firefox 145") for _ in range(count)
    )
    KnownBrowser.objects.create(user=user, digest="0" * 64, first_seen_at=at, last_seen_at=at)


def swept(now: datetime, **retention: int) -> SweptRows:
    return sweep_rows(operator=operator(retention={"history_months": 36} | retention), now=now)


@pytest.mark.parametrize("months", [1, 6, 12])
def test_addresses_go_when_their_months_are_over_and_not_an_hour_before(months):
    make_rows()
    zone = operator().zone
    limit = months_after(SEEN, months, zone)
    assert sum(swept(limit - timedelta(hours=25), ip_months=months).addresses.values()) == 0
    assert held_addresses() == 2
    assert sum(swept(limit + timedelta(hours=25), ip_months=months).addresses.values()) == 2
    assert held_addresses() == 0
    assert Session.objects.get().browser == ""
    assert SignIn.objects.get().browser == "Firefox 145", "only the address goes"


def test_a_second_sweep_finds_nothing_to_do():
    make_rows()
    later = SEEN + timedelta(days=370)
    swept(later)
    assert sum(swept(later).addresses.values()) == 0


def test_it_works_in_batches_and_takes_up_again_where_it_was_killed(monkeypatch, django_assert_max_num_queries):
    make_rows(count=25)
    monkeypatch.setattr(sweep_batches, "BATCH", 10)

    def killed(rows: int) -> None:
        raise KeyboardInterrupt

    later = SEEN + timedelta(days=370)
    with pytest.raises(KeyboardInterrupt):
        sweep_rows(operator=operator(retention={"history_months": 36}), now=later, on_batch=killed)
    assert held_addresses() == 40
    with django_assert_max_num_queries(80):
        swept(later)
    assert held_addresses() == 0


def test_histories_go_when_their_months_are_over(django_assert_max_num_queries):
    make_rows()
    limit = months_after(SEEN, 12, operator().zone)
    swept(limit - timedelta(hours=25), history_months=12)
    assert (SignIn.objects.count(), Session.objects.count(), KnownBrowser.objects.count()) == (1, 1, 1)
    swept(limit + timedelta(hours=25), history_months=12)
    assert (SignIn.objects.count(), Session.objects.count(), KnownBrowser.objects.count()) == (0, 0, 0)


def test_an_open_session_keeps_its_row_and_loses_its_address():
    make_rows()
    Session.objects.update(ended_at=None, end_reason="")
    swept(SEEN + timedelta(days=800))
    assert Session.objects.get().address is None


def test_the_oldest_address_is_known_of_everybody_and_of_each():
    assert oldest_address() is None
    make_rows(at=SEEN + timedelta(days=3))
    make_rows()
    mine = SignIn.objects.order_by("pk").first().user
    assert oldest_address() == SEEN
    assert oldest_address(user=mine) == SEEN + timedelta(days=3)


def undeclared() -> list[str]:
    declared = {(column.model, column.column) for column in ADDRESSES}
    return [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.GenericIPAddressField) and (model, field.name) not in declared
    ]


def test_every_column_for_an_ip_address_is_swept(monkeypatch):
    assert undeclared() == []
    monkeypatch.setattr(f"{__name__}.ADDRESSES", ADDRESSES[:1])
    assert undeclared() == ["SignIn.address"]


@pytest.mark.parametrize(
    ("moment", "months", "earlier"),
    [
        ("2025-02-28T12:00", 12, "2024-02-28T12:00"),
        ("2024-02-29T12:00", 12, "2023-02-28T12:00"),
        ("2026-03-31T12:00", 1, "2026-02-28T12:00"),
        ("2026-01-15T12:00", 13, "2024-12-15T12:00"),
    ],
)
def test_months_are_those_of_the_calendar(moment, months, earlier):
    zone = operator().zone
    local = datetime.fromisoformat(moment).replace(tzinfo=zone)
    assert months_before(local, months, zone) == datetime.fromisoformat(earlier).replace(tzinfo=zone)
