"""One lock a person: who ends their sessions, signs in as them, or writes for them waits for whoever came before."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model


def lock_person(user_id: Any) -> Any:
    """The person as they are now, locked until the transaction ends; None when there is no such person.

    Always taken before any session's row, so that two who need both never wait for each other. On SQLite a transaction begins
    with the lock of the whole database (``BEGIN IMMEDIATE``, see ``instance.py``), and there is nothing further to take.

    :raises TransactionManagementError: outside of a transaction, where a lock would hold nothing.
    """
    return get_user_model()._default_manager.select_for_update(no_key=True).filter(pk=user_id).first()
