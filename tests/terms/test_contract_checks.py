"""What a console promises of withdrawing that sells to no consumer, and that the check finds it when one could order."""

from datetime import UTC, datetime

import pytest

from bonafide.terms.checks import contracts
from bonafide.terms.clauses import CLAUSES, said
from tests.factories.billing import operator
from tests.factories.terms import publish_terms
from tests.privacy.test_checks import without_the_test_runner

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 10, 2, 8, tzinfo=UTC)


@pytest.fixture
def _terms():
    publish_terms()


@pytest.mark.usefixtures("_terms")
def test_who_sells_to_no_consumer_promises_no_withdrawal_and_still_proves_the_rest(settings):
    settings.OPERATOR = by = operator(consumers={"sells_to_consumers": False})
    for clause in CLAUSES:
        if clause.id in ("O1", "O2", "O3"):
            with without_the_test_runner():
                assert clause.check(by, NOW).fault == "", clause.id
    [withdrawing] = [clause for clause in said(by, "en") if clause.id == "O2"]
    assert withdrawing.paragraphs == (
        "Only companies and other organisations order here, so nobody has a period for withdrawing.",
    )


@pytest.mark.usefixtures("_terms")
def test_a_consumer_who_could_order_where_none_is_sold_to_turns_the_check(settings, monkeypatch):
    settings.OPERATOR = by = operator(consumers={"sells_to_consumers": False})
    monkeypatch.setattr(
        "bonafide.contracts.views.ordering.operator_now", lambda *, now: operator(consumers={"sells_to_consumers": True})
    )
    with without_the_test_runner():
        assert contracts.withdrawals_are_carried_out(by, NOW).fault
