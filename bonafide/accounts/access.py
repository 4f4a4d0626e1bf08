"""Who gets to a page of an account. Who is no member finds nothing there; a member without the role is told so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from bonafide.accounts.current import current_membership
from bonafide.accounts.models import Membership
from bonafide.accounts.owners import NotAnOwner

View = Callable[..., HttpResponse]


def members_only(view: View) -> View:
    """Gives the view the membership by which the person acts, as it is at this request."""

    @login_required
    @wraps(view)
    def of_members(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        membership = current_membership(request)
        if membership is None:
            raise Http404
        return view(request, membership, *args, **kwargs)

    return of_members


def owners_only(view: View) -> View:
    """The same for what owners alone may see or do, also when they cease to be one while the request runs."""

    @wraps(view)
    def of_owners(request: HttpRequest, membership: Membership, *args: Any, **kwargs: Any) -> HttpResponse:
        if membership.role != Membership.Role.OWNER:
            raise PermissionDenied
        try:
            return view(request, membership, *args, **kwargs)
        except NotAnOwner:
            raise PermissionDenied from None

    return members_only(of_owners)


def of_this_account(rows: Any, *related: str) -> Callable[[View], View]:
    """Gives the view the row of the account that the address names; one of another account is not there."""

    def decorated(view: View) -> View:
        @wraps(view)
        def with_row(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
            row = rows.objects.select_related(*related).filter(account=membership.account_id, pk=pk).first()
            if row is None:
                raise Http404
            return view(request, membership, row)

        return with_row

    return decorated
