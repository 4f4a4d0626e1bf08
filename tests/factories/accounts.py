"""People and accounts."""

from datetime import UTC, datetime
from itertools import count

from allauth.mfa.models import Authenticator
from django.test import Client

from bonafide.accounts.models import Account, Membership, User, VatCheck

CREATED = datetime(2024, 1, 1, tzinfo=UTC)
_serial = count(1)


def make_user(**values: object) -> User:
    n = next(_serial)
    password = values.pop("password", None)
    user = User(**{"username": f"person{n}", "email": f"person{n}@example.com", **values})
    if password:
        user.set_password(str(password))
    else:
        user.set_unusable_password()
    user.save()
    return user


def make_account(**values: object) -> Account:
    n = next(_serial)
    return Account.objects.create(
        **{
            "reference": f"A-{n}",
            "kind": "company",
            "name": f"Company {n}",
            "street": f"{n} rue du Test",
            "postcode": "75001",
            "city": "Paris",
            "country": "FR",
            "language": "en",
            "created_at": CREATED,
            **values,
        }
    )


def make_vat_check(
    account: Account, outcome: str = "valid", *, asked_at: datetime = datetime(2024, 9, 10, tzinfo=UTC)
) -> VatCheck:
    """What VIES said about the number that the account has."""
    return VatCheck.objects.create(
        account=account, number=account.vat_number, outcome=outcome, asked_at=asked_at, consultation_number="WAPI-1"
    )


def make_member(*, account: Account | None = None, role: str = "owner", **values: object) -> User:
    user = make_user(**values)
    Membership.objects.create(user=user, account=account or make_account(), role=role, created_at=CREATED)
    return user


def make_app(user: User, secret: str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP") -> Authenticator:
    """An authenticator app that a person has set up."""
    from bonafide.sign_in.factors.sealing import seal

    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": seal(secret), "last_step": -1})


def enter(client: Client, user: User) -> User:
    """Sign somebody in as they would be: with the second factor, if they have one. Staff are given one first, as they must."""
    factor = Authenticator.objects.filter(user=user).first() or (make_app(user) if user.is_staff else None)
    client.force_login(user)
    if factor:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": 1.0},
            {"method": "mfa", "at": 2.0, "id": factor.pk, "type": factor.type},
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return user


def enter_as_staff(client: Client) -> User:
    return enter(client, make_user(is_staff=True, is_superuser=True))
