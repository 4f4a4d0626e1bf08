"""What breaks the promises about contracts, one function for each way; ``test_checks`` sees each of them found."""

from datetime import UTC, datetime, timedelta

from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpResponse

from bonafide import append_only
from bonafide.contracts.models import Notice
from bonafide.mail.models import Letter
from tests.factories.contracts import make_contract, tell

NOW = datetime(2024, 10, 2, 8, tzinfo=UTC)


def rewritten(table: str, **values: object) -> None:
    """As somebody with full rights over the database could."""
    with connection.cursor() as cursor:
        for line in append_only.remove(vendor=connection.vendor, table=table):
            cursor.execute(line)
        for column, value in values.items():
            cursor.execute(f"UPDATE {table} SET {column} = %s", [value])


def a_contract_rewritten(patch, living):
    make_contract(now=NOW)
    rewritten("contracts_contract", summary='{"sections": []}')


def an_order_that_nobody_confirms(patch, living):
    patch.setattr("bonafide.contracts.order.confirm_order", lambda **given: None)


def a_contract_whose_letter_is_missing(patch, living):
    make_contract(now=NOW - timedelta(hours=1))
    Letter.objects.filter(purpose="contract").delete()


def a_button_that_says_less(patch, living):
    patch.setattr(
        "bonafide.contracts.views.ordering.render", lambda request, template, given: HttpResponse("<button>Go</button>")
    )


def a_contract_other_than_shown(patch, living):
    from bonafide.contracts.views import ordering

    render, nothing = ordering.render, {"summary": {"sections": [], "form": []}}
    patch.setattr(ordering, "render", lambda request, template, given: render(request, template, {**given, **nothing}))


def a_withdrawal_that_ends_nothing(patch, living):
    patch.setattr("bonafide.contracts.notices.carry_out", lambda **given: None)


def a_refund_that_nobody_paid(patch, living):
    notice = tell(make_contract(now=NOW), kind=Notice.Kind.WITHDRAWAL, now=NOW)
    notice.write(task=Notice.Task.REFUND, due_on=(NOW - timedelta(days=1)).date())


def no_link_to_withdraw(patch, living):
    patch.setattr("bonafide.contracts.models.Contract.may_withdraw", lambda self, today: False)


def a_notice_that_nobody_confirms(patch, living):
    patch.setattr("bonafide.contracts.notices.confirm_notice", lambda **given: None)


def a_plan_that_goes_on(patch, living):
    patch.setattr("bonafide.contracts.end.end_subscription", lambda *, subscription, last_on: subscription)


def a_notice_that_nobody_found(patch, living):
    told = NOW - timedelta(days=20)
    tell(kind=Notice.Kind.CANCELLATION, now=told, email="x@example.com", contract="mine")


def terms_that_are_not_there(patch, living):
    patch.setattr(django_settings, "TERMS_IN_FORCE", "tests.terms.contract_mutations.nothing_in_force")


def nothing_in_force(*, now: datetime) -> None:
    return None


MUTATIONS = {
    "O1": [
        a_contract_rewritten,
        an_order_that_nobody_confirms,
        a_contract_whose_letter_is_missing,
        a_button_that_says_less,
        a_contract_other_than_shown,
        terms_that_are_not_there,
    ],
    "O2": [
        a_withdrawal_that_ends_nothing,
        a_refund_that_nobody_paid,
        no_link_to_withdraw,
        a_notice_that_nobody_confirms,
        terms_that_are_not_there,
    ],
    "O3": [
        a_withdrawal_that_ends_nothing,
        a_plan_that_goes_on,
        a_notice_that_nobody_confirms,
        a_notice_that_nobody_found,
        terms_that_are_not_there,
    ],
}
