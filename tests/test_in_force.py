"""While a looser version of the terms waits, pages say the limits that hold, as the sweeps keep them."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from bonafide.in_force import operator_now
from bonafide.terms.versions import make_version
from tests.factories.accounts import enter, make_member
from tests.factories.billing import operator
from tests.factories.history import make_row, make_sign_ins

pytestmark = pytest.mark.django_db


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version in force says 6 months, the operator's file 12."""
    now = timezone.now()
    held, file = (operator(retention={"ip_months": months, "history_months": 36, "floors": ()}) for months in (6, 12))
    make_version(operator=held, now=now - timedelta(days=2))
    make_version(operator=file, now=now - timedelta(days=1))
    monkeypatch.setattr(settings, "OPERATOR", file)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("page", ["/settings/privacy", "/settings/sessions", "/processing", "/processing.csv"])
def test_a_page_says_what_holds_and_not_what_waits(client, monkeypatch, page):
    user = enter(client, make_member())
    make_row(user, now=timezone.now())
    make_sign_ins(user, 2, now=timezone.now())
    said = client.get(page).content.decode()
    assert "6 months" in said
    assert "12 months" not in said
    monkeypatch.setattr(settings, "OPERATOR_IN_FORCE", f"{__name__}.only_the_file")
    assert "12 months" in client.get(page).content.decode(), "a page that asks the file alone says the wrong number"


@pytest.mark.usefixtures("waits")
def test_it_changes_on_the_day_of_the_version():
    now = timezone.now()
    assert operator_now(now=now).retention.ip_months == 6
    assert operator_now(now=now + timedelta(days=settings.OPERATOR.terms.notice_days)).retention.ip_months == 12


def only_the_file(*, now):
    return settings.OPERATOR
