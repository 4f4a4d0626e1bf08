import pytest
import time_machine


@pytest.fixture
def clock():
    """A clock that stands still, just after a half-minute began."""
    with time_machine.travel("2026-11-23T12:00:05Z", tick=False) as clock:
        yield clock
