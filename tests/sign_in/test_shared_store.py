"""The store that all processes share: one winner, nothing readable, nothing flushed."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core.cache import cache
from django.db import connection

from bonafide.sign_in.models import Shared
from bonafide.sign_in.shared_store import forget_spent

NOW = datetime.now(UTC)


def let_expire():
    Shared.objects.update(expires_at=NOW - timedelta(seconds=1))


@pytest.mark.django_db
def test_it_keeps_what_it_is_given_until_that_expires():
    cache.set("tries", [1.5, 2], 60)
    assert cache.get("tries") == [1.5, 2]
    let_expire()
    assert cache.get("tries", []) == []
    assert not cache.touch("tries")
    cache.set("for ever", {"a": None}, None)
    assert cache.get("for ever") == {"a": None}


@pytest.mark.django_db
def test_only_what_is_not_there_can_be_added():
    assert cache.add("lock", True, 10)
    assert not cache.add("lock", True, 10)
    cache.delete("lock")
    assert cache.add("lock", True, 10)
    let_expire()
    assert cache.add("lock", True, 10)


@pytest.mark.django_db
def test_no_key_can_be_read_or_guessed_without_the_secret(settings):
    cache.set("allauth:rl:login:ip:203.0.113.7", 1)
    settings.SECRET_KEY = "another"
    cache.set("allauth:rl:login:ip:203.0.113.7", 1)
    first, second = Shared.objects.values_list("key", flat=True)
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert first != second


@pytest.mark.django_db
def test_filling_it_flushes_nothing_and_expired_rows_are_swept():
    cache.set("victim", [1], 600)
    for n in range(1000):  # three times what Django's own caches hold before they throw away
        cache.set(f"noise {n}", [1], 1)
    assert cache.get("victim") == [1]
    Shared.objects.exclude(key=cache.make_key("victim")).update(expires_at=NOW)
    assert forget_spent(now=NOW) == 1000
    assert cache.get("victim") == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("left_behind", [False, True], ids=["free", "expired"])
def test_of_many_at_once_one_gets_the_lock(left_behind):
    """Django's own database cache fails this on PostgreSQL: there several win an expired lock in most rounds."""
    for _ in range(15):
        Shared.objects.all().delete()
        if left_behind:
            cache.add("lock", True, 10)
            let_expire()
        start, won = Barrier(6), []

        def try_it(start=start, won=won):
            start.wait()
            won.append(cache.add("lock", True, 10))
            connection.close()

        threads = [Thread(target=try_it) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 5 + [True]
