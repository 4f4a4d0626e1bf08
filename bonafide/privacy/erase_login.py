"""Empty the rows that everything hangs on: that of a login, that of an account. What other rows name by number stays a number."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import ProtectedError, Q

from bonafide.accounts.models import Account, Invitation, User
from bonafide.holdings import Kind, Table

GONE = "erased"


def empty_login(*, person_id: int, tables: Iterable[Table], kept: Collection[Kind]) -> None:
    """Nobody signs in with it any more; columns that no kept kind covers say nothing. Name and address stay unique."""
    nothing: dict[str, Any] = {
        "username": f"{GONE}-{person_id}",
        "email": f"{GONE}-{person_id}@{GONE}.invalid",
        "language": "",
        "last_login": None,
        "reset_required_at": None,
    }
    covered = _columns(tables, "accounts.User", kept)
    emptied = {name: value for name, value in nothing.items() if name not in covered}
    closed = {"is_active": False, "is_staff": False, "is_superuser": False, "password": make_password(None)}
    User.objects.filter(pk=person_id).update(**emptied, **closed)


def forget_names(*, person_id: int) -> int:
    """Take name and address out of where they stand as text, under no key of theirs: invitations, and what staff changed.

    :return: how many rows.
    """
    user = User.objects.filter(pk=person_id).first()
    if user is None or user.username == f"{GONE}-{person_id}":
        return 0
    changes = LogEntry.objects.filter(
        Q(content_type__app_label="accounts", content_type__model="user", object_id=str(person_id))
        | Q(change_message__contains=f'"{user.username} (')  # a member, as a change of an account names it
    ).exclude(object_repr="", change_message="")
    return changes.update(object_repr="", change_message="") + Invitation.objects.filter(email=user.email).delete()[0]


def remove_login(*, person_id: int) -> bool:
    """Delete the row itself once nothing of theirs is kept, unless records still name it (staff who looked, say)."""
    try:
        with transaction.atomic():
            User.objects.filter(pk=person_id).delete()
    except ProtectedError:
        return False
    return True


def empty_account(*, account_id: int, tables: Iterable[Table], kept: Collection[Kind]) -> None:
    """The reference goes as well: other systems know the customer by it."""
    nothing = {
        "reference": f"{GONE}-{account_id}",
        "name": GONE,
        "street": "",
        "postcode": "",
        "city": "",
        "vat_number": "",
        "registration": "",
        "purchase_order": "",
        "billing_email": "",
    }
    covered = _columns(tables, "accounts.Account", kept)
    Account.objects.filter(pk=account_id).update(**{name: value for name, value in nothing.items() if name not in covered})


def _columns(tables: Iterable[Table], model: str, kept: Collection[Kind]) -> set[str]:
    """The columns of a model that hold what is kept."""
    holdings = [holding for table in tables if table.model == model for holding in table.holdings]
    return {column for holding in holdings if holding.kind in kept for column in holding.columns}
