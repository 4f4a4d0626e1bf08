"""Delete a test account with all that hangs on it: it was never real, so nothing of it is kept."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import ProtectedError

from bonafide.accounts.models import Account, ApiKey, Clock
from bonafide.billing.models import SimulatedBill
from bonafide.billing.simulate.generate import origin_of, source_of
from bonafide.billing.simulate.make import SimulationRefused
from bonafide.pricing.models import Subscription
from bonafide.usage.models import Batch, Seen, Source, State, Total


@transaction.atomic
def delete_test_account(*, account: Account) -> None:
    """Its simulated bills, usage, sums, plans and keys, and the account itself.

    :raises SimulationRefused: for a real account, which is never deleted; and, with nothing deleted, when something names it that
        the database keeps for ever.
    """
    clock = Clock.objects.select_for_update().filter(pk=account.pk, account__is_test=True).first()
    if clock is None:
        raise SimulationRefused(f"{account.reference} is no test account: a real account is closed, never deleted")
    with connection.cursor() as cursor:  # every event of it came after the account was made
        cursor.execute("DELETE FROM usage_event WHERE id > %s AND account_id = %s", [clock.events_after, account.pk])
    for model in (SimulatedBill, Total, Seen, State, Subscription, ApiKey):
        model._base_manager.filter(account=account.pk).delete()
    Batch.objects.filter(origin=origin_of(account)).delete()
    Source.objects.filter(name=source_of(account)).delete()
    clock.delete()
    try:
        Account.objects.filter(pk=account.pk, is_test=True).delete()
    except ProtectedError as error:
        tables = ", ".join(sorted({row._meta.db_table for row in error.protected_objects}))
        raise SimulationRefused(f"{account.reference} cannot be deleted: rows of {tables} name it, which are kept") from None
