"""While a visit lasts, staff act for the visited account and for no other, through few routes, and each of these is traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import resolve
from django.utils import timezone

from bonafide.accounts.models import Membership
from bonafide.privacy.end_visit import end_visits
from bonafide.privacy.models import Look, Visit
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose
from bonafide.privacy.visit_routes import READ, is_open
from bonafide.sign_in.factors.staff import has_proven_factor

ROLE = "visit"  # of no membership that is kept: what asks for an owner or a member of the billing finds neither


class VisitMiddleware:
    """Puts ``request.visit`` on each request: the visit that lasts, or None. It is read anew each time, on every worker.

    A request that comes after a visit was over does nothing: it was meant for the customer's account.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.visit = None  # type: ignore[attr-defined]
        visit = _open_visit(request)
        if visit is None:
            return self.get_response(request)
        now = timezone.now()  # noqa: TID251 - a middleware is called without a time
        how = _over(request, visit, now)
        if how:
            end_visits(session=visit.session_id, how=how, now=now)
            return render(request, "privacy/visit_over.html", {"visit": visit}, status=403)
        role = Membership(user=request.user, account=visit.account, role=ROLE, created_at=visit.began_at)  # type: ignore[misc]
        request.visit = visit  # type: ignore[attr-defined]
        request.opens = _opens  # type: ignore[attr-defined]
        request.memberships = [role]  # type: ignore[attr-defined]
        request.membership = role  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Traced before it runs, and before it is refused."""
        visit: Visit | None = request.visit  # type: ignore[attr-defined]
        match = request.resolver_match
        if visit is None or match is None:
            return None
        method = str(request.method)
        allowed = is_open(route=match.view_name, method=method)
        record_looks(
            staff=request.user,
            whose=[Whose(account=visit.account_id)],
            kind=match.view_name[:80],
            # An address that was refused may hold a secret, a link of a letter say: of it only the route is kept.
            thing=request.path if allowed else match.route,
            view=_view(allowed=allowed, method=method),
            reason=visit.reason,
            visit=visit,
            now=timezone.now(),  # noqa: TID251 - a middleware is called without a time
        )
        return None if allowed else render(request, "privacy/visit_closed.html", status=403)


def _opens(path: str) -> bool:
    """Whether a page of ours is worth a link during a visit."""
    return is_open(route=resolve(path).view_name, method="GET")


def _view(*, allowed: bool, method: str) -> Look.View:
    if not allowed:
        return Look.View.REFUSED
    return Look.View.PAGE if method in READ else Look.View.CHANGE


def _open_visit(request: HttpRequest) -> Visit | None:
    """The one that was begun in this very session. Whoever has lost the staff's rights is asked too: it ends with them."""
    user: Any = request.user
    row = getattr(request.session, "row", None) if user.is_authenticated else None
    if row is None or not (row.staff or user.is_staff):
        return None  # customers: no query
    return Visit.objects.filter(session=row.pk, staff=user, ended_at=None).select_related("account").first()


def _over(request: HttpRequest, visit: Visit, now: Any) -> Visit.End | None:
    """How the visit has ended by now; None while it lasts."""
    if visit.until <= now:
        return Visit.End.TIME
    if not (request.user.is_active and request.user.is_staff and request.user.has_perm("privacy.add_visit")):
        return Visit.End.RIGHTS
    if not has_proven_factor(request):
        return Visit.End.RIGHTS
    return Visit.End.CLOSED if visit.account.closed_at is not None else None
