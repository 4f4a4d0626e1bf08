"""Keys for programs: shown once, dead when they should be."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from allauth.account.models import EmailAddress
from click.testing import CliRunner

from bonafide.accounts.api_keys import (
    ExpiredKey,
    KeyRefused,
    MissingScope,
    OrphanedKey,
    RevokedKey,
    UnknownKey,
    check_key,
    make_key,
    revoke_key,
)
from bonafide.accounts.commands import StaffRefused, api_key, staff
from bonafide.accounts.models import Account, ApiKey, User
from tests.factories.accounts import make_account, make_member, make_user

NOW = datetime(2024, 11, 15, 12, tzinfo=UTC)
READ = "usage:read"
pytestmark = pytest.mark.django_db


def make(**values: object) -> tuple[ApiKey, str]:
    return make_key(**{"account": None, "name": "agent", "scopes": [READ], "expires_at": None, "now": NOW, **values})


def test_a_key_opens_its_scope_and_only_its_digest_is_kept() -> None:
    key, text = make()
    assert text.startswith("bf_")
    assert len(text) == 46
    assert check_key(text=text, scope=READ, now=NOW).pk == key.pk
    stored = ApiKey.objects.values().get()
    assert stored["digest"] == sha256(text.encode()).hexdigest()
    assert text not in str(stored)
    assert text[:12] not in str(stored)


def test_each_key_is_another() -> None:
    assert make()[1] != make()[1]


def test_what_is_unknown_expired_revoked_or_for_something_else_does_not_open() -> None:
    with pytest.raises(UnknownKey):
        check_key(text="bf_nothing", scope=READ, now=NOW)
    key, text = make(expires_at=NOW + timedelta(days=1))
    check_key(text=text, scope=READ, now=NOW + timedelta(hours=23))
    with pytest.raises(ExpiredKey):
        check_key(text=text, scope=READ, now=NOW + timedelta(days=1))
    with pytest.raises(MissingScope):
        check_key(text=text, scope="usage:write", now=NOW)
    revoke_key(key=key, now=NOW)
    with pytest.raises(RevokedKey):
        check_key(text=text, scope=READ, now=NOW)


def test_a_key_of_a_closed_account_is_dead_at_the_next_call() -> None:
    _key, text = make(account=make_account())
    check_key(text=text, scope=READ, now=NOW)
    Account.objects.update(closed_at=NOW)
    with pytest.raises(OrphanedKey):
        check_key(text=text, scope=READ, now=NOW)


def test_what_acts_for_its_maker_dies_with_their_login_and_what_acts_for_the_account_does_not() -> None:
    maker = make_member()
    _key, text = make(account=maker.accounts.get(), made_by=maker, scopes=[READ, "sessions"])
    assert check_key(text=text, scope="sessions", now=NOW).made_by == maker
    User.objects.update(is_active=False)
    with pytest.raises(OrphanedKey):
        check_key(text=text, scope="sessions", now=NOW)
    check_key(text=text, scope=READ, now=NOW)


def test_a_key_without_a_known_maker_acts_for_nobody() -> None:
    _key, text = make(scopes=["sessions"])
    with pytest.raises(OrphanedKey):
        check_key(text=text, scope="sessions", now=NOW)


def test_revoking_twice_keeps_the_first_time() -> None:
    key, _text = make()
    revoke_key(key=key, now=NOW)
    revoke_key(key=key, now=NOW + timedelta(days=1))
    key.refresh_from_db()
    assert key.revoked_at == NOW


def test_its_last_use_is_noted_at_most_every_five_minutes() -> None:
    key, text = make()
    for minutes, noted in [(0, 0), (4, 0), (5, 5), (9, 5), (3, 5)]:
        check_key(text=text, scope=READ, now=NOW + timedelta(minutes=minutes))
        key.refresh_from_db()
        assert key.last_used_at == NOW + timedelta(minutes=noted)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": " "}, "expected 1 to 80 characters"),
        ({"scopes": []}, "expected at least one of usage:write, usage:read, bills:read"),
        ({"scopes": ["everything"]}, "scope 'everything' is unknown"),
        ({"expires_at": NOW}, "which is past"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(KeyRefused, match=reason):
        make(**values)
    assert not ApiKey.objects.exists()


def run(command: object, *arguments: str, text: str = "") -> str:
    result = CliRunner().invoke(command, arguments, input=text, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_makes_lists_and_revokes_keys() -> None:
    account = make_account(reference="acme/eu")
    text = run(api_key, "create", "meter", "--account", "acme/eu", "--scope", READ, "--expires", "2999-12-31").strip()
    key = check_key(text=text, scope=READ, now=NOW)
    assert key.account == account
    assert key.expires_at == datetime(2999, 12, 31, 23, tzinfo=UTC)  # the end of that day in Paris
    listed = run(api_key, "list")
    assert "acme/eu" in listed
    assert text[:10] in listed
    assert text not in listed
    run(api_key, "revoke", str(key.pk))
    assert "revoked" in run(api_key, "list")


def test_the_command_names_an_account_or_a_key_that_is_not_there() -> None:
    with pytest.raises(KeyRefused, match="account 'nobody' is unknown"):
        run(api_key, "create", "meter", "--account", "nobody", "--scope", READ)
    with pytest.raises(KeyRefused, match="there is no key 7"):
        run(api_key, "revoke", "7")


def test_staff_added_by_the_command_may_sign_in_at_once() -> None:
    run(staff, "add", "camille", "camille@example.com", text="a long pass phrase\n")
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.check_password("a long pass phrase")) == (True, True, True)
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("camille@example.com", True, True)


@pytest.mark.parametrize(
    ("name", "email", "password"),
    [
        ("camille", "camille@example.com", "short"),
        ("camille", "camille@example.com", ""),
        ("camille", "camille at home", "a long pass phrase"),
        ("ca mille", "camille@example.com", "a long pass phrase"),
        ("Taken", "camille@example.com", "a long pass phrase"),
        ("camille", "TAKEN@example.com", "a long pass phrase"),
    ],
)
def test_staff_that_cannot_be_added_are_refused_in_one_line(name: str, email: str, password: str) -> None:
    make_user(username="taken", email="taken@example.com")
    with pytest.raises(StaffRefused) as refused:
        run(staff, "add", name, email, text=password + "\n")
    assert "\n" not in str(refused.value)
    assert User.objects.count() == 1
