"""Sign-ups that nobody confirmed: they go with the account they opened, unless something happened in it, and nobody else goes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from bonafide.accounts.models import Account, Membership, User
from bonafide.accounts.sign_up import open_account
from bonafide.holdings import Kind
from bonafide.instance import Instance
from bonafide.privacy import journal
from bonafide.privacy.erase import erase_again
from bonafide.privacy.erase_sign_ups import SignUps, erase_sign_ups
from bonafide.privacy.models import Erasure, Hold
from bonafide.privacy.processing import record
from bonafide.privacy.statutory import begin_statutory_holds
from bonafide.privacy.tasks import erase_due
from tests.factories.accounts import make_member
from tests.factories.billing import make_invoice, make_meter, make_plan, subscribe, use
from tests.factories.billing import operator as the_operator
from tests.factories.privacy import make_hold
from tests.mail.post import posted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=30, seconds=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "INSTANCE", Instance(tmp_path))
    return tmp_path


def sign_up(name: str = "nemo", *, at: datetime = NOW) -> User:
    user = User.objects.create(username=name, email=f"{name}@example.com", date_joined=at)
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    open_account(user=user, country="FR", language="en", now=at)
    return user


def sweep(now: datetime = LATER, **values: int) -> SignUps:
    return erase_sign_ups(operator=the_operator(retention={"unconfirmed_days": 30}), now=now, **values)


def test_it_leaves_nothing_of_one_after_its_days_and_writes_no_letter(home):
    user = sign_up()
    account = user.accounts.get()
    assert sweep(NOW + timedelta(days=30)) == SignUps(0, 0)
    assert sweep() == SignUps(1, 0)
    assert sweep() == SignUps(0, 0)
    assert not User.objects.filter(pk=user.pk).exists()
    assert not EmailAddress.objects.exists()
    assert not Membership.objects.exists()
    account.refresh_from_db()
    assert (account.name, account.billing_email, account.closed_at) == ("erased", "", LATER)
    assert posted(LATER) == []
    row = Erasure.objects.get()
    assert (row.by, row.kept, row.finished_at) == ("nobody", [], LATER)
    assert [entry.person for entry in journal.read(home / journal.NAME).entries] == [user.pk]
    begin_statutory_holds(operator=the_operator(), now=LATER + timedelta(hours=1))
    assert not Hold.objects.exists(), "there was no contract whose end the law counts from"


def test_the_hourly_task_does_it(time_machine):
    sign_up()
    time_machine.move_to(LATER, tick=False)
    assert "1 sign-ups too" in erase_due.call()
    assert not User.objects.exists()


def test_who_confirmed_came_with_a_provider_or_is_of_the_staff_is_not_taken():
    invited = make_member()
    account = invited.accounts.get()
    late = sign_up("late")  # invited, and confirmed on the last day
    Membership.objects.create(user=late, account=account, role="viewer", created_at=NOW)
    EmailAddress.objects.filter(user=late).update(verified=True)
    SocialAccount.objects.create(user=sign_up("acme"), provider="acme", uid="1")
    User.objects.filter(pk=sign_up("staff").pk).update(is_staff=True)
    User.objects.filter(pk=sign_up("seen").pk).update(last_login=NOW)
    invited.date_joined = LATER
    invited.save()
    assert sweep(LATER + timedelta(days=3)) == SignUps(0, 0)
    assert User.objects.count() == 5


def test_an_account_in_which_something_happened_stays_and_so_does_who_alone_answers_for_it():
    people = [sign_up(name) for name in ("billed", "used", "subscribed", "shared")]
    billed, used, subscribed, shared = (user.accounts.get() for user in people)
    make_invoice(account=billed)
    use(used, make_meter(), "1")
    subscribe(subscribed, make_plan(is_default=False))
    make_member(account=shared, role="viewer", date_joined=LATER)
    nemo = sign_up()
    assert sweep() == SignUps(1, 4)
    assert not User.objects.filter(pk=nemo.pk).exists()
    assert User.objects.filter(pk__in=[user.pk for user in people], is_active=True).count() == 4
    assert Account.objects.filter(closed_at=None).count() == 4
    make_member(account=shared, date_joined=LATER)
    assert sweep() == SignUps(1, 3), "somebody else answers for it now"
    assert Account.objects.get(pk=shared.pk).name == "shared"


def test_an_order_keeps_the_account_and_the_login_until_it_is_over():
    user = sign_up()
    make_hold(Kind.IDENTITY, account=user.accounts.get(), now=NOW, days=60)
    assert sweep() == SignUps(0, 1)
    assert sweep(NOW + timedelta(days=61)) == SignUps(1, 0)


def test_it_works_in_batches_and_those_that_stay_hold_up_nobody():
    for number in range(3):
        use(sign_up(f"used{number}", at=NOW - timedelta(days=1)).accounts.get(), make_meter(), "1")
    for number in range(3):
        sign_up(f"nemo{number}")
    assert sweep(limit=2) == SignUps(2, 3)
    assert sweep(limit=2) == SignUps(1, 3)


def test_a_database_that_was_put_back_loses_them_again(home):
    user = sign_up()
    account = user.accounts.get()
    erase_again(entry=journal.following(number=0, digest=journal.GENESIS, at=LATER, person=user.pk, account=None), now=LATER)
    assert not User.objects.filter(pk=user.pk).exists()
    account.refresh_from_db()
    assert (account.name, account.closed_at) == ("erased", LATER)


def test_the_record_of_processing_says_so():
    ends = {row.end for _, rows in record(operator=the_operator(retention={"unconfirmed_days": 45})) for row in rows}
    assert any(end.endswith("; after 45 days where nobody confirmed the sign-up") for end in ends)
