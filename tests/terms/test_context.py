"""The foot of every page says how many promises are proven, and looks at most once a minute."""

from datetime import UTC, datetime

import pytest

from bonafide.terms import context
from bonafide.terms.audit import append
from bonafide.terms.finding import Finding

pytestmark = pytest.mark.django_db


def test_the_foot_tells_the_state_and_links_to_it(client, monkeypatch):
    monkeypatch.setattr(context, "_kept", {})
    append(found=[("S2", Finding({"ended": 1, "with_data": 0, "canaries": 3}))], now=datetime.now(UTC))
    page = client.get("/terms").content.decode()
    assert 'href="/promises"' in page
    assert "1 of " in page
    assert "promises proven" in page


def test_a_minute_passes_before_it_is_looked_at_again(client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(context, "_kept", {})
    with django_assert_num_queries(3):
        client.get("/cookies")
    with django_assert_num_queries(0):
        client.get("/cookies")
    monkeypatch.setattr(context, "KEPT_SECONDS", -1)
    with django_assert_num_queries(3):
        client.get("/cookies")
