"""The ladder, with days that pass: what is done when, to whom, and what stops it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bonafide.accounts.models import Account
from bonafide.billing.amend.give_up import give_up
from bonafide.billing.amend.rectify import rectify
from bonafide.billing.models import Invoice
from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.operator_webhooks import Webhook
from bonafide.payments.dunning import follow_up as module
from bonafide.payments.dunning import reinstate as reinstating
from bonafide.payments.dunning.follow_up import follow_up
from bonafide.payments.dunning.models import DunningBill, DunningCase, DunningStep, PauseEntry, Suspension
from bonafide.payments.dunning.pause import PauseRefused, pause, resume
from bonafide.payments.dunning.reinstate import reinstate_if_paid, reinstate_paid
from bonafide.payments.dunning.state import is_suspended
from bonafide.payments.stripe.models import Attempt, AttemptState, AutoPay, Dispute, Method
from bonafide.payments.transfers.decide import set_aside
from bonafide.payments.transfers.propose import waiting
from bonafide.periods import Month
from bonafide.webhooks.kinds import declared
from bonafide.webhooks.models import Event
from tests.factories.accounts import make_user
from tests.factories.billing import issue
from tests.factories.contracts import make_contract
from tests.factories.transfers import Paid, camt, take
from tests.payments.dunning.conftest import DUE, at, days, done, dunning_operator, make_bill, make_debtor, pass_days, pay

pytestmark = pytest.mark.django_db

WHOLE = [
    ("notice", 1),
    ("formal_notice", 5),
    ("suspension", 10),
    ("last_notice", 13),
    ("closing", 15),
]


@pytest.fixture(autouse=True)
def service_listens(settings: Any) -> None:
    """Somebody wants to be told what becomes of accounts."""
    events = ("account.suspended", "account.reinstated", "account.closed")
    endpoint = Webhook(id="service", url="http://localhost:9/hooks", events=events)
    settings.OPERATOR = settings.OPERATOR.model_copy(update={"webhooks": (endpoint,)})


def after(count: int) -> date:
    return DUE + timedelta(days=count)


def written() -> list[Written]:
    return [Written.unseal(letter.sealed) for letter in Letter.objects.filter(purpose="unpaid-bills").order_by("pk")]


@pytest.mark.parametrize("kind", ["company", "person"])
def test_the_whole_ladder(kind: str) -> None:
    bill = make_bill(kind=kind)
    pass_days(DUE, after(20), by=dunning_operator())
    assert days(done()) == WHOLE
    account = Account.objects.get(pk=bill.account_id)
    assert account.closed_at == at(after(15))
    assert [event.kind for event in Event.objects.order_by("pk")] == ["account.suspended", "account.closed"]
    for event in Event.objects.all():
        assert set(event.data) == set(declared(event.kind).example)
        assert (event.data["reason"], event.data["bills"]) == (
            "unpaid_bills",
            [{"number": bill.number, "currency": "EUR", "open_minor": bill.total_minor, "due_on": "2024-10-03"}],
        )
    subjects = [letter.subject for letter in written()]
    assert subjects == [
        "A reminder: €120.00 was due",
        "Formal notice to pay €120.00",
        "Your service is suspended: €120.00 is unpaid",
        "Your account is closed on 18 October 2024",
        f"The account “{account.name}” is closed",
    ]
    assert Suspension.objects.get().until == at(after(15))
    assert DunningCase.objects.get().outcome == "closed"


def test_each_letter_names_bill_way_to_pay_and_what_follows_when(bill: Invoice) -> None:
    pass_days(DUE, after(10), by=dunning_operator())
    first, formal, suspended = (letter.text for letter in written())
    for text in (first, formal, suspended):
        assert f"Bill {bill.number}: €120.00, due on 3 October 2024" in text
        assert f"http://localhost:8000/bills/{bill.number}/pay" in text
        assert "IBAN: FR76 3000" in text
        assert "hello@nordlys.example" in text
        assert "It cannot be refused" in text
    assert "we write again on 8 October 2024" in first
    assert "suspended on 13 October 2024 at the earliest" in first
    assert "If they are not paid before 13 October 2024, the service is suspended on that day" in formal
    assert "we write a last time on 16 October 2024, and the account is closed on 18 October 2024" in suspended


def test_nothing_is_done_before_the_morning_nor_while_it_is_off(bill: Invoice) -> None:
    follow_up(operator=dunning_operator(), now=at(after(1), 7, 50))
    follow_up(operator=dunning_operator(enabled=False), now=at(after(1)))
    assert done() == []
    follow_up(operator=dunning_operator(), now=at(after(1), 8))
    assert days(done()) == WHOLE[:1]


def test_less_than_the_minimum_is_left_alone() -> None:
    make_bill("0.80")
    pass_days(DUE, after(12), by=dunning_operator())
    assert not DunningCase.objects.exists()


def test_two_at_once_and_many_rounds_do_each_step_once(bill: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second scheduler comes while the first is between reading and writing."""
    by, real = dunning_operator(), module._act
    inner: list[object] = []

    def late(*values: Any) -> Any:
        if not inner:
            inner.append(None)
            follow_up(operator=by, now=at(after(1)))
        return real(*values)

    monkeypatch.setattr(module, "_act", late)
    for _round in range(3):
        follow_up(operator=by, now=at(after(1)))
    assert days(done()) == WHOLE[:1]
    assert len(written()) == 1


