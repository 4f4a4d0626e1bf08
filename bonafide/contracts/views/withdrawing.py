"""Withdrawing in two clicks: the link that leads here, and one button (C. conso. L221-21, décret 2026-3)."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from allauth.core import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bonafide.accounts.current import current_membership
from bonafide.contracts.forms import NoticeForm
from bonafide.contracts.models import Contract, Notice
from bonafide.contracts.notices import Said, give_notice
from bonafide.in_force import operator_now
from bonafide.web.templatetags.web import language


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def withdraw(request: HttpRequest) -> HttpResponse:
    """The form, filled in for who is signed in; POST withdraws. The answer is the same whatever is found."""
    if not settings.OPERATOR.consumers.sells_to_consumers:
        raise Http404
    now = timezone.now()
    form = NoticeForm(request.POST or None, initial={"key": uuid4(), **_known(request, now)})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        too_often: HttpResponse | None = ratelimit.consume_or_429(request, action="notice", key=values["email"].lower())
        if too_often:
            return too_often
        said = Said(
            kind=Notice.Kind.WITHDRAWAL,
            key=str(values["key"]),
            name=values["name"],
            email=values["email"],
            contract=values["contract"],
            language=language(),
        )
        person = request.user if request.user.is_authenticated else None
        notice = give_notice(said=said, person=person, operator=operator_now(now=now), now=now)
        return render(request, "contracts/withdrawn.html", {"said": said, "at": now, "notice": notice})
    return render(request, "contracts/withdraw.html", {"form": form})


def _known(request: HttpRequest, now: datetime) -> dict[str, str]:
    """What the form is filled in with: the contract that the link names, else the one that can be withdrawn from."""
    asked = request.GET.get("contract", "")[:60]
    membership = current_membership(request)
    if membership is None:
        return {"contract": asked}
    today = now.astimezone(settings.OPERATOR.zone).date()
    open_ = Contract.objects.filter(account=membership.account).withdrawable(today).order_by("-ordered_at")
    reference = asked or open_.values_list("reference", flat=True).first() or ""
    return {"name": membership.account.name, "email": request.user.email, "contract": reference}  # type: ignore[union-attr]
