"""Which account the signed-in person is acting for, and in which role."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from bonafide.accounts.models import Membership

SESSION_KEY = "account"


class CurrentAccountMiddleware:
    """Puts ``request.membership`` (or None) on each request, read from the database only when something asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: current_membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def current_membership(request: HttpRequest) -> Membership | None:
    """The membership chosen in the session if it still holds, else the person's first."""
    if not request.user.is_authenticated:
        return None
    mine = Membership.objects.filter(user=request.user, account__closed_at=None).select_related("account").order_by("pk")
    chosen = request.session.get(SESSION_KEY)
    return (mine.filter(account_id=chosen).first() if chosen else None) or mine.first()
