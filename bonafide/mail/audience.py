"""Whom an announcement is for: people who act for an open account, with an address that they confirmed.

Customers, and nobody else: the law lets us write to them about services like those they have (CPCE art. L34-5, fourth paragraph).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet

from bonafide.mail.models import Announcement, Letter, Refusal

_ROLES: dict[str, tuple[str, ...]] = {
    Announcement.Audience.EVERYBODY: ("owner", "billing", "viewer"),
    Announcement.Audience.OWNERS: ("owner",),
    Announcement.Audience.BILLING: ("owner", "billing"),
}


def audience(announcement: Announcement) -> QuerySet[Any]:
    """Everybody to write to who has not refused such letters, and to whom this one is not written yet."""
    people = get_user_model()._default_manager.filter(is_active=True)
    # By the names of their relations: the packages that own these tables stand above this one.
    member = people.model._meta.get_field("memberships").related_model
    address = people.model._meta.get_field("emailaddress").related_model
    acts = member._default_manager.filter(  # type: ignore[union-attr]
        user=OuterRef("pk"), role__in=_ROLES[announcement.audience], account__closed_at=None
    )
    confirmed = address._default_manager.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)  # type: ignore[union-attr]
    refused = Refusal.objects.filter(user=OuterRef("pk"), purpose=announcement.purpose)
    written = Letter.objects.filter(user=OuterRef("pk"), announcement=announcement)
    return people.filter(Exists(acts), Exists(confirmed), ~Exists(refused), ~Exists(written)).order_by("pk")
