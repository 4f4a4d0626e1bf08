"""What is over expires once no bill can use it, and is told before."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bonafide.billing.balance.expire import expire_grants
from bonafide.billing.balance.models import Taken
from bonafide.billing.balance.one_off import withdraw_charge
from bonafide.billing.balance.tell import tell_ending
from bonafide.billing.ledger.fec import lines_of_year
from bonafide.billing.ledger.models import Posting
from bonafide.billing.verify import Verified, verify_books
from bonafide.mail.models import Letter
from tests.billing.balance.grants import left_of, make_charge, make_grant, make_payer
from tests.factories.accounts import make_member
from tests.factories.billing import issue, operator

pytestmark = pytest.mark.django_db
SEPTEMBER_30 = date(2024, 9, 30)


def expire(day: int, month: int = 10) -> int:
    return expire_grants(operator=operator(), now=datetime(2024, month, day, 3, tzinfo=UTC))


def test_a_grant_waits_for_the_bill_of_its_last_month_and_what_is_left_then_expires() -> None:
    account = make_payer("100")
    grant = make_grant(account, "prepaid", 20000, expires_on=SEPTEMBER_30)
    gift = make_grant(
        account, "credit", 1000, expires_on=date(2024, 10, 30)
    )  # the last month that it sees the end of is September
    assert expire(1) == 0
    issue(now=datetime(2024, 10, 4, 8, tzinfo=UTC))
    assert (left_of(grant), left_of(gift)) == (20000 - 10800, 0)
    assert [expire(5), expire(6)] == [1, 0]
    assert (left_of(grant), Taken.objects.get(kind="expiry").amount_minor) == (0, 9200)
    books = operator().books
    assert Posting.objects.filter(step="expiry").values_list("debit", "credit", "amount_minor", "home_minor").get() == (
        books.prepaid, books.expired, 9200, 9200,
    )  # fmt: skip
    assert isinstance(verify_books(), Verified)
    rows = [line.split("|") for line in lines_of_year(year=2024, operator=operator())]
    assert [(row[0], row[4], row[11], row[12]) for row in rows if row[10].startswith("Avance périmée")] == [
        ("OD", books.prepaid, "92,00", "0,00"),
        ("OD", books.expired, "0,00", "92,00"),
    ]


def test_it_waits_while_the_accounts_own_bill_is_stopped() -> None:
    account = make_payer("100")
    grant = make_grant(account, "credit", 1000, expires_on=SEPTEMBER_30)
    wrong = make_charge(account, "1", currency="USD")
    assert issue().stopped
    assert expire(5) == 0
    withdraw_charge(charge=wrong, now=datetime(2024, 10, 5, tzinfo=UTC))
    issue(now=datetime(2024, 10, 6, 8, tzinfo=UTC))
    assert left_of(grant) == 0


def test_nothing_that_holds_expires() -> None:
    make_grant(make_payer("100"), "prepaid", 100)
    make_grant(make_payer("100"), "credit", 100, expires_on=date(2024, 12, 31))
    issue()
    assert expire(30) == 0


def test_owners_and_billing_get_a_letter_before_credit_or_money_expires_and_once() -> None:
    account = make_payer("100")
    for role in ("owner", "billing", "viewer"):
        make_member(account=account, role=role)
    make_grant(account, "credit", 500, expires_on=date(2024, 12, 31))
    make_grant(account, "voucher", 500, expires_on=date(2024, 12, 31))
    make_grant(account, "prepaid", 500)

    def tell(day: int) -> int:
        return tell_ending(operator=operator(), now=datetime(2024, 12, day, 3, tzinfo=UTC))

    assert tell_ending(operator=operator(), now=datetime(2024, 11, 30, 3, tzinfo=UTC)) == 0
    assert [tell(1), tell(2), tell(31)] == [2, 0, 0]
    written = Letter.objects.filter(purpose="balance-ends")
    assert sorted(account.memberships.get(user=letter.user).role for letter in written) == ["billing", "owner"]
