"""An attestation is never rewritten; who signed it may be emptied once it is old."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from bonafide.terms import triggers
from bonafide.terms.inventory import TABLES
from bonafide.terms.models import Attestation

pytestmark = pytest.mark.django_db
[EMPTIED] = [dict(table.holdings[0].ends.emptied) for table in TABLES if table.model == "terms.Attestation"]


@pytest.fixture
def signed():
    return Attestation.objects.create(
        clause="D1", by="Camille Nordin", capacity="director", on=date(2024, 1, 1), until=date(2024, 12, 31)
    )


def test_it_is_emptied_as_the_inventory_says(signed):
    assert Attestation.objects.filter(pk=signed.pk).update(**EMPTIED) == 1
    kept = Attestation.objects.get()
    assert (kept.by, kept.capacity, kept.clause, kept.on, kept.until) == ("", "", "D1", signed.on, signed.until)


def test_the_page_of_the_promise_says_that_the_name_is_no_longer_kept(signed):
    page = Client().get("/promises/S1").content.decode()
    assert "no longer kept" not in page
    Attestation.objects.create(clause="S1", by="", capacity="", on=signed.on, until=signed.until)
    assert "By a name that is no longer kept" in Client().get("/promises/S1").content.decode()


@pytest.mark.parametrize(
    "change", [{"by": "another"}, {"by": ""}, {"capacity": ""}, {"clause": "S1"}, EMPTIED | {"until": date(2030, 1, 1)}]
)
def test_nothing_else_of_it_changes(signed, change):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Attestation.objects.filter(pk=signed.pk).update(**change)


def test_it_is_never_deleted(signed):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Attestation.objects.filter(pk=signed.pk).delete()


def test_without_the_guard_it_would_change(signed):
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
    assert Attestation.objects.filter(pk=signed.pk).update(by="another") == 1
