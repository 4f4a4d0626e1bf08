"""For tests in which several connections must see each other's rows."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from bonafide.accounts.models import Account, ApiKey
from bonafide.pricing.models import ClosedMonth, Meter
from bonafide.usage.models import Batch, Event, Seen, Source, State, Total


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose rows are really committed, emptied afterwards of what usage writes.

    Django's own way empties every table by TRUNCATE, which tables of issued bills refuse on PostgreSQL, and rightly.
    """
    with django_db_blocker.unblock():
        yield
        for model in (Total, Seen, State, Event, Batch, Source, ClosedMonth, Meter, ApiKey, Account):
            model.objects.all().delete()
        connection.close()