def test_a_crash_between_step_and_letter_leaves_neither(bill: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    by = dunning_operator()
    other = make_debtor(name="Zo")
    issue()
    real = module.write_step

    def broken(**values: Any) -> int:
        if values["account"] == bill.account:
            raise RuntimeError("killed")
        return real(**values)

    monkeypatch.setattr(module, "write_step", broken)
    follow_up(operator=by, now=at(after(1)))
    assert done(bill.account) == []
    assert days(done(other)) == WHOLE[:1]  # one account's fault stops nobody else
    monkeypatch.setattr(module, "write_step", real)
    follow_up(operator=by, now=at(after(1), 9, 15))
    assert days(done(bill.account)) == WHOLE[:1]


def test_days_that_were_missed_keep_the_distance_between_steps(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(after(30), after(60), by=by)
    assert days(done()) == [(kind, day + 29) for kind, day in WHOLE]


def test_no_suspension_comes_that_was_not_planned_a_day_before(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(DUE, after(5), by=by)
    follow_up(operator=by, now=at(after(10), 9))  # four days without a server
    assert not is_suspended(bill.account)
    planned = DunningStep.objects.get(kind="suspension")
    assert planned.planned_on == after(12)  # staff read of it tomorrow morning
    follow_up(operator=by, now=at(after(11), 23))
    assert not is_suspended(bill.account)
    follow_up(operator=by, now=at(after(12), 8))
    assert is_suspended(bill.account)


def test_a_promised_day_is_kept_when_the_schedule_becomes_shorter(bill: Invoice) -> None:
    pass_days(DUE, after(5), by=dunning_operator())
    pass_days(after(6), after(12), by=dunning_operator(suspend_days=7, days_to_pay=2))
    assert days(done())[-1] == ("suspension", 10)


# --- Payment --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("last", range(len(WHOLE) - 1))
def test_payment_after_any_step_ends_it(bill: Invoice, last: int) -> None:
    by, day = dunning_operator(), WHOLE[last][1]
    pass_days(DUE, after(day), by=by)
    pay(bill, after(day))
    suspended = day >= 10  # reinstated with the booking
    assert reinstate_if_paid(account=bill.account, now=at(after(day), 10), operator=by) is not suspended
    assert not reinstate_if_paid(account=bill.account, now=at(after(day), 11), operator=by)
    assert is_suspended(bill.account) is False
    pass_days(after(day + 1), after(30), by=by)
    expected = WHOLE[: last + 1] + ([("reinstatement", day)] if suspended else [])
    assert days(done()) == expected
    assert DunningCase.objects.get().outcome == "paid"
    kinds = [event.kind for event in Event.objects.order_by("pk")]
    assert kinds == (["account.suspended", "account.reinstated"] if suspended else [])


def test_payment_calls_off_what_was_planned(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(DUE, after(9), by=by)
    assert DunningStep.objects.get(kind="suspension").done_at is None
    pay(bill, after(9))
    assert reinstate_paid(operator=by, now=at(after(9), 10)) == 1
    assert DunningStep.objects.get(kind="suspension").called_off_at == at(after(9), 10)


def test_a_part_is_not_enough_but_the_rest_below_the_minimum_is(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(DUE, after(5), by=by)
    pay(bill, after(6), 6_000)
    pass_days(after(6), after(10), by=by)
    assert is_suspended(bill.account)
    assert DunningBill.objects.get(step__kind="suspension").open_minor == 6_000
    pay(bill, after(11), 5_000, reference="pi_2")
    assert is_suspended(bill.account)
    pay(bill, after(11), 950, reference="pi_3")
    assert not is_suspended(bill.account)


def test_who_pays_what_letters_named_begins_anew_with_other_bills(bill: Invoice) -> None:
    """A bill that no letter named leads to no suspension, even where the letters were about another."""
    by = dunning_operator(suspend_days=40, close_days=0)
    pass_days(DUE, after(6), by=by)
    issue(month=Month(2024, 10), now=at(date(2024, 11, 1)))
    second = Invoice.objects.get(month=202410)
    assert second.due_on == after(31)
    pass_days(after(30), after(37), by=by)
    pay(bill, after(38))
    pass_days(after(38), after(44), by=by)
    assert days(done()) == [("notice", 1), ("formal_notice", 5), ("notice", 38), ("formal_notice", 42)]
    assert DunningCase.objects.count() == 2
    assert not is_suspended(bill.account)


# --- Who is left in peace -------------------------------------------------------------------------------------------------
def test_a_pause_stops_everything_and_its_end_gives_days_to_pay(bill: Invoice) -> None:
    by, staff = dunning_operator(), make_user(is_staff=True)
    pass_days(DUE, after(9), by=by)
    pause(account=bill.account, reason="calls us", until_on=after(20), by=staff, operator=by, now=at(after(9), 10))
    pass_days(after(10), after(20), by=by)
    assert days(done()) == WHOLE[:2]
    assert DunningStep.objects.get(kind="suspension").called_off_at
    pass_days(after(21), after(40), by=by)
    assert days(done())[2] == ("suspension", 26)


def test_staff_end_a_pause_and_history_stays(bill: Invoice) -> None:
    by, staff = dunning_operator(), make_user(is_staff=True)
    pause(account=bill.account, reason="calls us", until_on=None, by=staff, operator=by, now=at(DUE))
    pass_days(DUE, after(3), by=by)
    assert done() == []
    assert resume(account=bill.account, reason="", by=staff, now=at(after(4), 8))
    assert resume(account=bill.account, reason="", by=staff, now=at(after(4), 8)) is None
    pass_days(after(4), after(4), by=by)
    assert days(done()) == [("notice", 4)]
    assert [entry.pauses for entry in PauseEntry.objects.order_by("pk")] == [True, False]
    with pytest.raises(PauseRefused):
        pause(account=bill.account, reason=" ", until_on=None, by=staff, operator=by, now=at(DUE))
    with pytest.raises(PauseRefused):
        pause(account=bill.account, reason="x", until_on=DUE, by=staff, operator=by, now=at(after(1)))


def make_attempt(bill: Invoice, state: AttemptState, **values: Any) -> Attempt:
    known = {"way": Attempt.Way.CHECKOUT, "begun_at": at(DUE), "moved_at": at(DUE), **values}
    return Attempt.objects.create(
        account=bill.account, invoice=bill, currency="EUR", amount_minor=bill.total_minor, state=state, **known
    )


def test_nobody_is_pressed_while_a_payment_is_on_its_way(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(DUE, after(9), by=by)
    attempt = make_attempt(bill, AttemptState.PROCESSING)
    pass_days(after(10), after(14), by=by)
    assert days(done()) == WHOLE[:2]
    assert DunningCase.objects.get().ended_at is None  # on its way is not there yet
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.FAILED)
    pass_days(after(15), after(17), by=by)
    assert days(done())[-1] == ("suspension", 16)  # planned anew


def test_nobody_is_pressed_for_a_bill_in_place_of_one_that_is_being_paid(bill: Invoice) -> None:
    by = dunning_operator()
    make_attempt(bill, AttemptState.PROCESSING)
    Account.objects.filter(pk=bill.account_id).update(name="Atelier Vega")
    rectify(invoice=bill, reason="Wrong name", key="r-1", operator=by, now=at(after(0)))
    pass_days(after(1), after(14), by=by)
    assert done() == []


def test_who_agrees_late_to_a_debit_is_not_pressed_before_its_notice_is_over(bill: Invoice) -> None:
    method = Method.objects.create(account=bill.account, stripe_id="pm_1", kind="sepa_debit", saved_at=at(DUE))
    AutoPay.objects.create(account=bill.account, method=method, words="w", agreed_at=at(after(20)))
    by = dunning_operator()
    told = {"enabled": True, "debit_notice_days": 14, "retry_days": ()}
    by = by.model_copy(update={"stripe": by.stripe.model_copy(update=told)})
    pass_days(after(20), after(35), by=by)
    assert done() == []
    pass_days(after(36), after(36), by=by)
    assert days(done()) == [("notice", 36)]


def test_one_account_that_cannot_be_reinstated_leaves_the_others(bill: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*, case: DunningCase, **known: Any) -> None:
        if case.account_id == bill.account_id:
            raise ValueError("nobody thought of this")
        settled(case=case, **known)

    other, by, settled = make_bill(), dunning_operator(), reinstating.settle_case
    pass_days(DUE, after(1), by=by)
    for number, one in enumerate((bill, other)):
        pay(one, after(2), reference=f"pi_{number}")
    monkeypatch.setattr(reinstating, "settle_case", broken)
    assert reinstate_paid(operator=by, now=at(after(2))) == 1
    assert not DunningCase.objects.filter(account=other.account, ended_at=None).exists()


def test_a_disputed_payment_is_left_in_peace(bill: Invoice) -> None:
    attempt = make_attempt(bill, AttemptState.FAILED)
    known = {"stripe_id": "dp_1", "amount_minor": 1, "reason": "fraudulent", "opened_at": at(DUE), "moved_at": at(DUE)}
    dispute = Dispute.objects.create(attempt=attempt, state="needs_response", **known)
    pass_days(DUE, after(3), by=dunning_operator())
    assert done() == []
    Dispute.objects.filter(pk=dispute.pk).update(state="lost")
    pass_days(after(4), after(4), by=dunning_operator())
    assert days(done()) == [("notice", 4)]


@pytest.mark.parametrize(("tries", "first"), [(0, 9), (1, 9), (3, 1)])
def test_automatic_payments_are_tried_before_anybody_is_written_to(bill: Invoice, tries: int, first: int) -> None:
    """With retries 3 and 7 days after the first time; all three failed: nothing is left to be tried."""
    method = Method.objects.create(account=bill.account, stripe_id="pm_1", kind="card", saved_at=at(DUE))
    AutoPay.objects.create(account=bill.account, method=method, words="w", agreed_at=at(DUE))
    for _number in range(tries):
        make_attempt(bill, AttemptState.FAILED, way=Attempt.Way.AUTO, method=method)
    by = dunning_operator()
    by = by.model_copy(update={"stripe": by.stripe.model_copy(update={"enabled": True})})
    pass_days(DUE, after(9), by=by)
    assert days(done())[0] == ("notice", first)


def test_nobody_is_pressed_for_a_bill_that_a_transfer_may_pay_which_staff_have_not_looked_at(bill: Invoice) -> None:
    take(camt(Paid(f"{bill.total_minor / 100:.2f}", text="thank you", ref="B9", name=bill.account.name)), now=at(DUE))
    by = dunning_operator()
    pass_days(DUE, after(12), by=by)
    assert done() == []
    [movement] = waiting()
    set_aside(movement=movement, reason="another customer's", by=make_user(), now=at(after(12)))
    pass_days(after(13), after(13), by=by)
    assert days(done())[0][0] == "notice"


def test_what_was_given_up_in_the_books_is_not_pressed_for(bill: Invoice) -> None:
    by = dunning_operator()
    pass_days(DUE, after(10), by=by)
    give_up(invoice=bill, amount_minor=None, reason="gone", key="k", operator=by, now=at(after(11)))
    pass_days(after(11), after(30), by=by)
    assert days(done()) == WHOLE[:3]
    assert is_suspended(bill.account)  # giving up in the books waives nothing


def test_bills_of_a_trial_are_owed_by_nobody_later(bill: Invoice) -> None:
    from tests.factories.billing import triggers_lifted

    with triggers_lifted():
        Invoice.objects.update(trial=True)
    pass_days(DUE, after(2), by=dunning_operator())
    assert done() == []
    by = dunning_operator()
    trial = by.model_copy(update={"service": by.service.model_copy(update={"trial": True})})
    pass_days(after(3), after(3), by=trial)
    assert "This is a trial: nothing of this is owed" in written()[0].text


# --- What else follows ----------------------------------------------------------------------------------------------------
def test_closing_ends_contracts_and_the_month_is_still_billed(bill: Invoice) -> None:
    contract = make_contract(account=bill.account, now=at(DUE))
    pass_days(DUE, after(15), by=dunning_operator())
    contract.refresh_from_db()
    assert contract.last_on == after(15)
    issue(month=Month(2024, 10), now=at(date(2024, 11, 1)))
    assert Invoice.objects.filter(account=bill.account, month=202410).exists()


def test_what_the_law_adds_is_told_to_companies_at_once_and_to_people_after_a_formal_notice() -> None:
    from decimal import Decimal

    from bonafide.operator_dunning import LateRate

    rate = LateRate(
        valid_from=date(2024, 7, 1), business=Decimal("12.15"), consumers=Decimal("8.16"), legal=Decimal("2.62"), source="s"
    )
    by = dunning_operator(rates=(rate,))
    company, person = make_debtor("1000"), make_debtor("1000", kind="person")
    issue()
    pass_days(DUE, after(10), by=by)

    def added(account: Account) -> list[tuple[str, int, int]]:
        rows = DunningBill.objects.filter(step__case__account=account).order_by("pk")
        return [(row.step.kind, row.interest_minor, row.fee_minor) for row in rows]

    # Up to the day before: 4 and 9 days at 12.15 % of 1,200; the fee from the first day of delay on.
    assert added(company) == [("notice", 0, 0), ("formal_notice", 160, 4000), ("suspension", 360, 4000)]
    # From the day after the notice, which came on the fifth day: 4 days at 8.16 %.
    assert added(person) == [("notice", 0, 0), ("formal_notice", 0, 0), ("suspension", 107, 0)]
    texts = [letter.text for letter in written()]
    assert sum("interest of €1.60 and a fixed fee of €40.00" in text for text in texts) == 1
    assert sum("From tomorrow on they bear interest" in text for text in texts) == 1


def test_looking_at_many_accounts_takes_the_same_statements() -> None:
    by = dunning_operator()

    def statements(count: int) -> int:
        for _each in range(count):
            make_debtor()
        issue()
        pass_days(after(1), after(1), by=by)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            follow_up(operator=by, now=at(after(2)))
        return len(caught)

    assert statements(2) == statements(10)
