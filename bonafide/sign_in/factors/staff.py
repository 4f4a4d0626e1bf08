"""Whoever runs the service proves who they are twice: without a second factor the back office stays closed."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from bonafide.web.headers import STAFF_PATH


class StaffSecondFactorMiddleware:
    """Nothing below ``/staff/`` answers somebody of the staff whose session has not proven a second factor.

    Whoever is not of the staff is turned away by the back office itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(STAFF_PATH) and request.user.is_staff and not has_proven_factor(request):
            return HttpResponseRedirect(_way_in(request))
        return self.get_response(request)


def has_proven_factor(request: HttpRequest) -> bool:
    """Whether this session was opened, confirmed or fitted out with a second factor that its person still has."""
    records = get_authentication_records(request, request.user)
    proven = [record.get("id") for record in records if record.get("method") == "mfa"]
    shown = Authenticator.objects.filter(user_id=request.user.pk, pk__in=[key for key in proven if key])
    return bool(shown.exists())


def has_staff_power(request: HttpRequest) -> bool:
    """Whether the request may do what only staff may. Ask this, not ``user.is_staff`` alone."""
    user = request.user
    return bool(user.is_active and user.is_staff) and has_proven_factor(request)


def _way_in(request: HttpRequest) -> str:
    """To where a factor is shown that they have, else to where they set one up."""
    methods = [method for method in get_adapter().get_reauthentication_methods(request.user) if "mfa" in method["id"]]
    if not methods:
        return reverse("mfa_index")
    return f"{methods[0]['url']}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"
