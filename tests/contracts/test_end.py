"""What else ends a contract: its account is erased, and ten years later what names somebody goes from it."""

from datetime import UTC, date, datetime

import pytest

from bonafide.contracts.models import Contract, Notice
from bonafide.privacy.erase import take_account
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.billing import operator
from tests.factories.contracts import make_contract, tell

pytestmark = pytest.mark.django_db
ORDERED = datetime(2024, 9, 3, 10, tzinfo=UTC)


def test_the_contract_of_an_erased_account_ends_and_is_kept():
    contract = make_contract(now=ORDERED)
    take_account(account_id=contract.account_id, now=datetime(2024, 9, 20, 10, tzinfo=UTC))
    contract.refresh_from_db()
    assert contract.last_on == date(2024, 9, 20)
    assert contract.summary, "the law asks to keep it"


def test_ten_years_after_its_end_nobody_is_named_in_it_any_more():
    contract = make_contract(now=ORDERED)
    runs = make_contract(now=ORDERED)
    notice = tell(contract, kind=Notice.Kind.CANCELLATION, now=datetime(2024, 9, 20, 10, tzinfo=UTC), reason="I move")
    for at, there in ((datetime(2034, 9, 20, 10, tzinfo=UTC), True), (datetime(2034, 9, 22, 10, tzinfo=UTC), False)):
        sweep_rows(operator=operator(), now=at)
        contract.refresh_from_db()
        notice.refresh_from_db()
        assert [bool(value) for value in (contract.summary, contract.email, notice.name, notice.reason)] == [there] * 4, at
    assert contract.digest
    assert Contract.objects.get(pk=runs.pk).summary, "one that runs is kept"
