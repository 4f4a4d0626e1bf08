"""Cancelling: on the day wanted, after the notice, what is matched at once and the rest by staff."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import Error, transaction

from bonafide.contracts.models import Notice
from bonafide.contracts.notices import NoticeRefused, mark_done, match_by_hand
from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.pricing.models import Subscription
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import issue, operator
from tests.factories.contracts import make_consumer, make_contract, make_offer, tell
from tests.factories.pricing import make_subscription

pytestmark = pytest.mark.django_db
CANCELLATION, Task = Notice.Kind.CANCELLATION, Notice.Task
ORDERED = datetime(2024, 8, 1, 8, tzinfo=UTC)
TOLD = datetime(2024, 9, 5, 15, 30, tzinfo=UTC)


def letters():
    return [Written.unseal(letter.sealed).text for letter in Letter.objects.filter(once__startswith="N-").order_by("pk")]


@pytest.mark.parametrize(
    ("wanted", "notice_days", "last"),
    [
        (None, 0, date(2024, 9, 5)),
        (date(2024, 9, 30), 0, date(2024, 9, 30)),
        (date(2024, 9, 6), 14, date(2024, 9, 19)),
    ],
)
def test_the_contract_ends_on_the_day_wanted_or_when_the_notice_is_over(wanted, notice_days, last):
    contract = make_contract(now=ORDERED)
    notice = tell(contract, kind=CANCELLATION, now=TOLD, wanted_on=wanted, by=operator(consumers={"notice_days": notice_days}))
    contract.refresh_from_db()
    assert contract.last_on == notice.last_on == last
    assert contract.subscription.ends_on == last + timedelta(days=1)
    assert (contract.withdrawn_at, notice.task, notice.due_on) == (None, Task.NONE, None)
    [confirmation] = letters()
    assert f"ends with the end of {last.day} September 2024" in confirmation
    assert "5 September 2024, 17:30" in confirmation


def test_one_that_has_not_begun_never_does():
    contract = make_contract(now=TOLD, begin_at_once=False)
    tell(contract, kind=CANCELLATION, now=TOLD)
    contract.refresh_from_db()
    assert (contract.subscription, contract.last_on) == (None, date(2024, 9, 5))
    assert not Subscription.objects.exists()


def test_a_second_notice_does_not_put_the_end_off_and_may_bring_it_forward():
    contract = make_contract(now=ORDERED)
    tell(contract, kind=CANCELLATION, now=TOLD, wanted_on=date(2024, 9, 30))
    assert tell(contract, kind=CANCELLATION, now=TOLD, wanted_on=date(2024, 12, 31)).last_on == date(2024, 9, 30)
    assert tell(contract, kind=CANCELLATION, now=TOLD, wanted_on=date(2024, 9, 15)).last_on == date(2024, 9, 15)
    contract.refresh_from_db()
    assert contract.last_on == date(2024, 9, 15)
    assert contract.subscription.ends_on == date(2024, 9, 16)


def test_who_was_put_on_a_plan_without_an_order_cancels_it_when_signed_in():
    account = make_account()
    owner = make_member(account=account)
    subscription = make_subscription(account, make_offer())
    stranger = tell(kind=CANCELLATION, now=TOLD, email=owner.email, contract=account.reference)
    assert stranger.task == Task.MATCH, "the reference of an account is no secret"
    mine = tell(kind=CANCELLATION, now=TOLD, email=owner.email, contract=account.reference, person=owner)
    subscription.refresh_from_db()
    assert subscription.ends_on == date(2024, 9, 6)
    assert (mine.account, mine.contract, mine.last_on) == (account, None, date(2024, 9, 5))


def test_an_association_cancels_as_a_consumer_does():
    contract = make_contract(account=make_account(kind="company", name="Association Rivages"), now=ORDERED)
    assert tell(contract, kind=CANCELLATION, now=TOLD).last_on == date(2024, 9, 5)


def test_what_a_stranger_writes_leaves_in_no_letter_to_somebody_else():
    tell(kind=CANCELLATION, now=TOLD, email="victim@example.com", contract="K-2", reason="Buy now at our shop")
    [letter] = letters()
    assert "Buy now" not in letter
    contract = make_contract(now=ORDERED)
    tell(contract, kind=CANCELLATION, now=TOLD, reason="I move away")
    assert "I move away" in letters()[-1]


# --- By staff -------------------------------------------------------------------------------------------------------------
def test_staff_find_the_contract_and_it_ends_by_the_day_of_the_notice():
    contract, staff = make_contract(now=ORDERED), make_user(is_staff=True)
    notice = tell(kind=CANCELLATION, now=TOLD, email="elsewhere@example.com", contract="my server")
    assert notice.due_on == date(2024, 9, 12)
    assert "answer by 12 September 2024" in letters()[0]
    three_days_later = TOLD + timedelta(days=3)
    match_by_hand(notice=notice, contract=contract, operator=operator(), by=staff, now=three_days_later)
    notice.refresh_from_db()
    contract.refresh_from_db()
    assert contract.last_on == notice.last_on == date(2024, 9, 5)
    assert (notice.task, notice.due_on, notice.done_by) == (Task.NONE, None, staff)
    found = letters()[1:]
    assert len(found) == 2, "to the address that was written, and to the owner"
    assert all("ends with the end of 5 September 2024" in text for text in found)
    with pytest.raises(NoticeRefused, match="settled already"):
        match_by_hand(notice=notice, contract=contract, operator=operator(), by=staff, now=three_days_later)


def test_a_month_that_was_billed_meanwhile_leaves_the_end_to_staff():
    contract, staff = make_contract(now=ORDERED, account=make_consumer().accounts.get()), make_user(is_staff=True)
    notice = tell(kind=CANCELLATION, now=datetime(2024, 8, 30, tzinfo=UTC), email="elsewhere@example.com", contract="my server")
    issue()
    match_by_hand(notice=notice, contract=contract, operator=operator(), by=staff, now=datetime(2024, 10, 2, tzinfo=UTC))
    notice.refresh_from_db()
    assert (notice.task, notice.last_on) == (Task.END, date(2024, 8, 30))
    assert notice in Notice.objects.to_do()
    contract.subscription.refresh_from_db()
    assert contract.subscription.ends_on is None, "nothing half done"


def test_staff_say_what_they_did():
    notice, staff = tell(kind=CANCELLATION, now=TOLD, email="x@example.com", contract="K-2"), make_user(is_staff=True)
    with pytest.raises(NoticeRefused, match="what was done"):
        mark_done(notice=notice, how=" ", by=staff, now=TOLD)
    mark_done(notice=notice, how="asked them by letter", by=staff, now=TOLD)
    notice.refresh_from_db()
    assert (notice.done_at, notice.done_by, notice.done_how) == (TOLD, staff, "asked them by letter")
    assert notice not in Notice.objects.to_do()
    with pytest.raises(NoticeRefused, match="nothing is left"):
        mark_done(notice=notice, how="again", by=staff, now=TOLD)


def test_the_database_keeps_a_notice_as_it_was_written():
    rows = Notice.objects.filter(pk=tell(kind=CANCELLATION, now=TOLD, email="x@example.com", contract="K-2").pk)
    for change in ({"name": "Somebody"}, {"received_at": ORDERED}, {"wanted_on": date(2030, 1, 1)}, {"email": ""}):
        with pytest.raises(Error), transaction.atomic():
            rows.update(**change)
    with pytest.raises(Error), transaction.atomic():
        rows.delete()
    assert rows.update(name="", email="", contract_said="", reason="") == 1
