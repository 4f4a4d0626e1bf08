import pytest
import time_machine
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh_limits():
    cache.clear()


@pytest.fixture
def clock():
    """A clock that stands still, just after a half-minute began."""
    with time_machine.travel("2026-11-23T12:00:05Z", tick=False) as clock:
        yield clock
