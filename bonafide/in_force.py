"""The operator's file with the values that hold now, for whoever shows a limit or keeps one."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from bonafide.operator import Operator


def operator_now(*, now: datetime) -> Operator:
    """What a looser version of the terms changes is not in it before the version holds; costs one statement.

    The terms know which version that is, and they stand above: ``settings.OPERATOR_IN_FORCE`` names whom to ask.
    """
    found: Operator = import_string(settings.OPERATOR_IN_FORCE)(now=now)
    return found
