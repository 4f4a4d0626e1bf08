"""A bank's file is noted once, and what is certain of it is on its bills: to the cent, and never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext

from bonafide.billing.amend.rectify import rectify
from bonafide.billing.balance.models import Grant
from bonafide.billing.closings.close import close_months
from bonafide.billing.ledger.models import Posting
from bonafide.billing.models import Invoice, Settlement
from bonafide.mail.models import Letter
from bonafide.payments.models import Receipt, Returned
from bonafide.payments.transfers import triggers
from bonafide.payments.transfers.decide import AlreadyDecided, book, set_aside
from bonafide.payments.transfers.import_statement import Booked, book_certain, look_at
from bonafide.payments.transfers.inventory import TABLES
from bonafide.payments.transfers.match import Why
from bonafide.payments.transfers.models import BankStatement, Decision, Doubt, Movement
from bonafide.payments.transfers.propose import propose_for, waiting
from bonafide.payments.transfers.statement import StatementRefused
from bonafide.periods import Month
from bonafide.privacy.sweep_rows import sweep_rows
from tests.factories.accounts import make_account, make_member, make_user
from tests.factories.billing import make_invoice, operator
from tests.factories.transfers import DAY, NOW, OURS, Paid, camt, mt940, paid_on, take

pytestmark = pytest.mark.django_db


def on(bill: Invoice, amount: str = "12.00", **values: object) -> Paid:
    """A payment that names a bill by its reference."""
    return Paid(amount, reference=bill.payment_reference, **{"ref": f"B-{bill.pk}", **values})  # type: ignore[arg-type]


def proposed() -> list[object]:
    return [propose_for(movement=movement, now=NOW) for movement in waiting()]


# --- What is certain ------------------------------------------------------------------------------------------------------
def test_a_payment_pays_its_bill_and_who_looks_after_it_reads_so() -> None:
    bill = make_invoice()
    make_member(account=bill.account, role="owner")
    done = take(camt(on(bill)))
    assert (done.looked.new, done.booked.payments, done.waiting) == (1, 1, 0)
    [settled] = Settlement.objects.all()
    assert (settled.invoice, settled.amount_minor, settled.means, settled.received_on) == (bill, 1200, "transfer", DAY)
    [decision] = Decision.objects.all()
    assert (decision.kind, decision.by_itself, decision.receipt.reference) == ("booked", True, settled.reference)
    assert Letter.objects.filter(purpose="payment_received").count() == 1


def test_a_part_more_than_was_open_and_one_payment_for_several_bills() -> None:
    less, more, one, two = (make_invoice() for _ in range(4))
    both = Paid("24.00", text=f"{one.payment_reference} and {two.payment_reference}", ref="B-both")
    assert take(camt(on(less, "5.00"), on(more, "15.00"), both)).booked.payments == 3
    assert paid_on([less, more, one, two]) == [500, 1200, 1200, 1200]
    [kept] = Grant.objects.all()
    assert (kept.account, kept.amount_minor) == (more.account, 300)


def test_a_rest_of_a_joint_payment_of_two_customers_is_nobodys_and_waits() -> None:
    one, two = make_invoice(), make_invoice()
    assert take(camt(Paid("25.00", text=f"{one.payment_reference} {two.payment_reference}"))).booked.payments == 0
    [proposal] = proposed()
    assert (proposal.certain, proposal.can_be_taken, proposal.rest_minor) == (False, False, 100)


def test_a_rest_beside_a_paid_bill_of_another_customer_is_not_kept_for_the_first() -> None:
    one, paid = make_invoice(), make_invoice()
    take(camt(on(paid)))
    both = Paid("24.00", text=f"{one.payment_reference} and {paid.payment_reference}", ref="both")
    assert take(camt(both, opening="112.00")).booked.payments == 0
    assert (paid_on([one, paid]), Grant.objects.count()) == ([0, 1200], 0)


def test_a_replaced_bill_is_paid_by_its_own_reference_on_the_one_in_its_place() -> None:
    wrong = make_invoice()
    account = wrong.account
    account.street = "9 rue de la Paix"
    account.save()
    right = rectify(invoice=wrong, reason="street", key="k", operator=operator(), now=datetime(2024, 10, 1, 9, tzinfo=UTC))
    assert take(camt(on(wrong))).booked.payments == 1
    assert paid_on([wrong, right]) == [0, 1200]


def test_money_received_in_a_closed_month_is_booked_on_an_open_day() -> None:
    bill, later = make_invoice(), datetime(2024, 11, 5, 9, tzinfo=UTC)
    close_months(until=Month(2024, 10), operator=operator(), now=later)
    assert take(camt(on(bill)), now=later).booked.payments == 1
    assert Settlement.objects.get().received_on == DAY
    entered = Posting.objects.filter(step="settlement").values_list("dated_on", "piece_on")
    assert set(entered) == {(date(2024, 11, 5), DAY)}


# --- What waits -----------------------------------------------------------------------------------------------------------
def test_a_bill_paid_again_is_proposed_as_money_in_advance_of_its_customer() -> None:
    bill = make_invoice()
    take(camt(on(bill)))
    take(camt(on(bill, ref="again"), opening="112.00"))
    [proposal] = proposed()
    assert (proposal.match.account_id, proposal.rest_minor, proposal.match.paid[0].number) == (bill.account_id, 1200, bill.number)
    assert (proposal.certain, proposal.can_be_taken) == (False, True)


def test_what_names_no_bill_is_proposed_with_a_reason_or_waits_without() -> None:
    bill = make_invoice(account=make_account(name="Max Muster"))
    take(camt(Paid("12.00", text="october"), Paid("77.00", text="hello", name="Nobody")))
    guess, nothing = proposed()
    assert [(share.bill.number, share.why) for share in guess.match.shares] == [(bill.number, Why.NAME)]
    assert (guess.certain, guess.can_be_taken, nothing.can_be_taken) == (False, True, False)


def test_another_currency_pays_nothing() -> None:
    bill = make_invoice()
    assert take(camt(on(bill), currency="USD")).booked.payments == 0
    assert (paid_on([bill]), waiting().count()) == ([0], 1)


def test_what_the_operator_pays_is_counted_and_not_kept() -> None:
    done = take(camt(Paid("-40.00", text="rent of the office", name="A landlord"), Paid("1.00")))
    assert (done.looked.went, Movement.objects.count(), BankStatement.objects.get().went) == (1, 1, 1)
    assert "landlord" not in "".join(Movement.objects.values_list("told", flat=True))


def test_nothing_books_itself_where_the_operator_says_so() -> None:
    bill = make_invoice()
    done = take(camt(on(bill)), operator=operator(transfers={"book_certain": False}))
    assert (done.booked.payments, done.waiting, done.looked.new) == (0, 1, 1)


# --- Returns --------------------------------------------------------------------------------------------------------------
def test_a_payment_that_the_bank_takes_back_is_open_again() -> None:
    bill = make_invoice()
    take(camt(on(bill, end_to_end="E-1")))
    done = take(camt(Paid("-12.00", end_to_end="E-1", returned=True, ref="R-1"), opening="112.00"))
    assert (done.booked.returns, paid_on([bill]), Returned.objects.get().amount_minor) == (1, [0], 1200)


def test_the_banks_code_of_a_returned_payment_is_enough() -> None:
    bill = make_invoice()
    take(camt(on(bill, end_to_end="E-1")))
    code = b"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>"
    content = camt(Paid("-12.00", end_to_end="E-1", ref="R-1"), opening="112.00").replace(b"<NtryDtls>", code)
    assert (take(content).booked.returns, paid_on([bill])) == (1, [0])


def test_a_return_of_which_payment_is_unclear_waits_and_money_of_ours_that_came_back_too() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one), on(two)))
    unclear = Paid("-12.00", returned=True, ref="R-1", name_iban="")
    ours = on(one, ref="R-2", returned=True)  # a transfer of the operator's that could not be delivered
    assert take(camt(unclear, ours, opening="124.00")).booked == Booked()
    assert (waiting().count(), paid_on([one, two])) == (2, [1200, 1200])


# --- Never twice ----------------------------------------------------------------------------------------------------------
def test_the_same_file_again_changes_nothing_and_says_so() -> None:
    bill = make_invoice()
    content = camt(on(bill), Paid("3.00"), Paid("3.00"))
    take(content)
    again = take(content)
    assert (again.looked.again, again.looked.new, again.booked.payments, Movement.objects.count()) == (True, 0, 0, 3)
    assert (paid_on([bill]), BankStatement.objects.count()) == ([1200], 1)


@pytest.mark.parametrize("first", ["camt", "mt940"])
def test_the_same_day_in_the_other_format_books_nothing_twice(first: str) -> None:
    one, two = make_invoice(), make_invoice()
    movements = (on(one), Paid("-7.00", text="fees"), on(two, "4.00"), Paid("4.00", text="else"))
    files = [camt(*movements), mt940(*movements)]
    for content in files if first == "camt" else reversed(files):
        take(content)
    assert (Movement.objects.count(), Receipt.objects.count(), paid_on([one, two])) == (3, 2, [1200, 400])


def test_the_other_format_in_another_order_is_doubted_and_not_booked() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one), on(two, "4.00")))
    done = take(mt940(on(two, "4.00"), on(one)))
    assert (done.booked.payments, paid_on([one, two])) == (0, [1200, 400])
    assert {movement.doubt for movement in waiting()} == {Doubt.ALIKE}
    assert all(movement.alike is not None for movement in waiting())
    assert take(mt940(on(two, "4.00"), on(one))).looked.new == 0


def test_a_batch_that_the_other_format_tells_as_one_sum_is_not_booked_again() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one), on(two)))
    done = take(mt940(Paid("24.00", text=f"{one.payment_reference}")))
    assert (done.looked.new, done.booked.payments, paid_on([one, two])) == (1, 0, [1200, 1200])
    assert waiting().get().doubt == Doubt.OTHER_FORMAT


def test_statements_that_overlap_book_only_what_is_new() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one, ref="")))
    done = take(camt(on(one, ref=""), on(two, ref=""), number="S-2"))
    assert (done.looked.known, done.looked.new, done.booked.payments, paid_on([one, two])) == (1, 1, 1, [1200, 1200])


def test_two_payments_alike_in_one_statement_are_two_and_in_two_statements_a_doubt() -> None:
    bill = make_invoice(hours="100")
    twice = on(bill, "5.00", ref="")
    take(camt(twice, twice))
    assert paid_on([bill]) == [1000]
    take(camt(twice, opening="110.00"))  # goes on from there, so it is another one; without a reference nobody can be sure
    assert (paid_on([bill]), waiting().get().doubt) == ([1000], Doubt.ALIKE)


def test_the_same_amount_that_leaves_the_same_balance_is_another_when_somebody_else_writes() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one, ref="")))  # 100.00 becomes 112.00, goes down, and comes back to it
    done = take(camt(Paid("-12.00", text="rent"), on(two, ref=""), opening="112.00"))
    assert (done.looked.known, done.booked.payments, paid_on([one, two])) == (0, 1, [1200, 1200])


def test_a_reference_that_the_bank_gave_before_is_doubted() -> None:
    one, two = make_invoice(), make_invoice()
    take(camt(on(one, ref="B1")))
    take(camt(on(two, "11.00", ref="B1"), opening="112.00"))
    assert (waiting().get().doubt, paid_on([one, two])) == (Doubt.REFERENCE_USED, [1200, 0])
    assert take(camt(on(two, "11.00", ref="B1"), opening="112.00", number="other")).looked.new == 0


def test_what_was_cut_off_between_noting_and_booking_is_booked_by_the_next_import(monkeypatch: pytest.MonkeyPatch) -> None:
    from bonafide.payments.transfers import import_statement as module

    one, two = make_invoice(), make_invoice()
    whole = module._book
    calls: list[object] = []

    def die(*args: object) -> str:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_book", die)
    with pytest.raises(KeyboardInterrupt):
        take(camt(on(one), on(two)))
    assert paid_on([one, two]) == [1200, 0]
    assert take(camt(on(one), on(two))).booked.payments == 1
    assert paid_on([one, two]) == [1200, 1200]


# --- Refused whole --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (camt(Paid("1.00"), iban="DE89370400440532013000"), "it is of account DE89370400440532013000, not of FR76"),
        (mt940(Paid("1.00"), account="37040044/0532013000"), "it is of account 37040044/0532013000, not of FR76"),
        (camt(Paid("1.00", day=date(2024, 10, 9))), "expected a day that has come"),
        (camt(Paid("1.00"), opening="99999999999999999999.00"), "a balance of"),
        (camt(Paid("1.00")).replace(b"101.00", b"101.01"), "the file is not whole"),
        (camt(Paid("1.00"), currency="ZZZ"), "expected an ISO 4217 code"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + camt(Paid("1.00"))[38:], "document type or entities"),
        (b"hello", "neither camt.053 (XML) nor MT940"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_nothing_is_noted(content: bytes, said: str) -> None:
    with pytest.raises(StatementRefused) as refused:
        take(content)
    assert said in str(refused.value)
    assert str(refused.value).startswith("file.xml")
    assert "\n" not in str(refused.value)
    assert (BankStatement.objects.count(), Movement.objects.count()) == (0, 0)


def test_mt940_may_name_the_account_by_bank_and_number() -> None:
    from bonafide.payments.transfers.own_account import is_own

    german = "DE89370400440532013000"
    for account in ("37040044/532013000", "37040044/0532013000EUR", german, f"COBADEFFXXX/{german}", "532013000"):
        assert is_own(account=account, iban=german), account
    for account in ("37040045/532013000", "532013001", "/", "3704", OURS, ""):
        assert not is_own(account=account, iban=german), account
    assert is_own(account="12345678901", iban=OURS)


# --- Decided once, kept for ever ------------------------------------------------------------------------------------------
def test_of_two_decisions_one_wins_and_the_other_is_told() -> None:
    bill, staff = make_invoice(), make_user(username="camille", is_staff=True)
    take(camt(Paid("12.00")))
    movement = waiting().get()
    set_aside(movement=movement, reason="private", now=NOW, by=staff)
    with pytest.raises(AlreadyDecided, match="camille decided already"):
        book(movement=movement, bills=[(bill, None)], account=bill.account, operator=settings.OPERATOR, now=NOW, by=staff)
    assert (paid_on([bill]), Receipt.objects.count()) == ([0], 0)


def test_what_was_told_and_decided_is_never_rewritten_but_emptied() -> None:
    bill = make_invoice()
    take(camt(on(bill)))
    rewrites = [
        lambda: Movement.objects.update(amount_minor=1),
        lambda: Movement.objects.update(told="{}"),
        lambda: Movement.objects.all()._raw_delete("default"),
        lambda: Decision.objects.update(kind="set_aside", receipt=None),
        lambda: Decision.objects.all()._raw_delete("default"),
        lambda: BankStatement.objects.update(went=5),
    ]
    for rewrite in rewrites:
        with pytest.raises(Error, match="stays"), transaction.atomic():
            rewrite()
    Movement.objects.update(told="")
    assert Movement.objects.get().as_line().reference == ""
    with connection.cursor() as cursor:
        for statement in triggers.remove(connection.vendor):
            cursor.execute(statement)
    Movement.objects.update(amount_minor=1)  # without the guards the same rewrite goes through
    assert Movement.objects.get().amount_minor == 1


# --- Whatever there is of it ----------------------------------------------------------------------------------------------
def test_a_file_of_hundreds_of_lines_asks_no_more_than_one_of_few() -> None:
    bill = make_invoice()

    def asked(count: int) -> int:
        lines = [Paid(f"{n + 20}.00", text=f"line {n}", ref=f"Q-{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            look_at(content=camt(on(bill), *lines), name="f", operator=settings.OPERATOR, now=NOW)
        return len(queries)

    assert asked(400) == asked(4)

    def noted(count: int, number: str) -> int:
        lines = [Paid(f"{n + 20}.00", text=f"line {n}", ref=f"{number}-{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            take(camt(*lines, number=number))
        return len(queries)

    assert noted(300, "y") - noted(5, "x") <= 300 // 50  # rows are written some at a time


def test_what_is_certain_later_is_booked_later() -> None:
    bill = make_invoice()
    take(camt(on(bill)), operator=operator(transfers={"book_certain": False}))
    assert book_certain(operator=operator(), now=NOW).payments == 1
    assert book_certain(operator=operator(), now=NOW).payments == 0


def test_what_names_people_is_emptied_when_the_law_no_longer_asks_to_keep_it() -> None:
    take(camt(Paid("5.00", text="private words")))
    set_aside(movement=waiting().get(), reason="of Mr Private", now=NOW, by=make_user(is_staff=True))
    late = datetime(2036, 1, 1, tzinfo=UTC)
    sweep_rows(operator=operator(), now=datetime(2030, 1, 1, tzinfo=UTC), tables=TABLES)
    assert "private words" in Movement.objects.get().told
    assert sweep_rows(operator=operator(), now=late, tables=TABLES).faults == []
    assert (Movement.objects.get().told, Decision.objects.get().reason, Movement.objects.get().amount_minor) == ("", "", 500)
