"""A letter when a month reaches an amount: once an amount and month, to who looks after the bills."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from bonafide.billing.budgets.tell import tell_budgets
from bonafide.billing.models import Budget, BudgetReached
from bonafide.mail.models import Letter
from bonafide.pricing.rating import PerUnit
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import make_meter, make_plan, operator, subscribe, use

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 9, 20, 12, tzinfo=UTC)


@pytest.fixture
def account():
    account = make_account(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    account.meter = make_meter()
    subscribe(account, make_plan((account.meter, PerUnit(unit_price=Decimal(1))), is_default=False))
    for role in ("owner", "billing", "viewer"):
        make_member(account=account, role=role)
    return account


def budget(account, minor, currency="EUR"):
    return Budget.objects.create(account=account, amount_minor=minor, currency=currency, set_at=NOW)


def tell(now=NOW):
    return tell_budgets(operator=operator(), now=now)


def test_it_writes_once_an_amount_and_month_to_owners_and_billing(account):
    reached, beyond = budget(account, 5000), budget(account, 5001)
    use(account, account.meter, "49.99")
    assert tell() == 0
    use(account, account.meter, "0.01", day=20240916)
    assert tell() == 1  # reached is not only beyond
    assert tell(NOW + timedelta(hours=1)) == 0
    assert BudgetReached.objects.get().budget == reached
    written = Letter.objects.filter(purpose="budget")
    assert sorted(account.memberships.get(user=letter.user).role for letter in written) == ["billing", "owner"]
    use(account, account.meter, "100", day=20241002)
    assert tell(datetime(2024, 10, 5, tzinfo=UTC)) == 2  # another month, both
    assert BudgetReached.objects.filter(budget=beyond).count() == 1


def test_an_amount_in_another_currency_or_of_a_closed_account_is_left_alone(account):
    budget(account, 1, currency="USD")
    use(account, account.meter, "10")
    assert tell() == 0
    budget(account, 1)
    account.closed_at = NOW
    account.save(update_fields=["closed_at"])
    assert tell() == 0
    assert not Letter.objects.exists()


def test_the_database_takes_a_month_of_an_amount_once(account):
    one = budget(account, 5000)
    BudgetReached.objects.create(budget=one, month=202409, net_minor=5000, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        BudgetReached.objects.create(budget=one, month=202409, net_minor=6000, at=NOW)
