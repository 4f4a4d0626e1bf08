"""The keys by which an account's programs come in."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.access import members_only, of_this_account, owners_only
from bonafide.accounts.api_keys import NameTaken, TooManyKeys, make_own_key, revoke_key
from bonafide.accounts.key_forms import KeyForm
from bonafide.accounts.letters import tell_of_new_key
from bonafide.accounts.models import ApiKey, Membership

SOON = timedelta(days=14)


@require_safe
@members_only
def api_keys(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The account's keys: those that work, then those that did."""
    now = timezone.now()
    keys = [
        _shown(key, now) for key in ApiKey.objects.filter(account=membership.account).select_related("made_by").order_by("-pk")
    ]
    return render(
        request,
        "accounts/api_keys.html",
        {
            "live": [key for key in keys if key["live"]],
            "past": [key for key in keys if not key["live"]],
            "is_owner": membership.role == Membership.Role.OWNER,
            "membership": membership,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
@reauthentication_required
@sensitive_variables("text")
def new_api_key(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Make a key. Its text is on the answer itself and nowhere else: sent again, the form finds its name taken."""
    now = timezone.now()
    form = KeyForm(request.POST or None, now=now)
    if form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in ("name", "scopes", "expires_at")}
        try:
            with transaction.atomic():
                key, text = make_own_key(account=membership.account, by=membership.user, now=now, **wanted)
                tell_of_new_key(key=key, account=membership.account, by=membership.user)
        except (NameTaken, TooManyKeys) as refusal:
            form.add_error("name", str(refusal))
        else:
            response = render(request, "accounts/api_key_made.html", {"key": _shown(key, now), "text": text})
            response["Cache-Control"] = "no-store"
            return response
    return render(request, "accounts/new_api_key.html", {"form": form, "membership": membership})


@require_POST
@owners_only
@of_this_account(ApiKey)
def revoke_api_key(request: HttpRequest, membership: Membership, key: ApiKey) -> HttpResponse:
    revoke_key(key=key, now=timezone.now())
    messages.success(request, _("The key “%(name)s” is revoked. It opens nothing from now on.") % {"name": key.name})
    return redirect("api_keys")


def _shown(key: ApiKey, now: datetime) -> dict[str, object]:
    """A key as pages say it. A key ends with a day, so that its end is the day's that comes before."""
    known = dict(ApiKey.Scope.choices)
    return {
        "pk": key.pk,
        "name": key.name,
        "start": key.start,
        "may": [known.get(scope, scope) for scope in key.scopes],
        "made_by": key.made_by,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
        "last_day": key.expires_at - timedelta(microseconds=1) if key.expires_at else None,
        "live": key.revoked_at is None and (key.expires_at is None or key.expires_at > now),
        "soon": key.expires_at is not None and key.expires_at - now <= SOON,
    }
