"""What the reader of an invitation sees. To whom a link means nothing all links look the same."""

from __future__ import annotations

from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bonafide.accounts.accept_invitation import MemberOfIt, NoSuchInvitation, accept_invitation, find_invitation
from bonafide.accounts.current import SESSION_KEY
from bonafide.accounts.member_forms import ROLES
from bonafide.accounts.models import Membership


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@rate_limit(action="accept_invitation", limit_get=True)  # type: ignore[untyped-decorator]
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites to what; POST accepts, as the person who is signed in."""
    try:
        if request.method == "POST" and request.user.is_authenticated:
            return _accept(request, token)
        found = find_invitation(token=token, now=timezone.now())
    except NoSuchInvitation:
        return render(request, "accounts/invitation_gone.html", status=404)
    member = request.user.is_authenticated and Membership.objects.filter(account=found.account, user=request.user).first()
    return render(
        request,
        "accounts/invitation.html",
        {"invitation": found, "may": ROLES[Membership.Role(found.role)], "member": member, "here": request.path},
    )


def _accept(request: HttpRequest, token: str) -> HttpResponse:
    try:
        membership = accept_invitation(token=token, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    except MemberOfIt as already:
        membership = already.membership
    request.session[SESSION_KEY] = membership.account_id
    said = _("You are a member of %(account)s, in the role %(role)s.")
    messages.success(request, said % {"account": membership.account.name, "role": membership.get_role_display()})
    return redirect(settings.LOGIN_REDIRECT_URL)
