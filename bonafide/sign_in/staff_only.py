"""Who opens a page of the staff's that is none of the back office's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from bonafide.sign_in.factors.staff import has_staff_power

View = Callable[..., HttpResponse]


def staff_who_may(permission: str) -> Callable[[View], View]:
    """To everybody but the staff there is no such page; staff need the permission, such as ``billing.view_rehearsal``."""

    def decorated(view: View) -> View:
        @login_required
        @wraps(view)
        def of_staff(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not has_staff_power(request):
                raise Http404
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return of_staff

    return decorated
