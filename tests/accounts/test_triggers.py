"""What VIES answered is never rewritten; it may be emptied of what names somebody, whole, and then says so no more."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from bonafide.accounts import triggers
from bonafide.accounts.inventory import TABLES
from bonafide.accounts.models import VatCheck
from tests.factories.accounts import make_account

pytestmark = pytest.mark.django_db
[EMPTIED] = [dict(table.holdings[0].ends.emptied) for table in TABLES if table.model == "accounts.VatCheck"]


@pytest.fixture
def check():
    return VatCheck.objects.create(
        account=make_account(), number="FR44732829320", outcome="valid", asked_at=timezone.now(), name="Camille Nordin",
        address="1 rue du Test", consultation_number="WAPI", detail="2026-11-25",
    )  # fmt: skip


def test_it_is_emptied_as_the_inventory_says(check):
    rows = VatCheck.objects.filter(pk=check.pk)
    assert rows.update(**EMPTIED) == 1
    assert rows.values(*EMPTIED).get() == EMPTIED
    assert rows.get().outcome == "valid"


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"outcome": "invalid"}, EMPTIED | {"outcome": "invalid"}, EMPTIED | {"name": "another"}]
)
def test_nothing_else_of_it_changes(check, change):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        VatCheck.objects.filter(pk=check.pk).update(**change)


def test_it_is_never_deleted(check):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        VatCheck.objects.filter(pk=check.pk).delete()


def test_without_the_guard_it_would_change(check):
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
    assert VatCheck.objects.filter(pk=check.pk).update(name="another") == 1
