"""What a VAT number must look like, country by country, and what is said of one."""

import pytest

from bonafide.accounts.models import VatCheck
from bonafide.accounts.vat_numbers import State, WrongVatNumber, checked_number, evidence, standing
from tests.accounts.checks import answered
from tests.factories.accounts import make_account
from tests.factories.billing import operator

TAKEN = {
    ("FR", "fr 83 404 833 048"): "FR83404833048",
    ("MC", "FR83404833048"): "FR83404833048",  # Monaco has French numbers
    ("RE", "FR83404833048"): "FR83404833048",
    ("GR", "EL 094014201"): "EL094014201",
    ("GR", "GR094014201"): "EL094014201",  # as Greeks write their country elsewhere
    ("GB", "XI980780684"): "XI980780684",  # Northern Ireland
    ("GB", "GB 980 7806 84"): "GB 980 7806 84",  # not the EU's: kept as written
    ("AX", "FI20774740"): "FI20774740",
    ("BE", "BE 697.449.992"): "BE0697449992",
    ("ES", "ES X-5910266-W"): "ESX5910266W",
    (
        "DE",
        "\uff24\uff25\uff11\uff13\uff16\uff16\uff19\uff15\uff19\uff17\uff16",
    ): "DE136695976",  # full width, from a Japanese keyboard
    ("CH", "che-107.787.577 mwst"): "CHE-107.787.577 MWST",
}
REFUSED = {
    ("DE", "FR83404833048"): "a number begins with DE",
    ("FR", "DE136695976"): "a number begins with FR",
    ("MC", "MC83404833048"): "a number begins with FR",
    ("GR", "094014201"): "a number begins with EL",
    ("DE", "136695976"): "a number begins with DE",
    ("DE", "EU372022452"): "a number begins with DE",  # of the one-stop shop, which is no VAT number
    ("DE", "DE136695977"): "check digits",
    ("FR", "FR84404833048"): "check digits",
    ("GB", "XI980780685"): "check digits",
    ("DE", "DE13669597"): "too short or too long",
    ("DE", "DE" + "1" * 10_000): "too short or too long",
    ("CH", "CHE" + "1" * 10_000): "too long",
    ("AT", "\u0410TU57194903"): "Latin letters",  # a Cyrillic A
    ("DE", "DE13669\u0665976"): "check digits|Latin letters",  # an Arabic digit
    ("DE", "DE\u200b136695976"): "Latin letters",
    ("DE", "DE\x00136695976"): "Latin letters",
    ("CH", "<script>"): "Latin letters",
}


@pytest.mark.parametrize(("country", "text"), TAKEN)
def test_it_is_kept_in_one_spelling(country, text):
    assert checked_number(text=text, country=country) == TAKEN[country, text]


@pytest.mark.parametrize(("country", "text"), REFUSED, ids=lambda value: ascii(value)[:24])
def test_what_cannot_be_one_is_refused_with_what_was_expected(country, text):
    with pytest.raises(WrongVatNumber, match=REFUSED[country, text]):
        checked_number(text=text, country=country)


@pytest.fixture
def account(db):
    return make_account(vat_number="DE136695976", country="DE")


ASKS, ASKS_NOT = operator(tax={"vies": True}), operator(tax={"vies": False})


def test_evidence_is_the_last_answer_about_the_number_of_now(account):
    assert evidence(account=account) is None
    answered(account, "valid", hours_ago=5)
    last = answered(account, "invalid", hours_ago=3)
    answered(account, "unavailable", hours_ago=1)
    answered(account, "valid", hours_ago=0, number="DE811907980")
    answered(make_account(vat_number="DE136695976"), "valid", hours_ago=0)  # what was answered to another is not ours
    assert evidence(account=account) == last
    account.vat_number = ""
    assert evidence(account=account) is None


def test_the_standing_says_what_is_known_and_what_is_not(account):
    assert standing(account=account, operator=ASKS).state == State.WAITING
    assert standing(account=account, operator=ASKS_NOT).state == State.OFF
    tried = answered(account, "unavailable", hours_ago=3)
    assert (standing(account=account, operator=ASKS).state, standing(account=account, operator=ASKS).tried) == (
        State.WAITING,
        tried,
    )
    valid = answered(account, "valid", hours_ago=2)
    assert standing(account=account, operator=ASKS_NOT).answer == valid
    again = answered(account, "unavailable", hours_ago=1)
    found = standing(account=account, operator=ASKS)
    assert (found.state, found.answer, found.tried) == (State.VALID, valid, again)
    account.vat_number = "CHE-107.787.577 MWST"
    assert standing(account=account, operator=ASKS).state == State.ELSEWHERE
    account.vat_number = ""
    assert standing(account=account, operator=ASKS).state == State.NONE


def test_a_trial_asks_nobody(account):
    trial = operator(tax={"vies": True}, service={"trial": True})
    assert standing(account=account, operator=trial).state == State.OFF


def test_every_outcome_of_an_answer_has_its_state():
    assert {State(outcome) for outcome in VatCheck.Outcome if outcome != "unavailable"} == {State.VALID, State.INVALID}
