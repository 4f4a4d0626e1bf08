"""People and accounts."""

from datetime import UTC, datetime
from itertools import count

from bonafide.accounts.models import Account, Membership, User

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


def make_member(*, account: Account | None = None, role: str = "owner", **values: object) -> User:
    user = make_user(**values)
    Membership.objects.create(user=user, account=account or make_account(), role=role, created_at=CREATED)
    return user
