"""Somebody new gets nothing before customers were told, and had the time to leave."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bonafide.outgoing.client import NotYet, reaching
from bonafide.terms.models import Change, Version
from bonafide.terms.recipients import StillWaits, named_recipients, refuse_who_waits, waits_until
from bonafide.terms.versions import changes_between, make_version
from tests.factories.billing import operator
from tests.factories.outgoing import processor

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEW = processor(id="brevet", name="Brevet Courrier", hosts=("smtp.brevet.example",))


def with_processors(*processors, host="127.0.0.1"):
    told = operator(mail={"host": host})
    return told.model_copy(update={"processors": processors})


@pytest.fixture(autouse=True)
def _stopped():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def announced():
    """Terms with one processor, and later ones with two."""
    make_version(operator=with_processors(processor()), now=NOW - DAY)
    return make_version(operator=with_processors(processor(), NEW), now=NOW)


def test_a_new_processor_promises_less_is_announced_and_waits(announced):
    assert announced.change == Change.LOOSER
    assert announced.effective_at == NOW + timedelta(days=operator().terms.notice_days)
    [change] = changes_between(Version.objects.get(number=1), announced, "en")
    assert (change.id, change.way) == ("D2", Change.LOOSER)
    assert [("Brevet" in after, "Brevet" in before) for _setting, before, after in change.values] == [(True, False)]


def test_one_that_goes_promises_more_and_one_that_does_something_else_promises_less():
    make_version(operator=with_processors(processor(), NEW), now=NOW - 3 * DAY)
    assert make_version(operator=with_processors(processor()), now=NOW - 2 * DAY).change == Change.TIGHTER
    other = processor(data_en="Everything.")
    assert make_version(operator=with_processors(other), now=NOW - DAY).change == Change.LOOSER


def test_nothing_reaches_them_before_their_day_and_everything_after(announced):
    told = with_processors(processor(), NEW)
    with reaching(host="smtp.postillon.example", operator=told):
        pass
    with (
        pytest.raises(NotYet, match=r"Brevet Courrier, who gets nothing yet: on 2026-12-2"),
        reaching(host="smtp.brevet.example", operator=told),
    ):
        pass
    with time_machine.travel(announced.effective_at, tick=False), reaching(host="smtp.brevet.example", operator=told):
        pass


def test_one_in_the_file_that_no_version_names_waits_too():
    make_version(operator=with_processors(processor()), now=NOW - DAY)
    assert waits_until("brevet") is not None
    with (
        pytest.raises(NotYet, match="once terms that name them are in force"),
        reaching(host="smtp.brevet.example", operator=with_processors(processor(), NEW)),
    ):
        pass


def test_a_provider_that_somebody_chooses_is_not_announced(announced):
    assert waits_until("sign-in:acme") is None
    assert not any(name.startswith("sign-in:") for name in named_recipients(operator()))


def test_the_start_is_refused_with_the_day_while_letters_would_not_leave(announced):
    refuse_who_waits(operator=with_processors(processor(), NEW, host="smtp.postillon.example"))
    with pytest.raises(StillWaits, match=r"mail.host = 'smtp.brevet.example' is a host of Brevet Courrier.*2026-12-23"):
        refuse_who_waits(operator=with_processors(processor(), NEW, host="smtp.brevet.example"))
