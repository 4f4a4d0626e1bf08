"""Who acts for an account, and in which role."""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.access import members_only, of_this_account, owners_only
from bonafide.accounts.change_members import change_role, remove_member
from bonafide.accounts.invite import MemberAlready, TooManyInvitations, invite, withdraw
from bonafide.accounts.letters import send_invitation
from bonafide.accounts.member_forms import ROLES, InviteForm, RoleForm
from bonafide.accounts.models import ApiKey, Invitation, Membership
from bonafide.accounts.owners import LastOwner

page_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@members_only
def members(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Everybody with their role; addresses and open invitations for owners alone."""
    is_owner = membership.role == Membership.Role.OWNER
    everybody = Membership.objects.filter(account=membership.account).select_related("user").order_by("pk")
    invitations = Invitation.objects.open(now=timezone.now()).filter(account=membership.account)
    return render(
        request,
        "accounts/members.html",
        {
            "membership": membership,
            "is_owner": is_owner,
            "everybody": everybody,
            "invitations": invitations.select_related("invited_by").order_by("pk") if is_owner else [],
            "roles": [(role.label, text) for role, text in ROLES.items()],
        },
    )


@page_or_post
@owners_only
@reauthentication_required
def invite_member(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Ask for an address and a role, and send the letter."""
    form = InviteForm(request.POST or None, initial={"role": Membership.Role.VIEWER})
    if form.is_valid():
        try:
            _invite(request, membership, form.cleaned_data["email"], form.cleaned_data["role"])
        except (MemberAlready, TooManyInvitations) as refusal:
            form.add_error("email", str(refusal))
        else:
            return redirect("members")
    return render(request, "accounts/invite.html", {"form": form, "membership": membership})


@require_POST
@owners_only
@of_this_account(Invitation, "account")
@reauthentication_required
def resend_invitation(request: HttpRequest, membership: Membership, invitation: Invitation) -> HttpResponse:
    """Another letter with another link; the one before is dead from now on."""
    if Invitation.objects.open(now=timezone.now()).filter(pk=invitation.pk).exists():
        try:
            _invite(request, membership, invitation.email, invitation.role)
        except (MemberAlready, TooManyInvitations) as refusal:
            messages.error(request, str(refusal))
    return redirect("members")


@require_POST
@owners_only
@of_this_account(Invitation)
def withdraw_invitation(request: HttpRequest, membership: Membership, invitation: Invitation) -> HttpResponse:
    withdraw(invitation=invitation, now=timezone.now())
    messages.success(request, _("The invitation of %(email)s is withdrawn. Its link is dead.") % {"email": invitation.email})
    return redirect("members")


@page_or_post
@owners_only
@of_this_account(Membership, "user", "account")
@reauthentication_required
def member(request: HttpRequest, membership: Membership, of_whom: Membership) -> HttpResponse:
    """One member: another role for them, or their removal. POST changes the role."""
    if of_whom.pk == membership.pk and request.method != "POST":
        return redirect("leave_account")
    form = RoleForm(request.POST or None, initial={"role": of_whom.role})
    if form.is_valid():
        try:
            change_role(membership=of_whom, role=form.cleaned_data["role"], by=membership.user)
        except LastOwner as refusal:
            form.add_error("role", str(refusal))
        else:
            given = {"name": of_whom.user.username, "role": Membership.Role(form.cleaned_data["role"]).label}
            messages.success(request, _("%(name)s has the role %(role)s now.") % given)
            return redirect("members")
    return render(request, "accounts/member.html", {"of_whom": of_whom, "form": form, "keys": _keys_of(of_whom)})


@require_POST
@owners_only
@of_this_account(Membership, "user", "account")
@reauthentication_required
def remove(request: HttpRequest, membership: Membership, of_whom: Membership) -> HttpResponse:
    """Take a member out, and with them those of their keys that stayed ticked."""
    try:
        revoked = remove_member(membership=of_whom, revoke=_ticked(request, of_whom), by=membership.user, now=timezone.now())
    except LastOwner as refusal:
        messages.error(request, str(refusal))
        return redirect("member", pk=of_whom.pk)
    messages.success(request, _("%(name)s is a member no longer.") % {"name": of_whom.user.username} + _said(revoked))
    return redirect("/" if of_whom.pk == membership.pk else "members")


@page_or_post
@members_only
def leave(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Say what leaving means; POST leaves."""
    refused = ""
    if request.method == "POST":
        ticked = _ticked(request, membership)
        try:
            revoked = remove_member(membership=membership, revoke=ticked, by=membership.user, now=timezone.now())
        except LastOwner as refusal:
            refused = str(refusal)
        else:
            given = {"account": membership.account.name}
            messages.success(request, _("You are a member of %(account)s no longer.") % given + _said(revoked))
            return redirect("/")
    others = Membership.objects.owners().filter(account=membership.account).exclude(pk=membership.pk)
    may_go = membership.role != Membership.Role.OWNER or others.exists()
    given_to_page = {"membership": membership, "may_go": may_go, "refused": refused, "keys": _keys_of(membership)}
    return render(request, "accounts/leave.html", given_to_page)


def _invite(request: HttpRequest, membership: Membership, email: str, role: str) -> None:
    """The invitation and its letter, both or neither."""
    with transaction.atomic():
        invited = invite(account=membership.account, email=email, role=role, by=membership.user, now=timezone.now())
        send_invitation(invited=invited, by=membership.user)
    messages.success(request, _("A letter is on its way to %(email)s.") % {"email": invited.invitation.email})


def _keys_of(membership: Membership) -> list[ApiKey]:
    """The keys that this member made and that still work."""
    live = ApiKey.objects.live(now=timezone.now())
    return list(live.filter(account=membership.account_id, made_by=membership.user_id).order_by("pk"))


def _ticked(request: HttpRequest, membership: Membership) -> list[int]:
    chosen = set(request.POST.getlist("revoke"))
    return [key.pk for key in _keys_of(membership) if str(key.pk) in chosen]


def _said(revoked: int) -> str:
    if not revoked:
        return ""
    return " " + ngettext("%(count)d key is revoked.", "%(count)d keys are revoked.", revoked) % {"count": revoked}
