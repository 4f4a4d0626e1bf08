"""Who is billed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bonafide.accounts import tasks
from bonafide.accounts.access import members_only
from bonafide.accounts.change_company import FIELDS, MAY_CHANGE, ChangedMeanwhile, MayNotChange, change_company, stamp
from bonafide.accounts.company_form import CompanyForm
from bonafide.accounts.countries import country_name
from bonafide.accounts.models import Account, AccountChange, Membership
from bonafide.accounts.vat_numbers import standing
from bonafide.web.templatetags.web import language

CHANGES_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def company(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Whom the account's bills name: a form for who may change it, facts for who may not."""
    may_change = membership.role in MAY_CHANGE
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        return _change(request, membership)
    account = membership.account
    return _page(request, membership, form=_form_of(account) if may_change else None)


@require_POST
@members_only
def ask_vies(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Have VIES asked again, in the background."""
    if membership.role not in MAY_CHANGE:
        raise PermissionDenied
    tasks.ask_vies_soon(account_id=membership.account_id, by_hand=True)
    messages.success(request, _("VIES is being asked. Its answer will stand here in a minute or two."))
    return redirect("company")


def _change(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = CompanyForm(request.POST)
    if not form.is_valid():
        return _page(request, membership, form=form)
    values = {name: form.cleaned_data[name] for name in FIELDS}
    try:
        changed = change_company(
            account_id=membership.account_id,
            by=membership.user,
            values=values,
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        )
    except MayNotChange:
        raise PermissionDenied from None
    except ChangedMeanwhile as refusal:
        again = CompanyForm({**values, "seen": stamp(refusal.account)})
        there = [
            (again[name].label, _shown(refusal.account, name))
            for name in FIELDS
            if str(getattr(refusal.account, name)) != values[name]
        ]
        return _page(request, membership, form=again, refusal=refusal, there=there, status=409)
    if "vat_number" in changed:
        tasks.ask_vies_soon(account_id=membership.account_id)
    if changed:
        messages.success(request, _("Saved. It counts for bills from now on."))
    else:
        messages.info(request, _("There was nothing to change."))
    return redirect("company")


def _page(
    request: HttpRequest, membership: Membership, *, form: CompanyForm | None, status: int = 200, **more: Any
) -> HttpResponse:
    account = membership.account
    changes = account.changes.select_related("by").order_by("-pk")[:CHANGES_SHOWN]
    given = {
        "account": account,
        "form": form,
        "facts": [(CompanyForm.base_fields[name].label, _shown(account, name)) for name in FIELDS],
        "vat": standing(account=account, operator=settings.OPERATOR),
        "changes": [(change, _labels(change)) for change in changes],
        **more,
    }
    return render(request, "accounts/company.html", given, status=status)


def _form_of(account: Account) -> CompanyForm:
    return CompanyForm(initial={name: getattr(account, name) for name in FIELDS} | {"seen": stamp(account)})


def _shown(account: Account, name: str) -> str:
    """A field as people read it."""
    if name == "country":
        return country_name(account.country, language())
    if name in ("kind", "language"):
        return str(getattr(account, f"get_{name}_display")())
    return str(getattr(account, name))


def _labels(change: AccountChange) -> str:
    return ", ".join(str(CompanyForm.base_fields[name].label) for name in change.fields if name in CompanyForm.base_fields)
