"""Which account the signed-in person is acting for, and in which role."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from bonafide.accounts.models import Membership

SESSION_KEY = "account"


class CurrentAccountMiddleware:
    """Puts ``request.memberships`` (a list) and ``request.membership`` (or None) on each request, and the person's language.

    Memberships are read once, and only when something asks for them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.memberships = SimpleLazyObject(lambda: memberships(request))  # type: ignore[attr-defined]
        request.membership = SimpleLazyObject(lambda: current_membership(request))  # type: ignore[attr-defined]
        if request.user.is_authenticated and request.user.language:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)


def memberships(request: HttpRequest) -> list[Membership]:
    """The person's memberships of accounts that are not closed, oldest first; none when signed out."""
    if not request.user.is_authenticated:
        return []
    mine = Membership.objects.filter(user=request.user, account__closed_at=None)
    return list(mine.select_related("account").order_by("pk"))


def current_membership(request: HttpRequest) -> Membership | None:
    """The membership chosen in the session if it still holds, else the person's first."""
    mine: list[Membership] = list(request.memberships)  # type: ignore[attr-defined]
    if not mine:
        return None
    chosen = request.session.get(SESSION_KEY)
    return next((membership for membership in mine if membership.account_id == chosen), mine[0])
