"""What breaks the promises about late bills, one function for each way; ``test_checks`` sees each of them found."""

from datetime import UTC, date, datetime, timedelta

from bonafide.billing.models import Invoice
from bonafide.billing.settle import settle
from bonafide.payments.dunning.models import DunningBill, DunningCase, DunningStep, Suspension
from bonafide.terms.versions import make_version
from tests.factories.accounts import make_account
from tests.factories.billing import make_invoice, operator
from tests.factories.dunning import AS_PROMISED, CLOSED_AS_PROMISED, follow_up_by_hand

NOW = datetime(2024, 10, 2, 8, tzinfo=UTC)
DUE = date(2024, 9, 10)


def promise_steps(at: datetime = datetime(2024, 2, 1, tzinfo=UTC), **values: object) -> None:
    """From a month later on, late bills are followed up."""
    make_version(operator=operator(dunning={"enabled": True, **values}), now=at)


def suspend(bill: Invoice, **changes: object) -> Suspension | None:
    promise_steps()
    return follow_up_by_hand(bill, due_on=DUE, **changes)


def suspended_soon_after_a_letter(patch, living):
    suspend(living, days={**AS_PROMISED, "formal_notice": 7})


def suspended_sooner_after_the_due_date(patch, living):
    suspend(living, days={"notice": 1, "formal_notice": 2, "suspension": 8})


def suspended_for_a_bill_that_no_letter_named(patch, living):
    suspend(living)
    DunningBill.objects.exclude(step__kind="suspension").delete()


def a_consumer_suspended_without_a_formal_notice(patch, living):
    suspend(make_invoice(account=make_account(kind="person")), days={"notice": 1, "suspension": 10})


def suspended_without_a_day_for_staff(patch, living):
    suspend(living, planned=timedelta(hours=23))


def suspended_by_no_step(patch, living):
    suspend(living)
    DunningBill.objects.filter(step__kind="suspension").delete()
    DunningStep.objects.filter(kind="suspension").delete()


def suspended_though_paid(patch, living):
    suspend(living)
    known = {"means": "transfer", "reference": "behind our back", "received_on": NOW.date()}
    settle(invoice=living, amount_minor=living.total_minor, now=NOW, **known)


def suspended_after_its_case(patch, living):
    suspend(living)
    DunningCase.objects.update(ended_at=NOW - timedelta(hours=2), outcome="paid")


def closed_sooner(patch, living):
    suspend(living, days={**CLOSED_AS_PROMISED, "last_notice": 12, "closing": 14})


def closed_without_a_last_letter(patch, living):
    suspend(living, days={**AS_PROMISED, "closing": 15})


def followed_up_though_nothing_follows(patch, living):
    follow_up_by_hand(living, due_on=DUE, days={"notice": 1})


MUTATIONS = {
    "L1": [
        suspended_soon_after_a_letter,
        suspended_sooner_after_the_due_date,
        suspended_for_a_bill_that_no_letter_named,
        a_consumer_suspended_without_a_formal_notice,
        suspended_without_a_day_for_staff,
        suspended_by_no_step,
        suspended_though_paid,
        suspended_after_its_case,
        closed_sooner,
        closed_without_a_last_letter,
        followed_up_though_nothing_follows,
    ],
}
