"""Bills that were replaced: what is under way for one of them is under way for the bill in its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from bonafide.billing.amend.models import Replacement


def in_place_of(*, bills: Iterable[int] | QuerySet[Any, Any]) -> set[int]:
    """The ids of the bills that replaced any of these (ids, or a query for them), one after the other; mostly one statement."""
    found, level = set[int](), bills
    while following := set(Replacement.objects.filter(original__in=level).values_list("document_id", flat=True)):
        found |= following
        level = following
    return found
