"""Withdrawing: the plan ends with the day, what is owed is in proportion or nothing, and money that was paid goes back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bonafide.billing.models import Correction, Invoice
from bonafide.billing.settle import settle
from bonafide.contracts.models import Contract, Notice
from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.pricing.models import Subscription
from tests.factories.accounts import make_account, make_member
from tests.factories.billing import OCTOBER_1, issue, triggers_lifted
from tests.factories.contracts import make_consumer, make_contract, make_offer, tell

pytestmark = pytest.mark.django_db
WITHDRAWAL, Task = Notice.Kind.WITHDRAWAL, Notice.Task
SEPTEMBER_FIRST = datetime(2024, 9, 1, 8, tzinfo=UTC)  # a month of 30 days
FIFTH_DAY = datetime(2024, 9, 5, 15, 30, tzinfo=UTC)


def letters():
    return [
        Written.unseal(letter.sealed).text for letter in Letter.objects.order_by("pk") if "ordered" not in (letter.once or "")
    ]


def test_vector_21_on_the_fifth_day_five_of_thirty_are_owed_and_the_plan_is_over():
    contract = make_contract(now=SEPTEMBER_FIRST)
    notice = tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY)
    contract.refresh_from_db()
    assert (contract.withdrawn_at, contract.last_on) == (FIFTH_DAY, date(2024, 9, 5))
    assert contract.subscription.ends_on == date(2024, 9, 6)
    assert (notice.kept_minor, notice.refund_minor, notice.currency) == (500, 0, "EUR")
    assert notice.task == Task.NONE
    assert notice.due_on is None, "nothing was billed or paid: nothing goes back"


def test_without_the_express_request_nothing_is_owed_and_the_plan_never_begins():
    contract = make_contract(now=SEPTEMBER_FIRST, begin_at_once=False)
    notice = tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY)
    contract.refresh_from_db()
    assert (notice.kept_minor, notice.refund_minor) == (0, 0)
    assert contract.subscription is None
    assert not Subscription.objects.exists()
    issue()
    assert not Invoice.objects.filter(net_minor__gt=0).exists()


def billed_in_full(contract):
    """September's bill as it is before anybody withdraws, of 25.00 before VAT, dated 1 October."""
    issue()
    bill = Invoice.objects.get(account=contract.account)
    assert bill.lines.get(meter="").net_minor == 2500
    return bill


def test_what_was_billed_beyond_it_is_credited_and_what_was_paid_goes_back():
    """Ordered on 20 September, billed for all of September, withdrawn on 2 October."""
    contract = make_contract(now=datetime(2024, 9, 20, 8, tzinfo=UTC))
    Subscription.objects.filter(pk=contract.subscription_id).update(starts_on=date(2024, 9, 1))  # a bill of the whole month
    bill = billed_in_full(contract)
    settle(invoice=bill, amount_minor=3000, received_on=date(2024, 10, 1), means="transfer", reference="t1", now=OCTOBER_1)
    told = datetime(2024, 10, 2, 9, tzinfo=UTC)
    notice = tell(contract, kind=WITHDRAWAL, now=told)
    # 11 of 30 days of September are owed, 9.17 before VAT; two of October wait for October's bill.
    credited = Correction.objects.get(original=bill)
    assert credited.document.net_minor == 2500 - 917
    assert credited.reason == f"withdrawal from contract {contract.reference}"
    assert notice.refund_minor == credited.document.total_minor == 1900
    assert (notice.task, notice.due_on) == (Task.REFUND, date(2024, 10, 16))
    assert notice.kept_minor == 1100 + 194
    [receipt] = letters()
    assert "€19.00 go back to you by 16 October 2024" in receipt


def test_what_another_contract_of_the_month_owes_stays_on_the_bill():
    """Ten days of one at 12.50, then eleven of another at 25.00, billed by the day: both are owed, nothing is credited."""
    first = make_contract(now=datetime(2024, 9, 10, 8, tzinfo=UTC), plan=make_offer(euros="12.5"))
    tell(first, kind=Notice.Kind.CANCELLATION, now=datetime(2024, 9, 19, 8, tzinfo=UTC))
    second = make_contract(now=datetime(2024, 9, 20, 8, tzinfo=UTC), account=first.account)
    issue()
    bill = Invoice.objects.get(account=first.account)
    with triggers_lifted():
        bill.lines.filter(meter="").update(net_minor=417 + 917)
    tell(second, kind=WITHDRAWAL, now=datetime(2024, 10, 2, 9, tzinfo=UTC))
    assert not Correction.objects.exists()


def test_a_bill_that_nobody_paid_is_credited_and_no_money_goes_back():
    contract = make_contract(now=datetime(2024, 9, 20, 8, tzinfo=UTC))
    Subscription.objects.filter(pk=contract.subscription_id).update(starts_on=date(2024, 9, 1))
    bill = billed_in_full(contract)
    notice = tell(contract, kind=WITHDRAWAL, now=datetime(2024, 10, 2, 9, tzinfo=UTC))
    assert Invoice.objects.with_state(date(2024, 10, 2)).get(pk=bill.pk).open_minor == 1100
    assert (notice.refund_minor, notice.task) == (0, Task.NONE)


