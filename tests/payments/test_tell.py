"""Who looks after the bills reads that money came: once, in their language, and of their own bills alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.conf import settings

from bonafide.mail.compose import Written
from bonafide.mail.models import Letter
from bonafide.payments.models import Receipt
from bonafide.payments.take_in import take_in
from bonafide.payments.tell import tell_received
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 10, 2, 9, tzinfo=UTC)


def text_of(letter: Letter) -> str:
    return Written.unseal(letter.sealed).text


def test_each_customer_of_a_joint_payment_reads_of_their_own_bills_and_once() -> None:
    one, two = make_invoice(), make_invoice()
    first = make_member(account=one.account, role="owner")
    make_member(account=one.account, role="viewer")
    second = make_member(account=two.account, role="billing", language="fr")
    receipt: Receipt = take_in(
        account=one.account,
        currency="EUR",
        amount_minor=2500,
        received_on=date(2024, 10, 2),
        means="transfer",
        reference="x",
        bills=[(one, None), (two, None)],
        operator=settings.OPERATOR,
        now=NOW,
    )
    assert tell_received(receipt=receipt, now=NOW) == 2
    assert tell_received(receipt=receipt, now=NOW) == 0
    letters = {letter.user_id: text_of(letter) for letter in Letter.objects.filter(purpose="payment_received")}
    assert set(letters) == {first.pk, second.pk}
    mine, theirs = letters[first.pk], letters[second.pk]
    assert str(one.number) in mine
    assert str(two.number) not in mine
    assert "€13.00" in mine  # 12.00 for the bill, 1.00 kept
    assert "€1.00 were more" in mine
    assert "bank transfer" in mine
    assert str(two.number) in theirs
    assert "12,00" in theirs
    assert "money in advance" not in theirs
