"""What every test may lean on. Factories are in ``tests/factories``, one module per package."""

import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings


@pytest.fixture(autouse=True, scope="session")
def _clear_away() -> Iterator[None]:
    yield
    shutil.rmtree(settings.INSTANCE.home, ignore_errors=True)