def test_the_receipt_says_what_was_told_on_which_day_at_which_time():
    contract = make_contract(now=SEPTEMBER_FIRST)
    notice = tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY)
    [receipt] = letters()
    for said in (notice.reference, contract.reference, "5 September 2024, 17:30", "Mira", contract.email, "you owe €5.00"):
        assert said in receipt


def test_an_owner_at_another_address_is_told_too():
    contract = make_contract(now=SEPTEMBER_FIRST)
    other = make_member(account=contract.account, role="owner")
    viewer = make_member(account=contract.account, role="viewer")
    tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY)
    told = set(Letter.objects.filter(once__startswith="N-").values_list("address", flat=True))
    assert told == {contract.email, other.email}
    assert viewer.email not in told


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2024, 9, 16, 21, 59, tzinfo=UTC), True),  # the last day, one minute to midnight in Paris: a Monday
        (datetime(2024, 9, 16, 22, 0, tzinfo=UTC), False),
    ],
)
def test_it_counts_to_the_end_of_the_last_day_on_the_operators_clock(at, counts):
    """Ordered on Sunday 1 September: 14 days end on Sunday the 15th, so on Monday."""
    contract = make_contract(now=SEPTEMBER_FIRST)
    assert contract.withdraw_until == date(2024, 9, 16)
    notice = tell(contract, kind=WITHDRAWAL, now=at)
    contract.refresh_from_db()
    assert (contract.withdrawn_at is not None) is counts
    assert (notice.task == Task.MATCH) is not counts, "staff answer who is too late"
    assert ("We look for the contract" in letters()[0]) is not counts


def test_pressed_twice_or_told_twice_it_is_one_withdrawal():
    contract = make_contract(now=SEPTEMBER_FIRST)
    first = tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY, key="a-key")
    assert tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY, key="a-key") == first
    assert tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY + timedelta(days=1)) == first
    assert (Notice.objects.count(), len(letters())) == (1, 1)


def test_a_company_cannot_withdraw_and_staff_answer_it():
    contract = make_contract(account=make_account(), now=SEPTEMBER_FIRST)
    notice = tell(contract, kind=WITHDRAWAL, now=FIFTH_DAY)
    contract.refresh_from_db()
    assert contract.last_on is None
    assert (notice.task, notice.due_on, notice.contract) == (Task.MATCH, date(2024, 9, 12), contract)


# --- Which contract -------------------------------------------------------------------------------------------------------
def untouched(contract):
    contract.refresh_from_db()
    return contract.last_on is None


def test_the_reference_alone_ends_nothing():
    contract = make_contract(now=SEPTEMBER_FIRST)
    notice = tell(kind=WITHDRAWAL, now=FIFTH_DAY, email="stranger@example.com", contract=contract.reference)
    assert untouched(contract)
    assert (notice.task, notice.account, notice.contract) == (Task.MATCH, None, None)
    [receipt] = letters()
    assert "We look for the contract that you name, and answer by 12 September 2024" in receipt


def test_the_address_alone_ends_nothing():
    contract = make_contract(now=SEPTEMBER_FIRST)
    assert tell(kind=WITHDRAWAL, now=FIFTH_DAY, email=contract.email, contract="K-2222222222").task == Task.MATCH
    assert tell(kind=WITHDRAWAL, now=FIFTH_DAY, email=contract.email, contract=contract.account.reference).task == Task.MATCH
    assert untouched(contract)


def test_a_viewers_address_ends_nothing():
    contract = make_contract(now=SEPTEMBER_FIRST)
    viewer = make_member(account=contract.account, role="viewer")
    tell(kind=WITHDRAWAL, now=FIFTH_DAY, email=viewer.email, contract=contract.reference, person=viewer)
    assert untouched(contract)


def test_another_owner_may_and_however_it_is_spelled():
    contract = make_contract(now=SEPTEMBER_FIRST)
    other = make_member(account=contract.account, role="owner")
    tell(kind=WITHDRAWAL, now=FIFTH_DAY, email=other.email.upper(), contract=f" {contract.reference.lower()} ")
    assert not untouched(contract)


def test_who_withdrew_orders_again_on_the_same_day_and_begins_on_the_next():
    first = make_contract(now=SEPTEMBER_FIRST)
    tell(first, kind=WITHDRAWAL, now=FIFTH_DAY)
    second = make_contract(now=FIFTH_DAY, account=first.account, plan=make_offer())
    assert second.starts_on == second.subscription.starts_on == date(2024, 9, 6)


def test_one_contract_of_an_account_leaves_the_next_alone():
    first = make_contract(now=SEPTEMBER_FIRST, account=make_consumer().accounts.get())
    tell(first, kind=WITHDRAWAL, now=FIFTH_DAY)
    second = make_contract(now=FIFTH_DAY + timedelta(days=1), account=first.account, plan=make_offer())
    assert Contract.objects.running(date(2024, 9, 10)).get() == second
    assert second.subscription.starts_on == date(2024, 9, 6)
