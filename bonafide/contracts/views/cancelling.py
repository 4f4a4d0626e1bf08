"""Cancelling in three steps, without an account: the form, a look at it, the notice (C. conso. L215-1-1, D215-1 to D215-3)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from allauth.core import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bonafide.accounts.current import current_membership
from bonafide.contracts.deadlines import last_day_of_contract
from bonafide.contracts.forms import CancelForm
from bonafide.contracts.match import of_account
from bonafide.contracts.models import Notice
from bonafide.contracts.notices import Said, give_notice
from bonafide.in_force import operator_now
from bonafide.web.templatetags.web import language

SALT = "bonafide.contracts.cancel"
GOOD_FOR = 3600 * 24  # seconds between the look and the notice


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def cancel(request: HttpRequest) -> HttpResponse:
    """The form, filled in for who is signed in; POST shows what would be sent."""
    now = timezone.now()
    today = now.astimezone(settings.OPERATOR.zone).date()
    form = CancelForm(request.POST or None, initial={"key": uuid4(), **_known(request, today)}, today=today)
    if request.method == "POST" and "back" not in request.POST and form.is_valid():
        values = {**form.cleaned_data, "key": str(form.cleaned_data["key"])}
        wanted = values["wanted_on"]
        days = operator_now(now=now).consumers.notice_days
        given = {
            "values": values,
            "last_on": last_day_of_contract(told_on=today, wanted_on=wanted, notice_days=days),
            "sealed": signing.dumps({**values, "wanted_on": wanted.isoformat() if wanted else ""}, salt=SALT, compress=True),
            "form": form,
        }
        return render(request, "contracts/cancel_look.html", given)
    return render(request, "contracts/cancel.html", {"form": form, "notice_days": operator_now(now=now).consumers.notice_days})


@require_POST
@never_cache
def notify(request: HttpRequest) -> HttpResponse:
    """The notice itself. The answer is the same whatever is found."""
    values = _unsealed(request.POST.get("sealed", ""))
    if values is None:
        return redirect("cancel")
    too_often: HttpResponse | None = ratelimit.consume_or_429(request, action="notice", key=values["email"].lower())
    if too_often:
        return too_often
    said = Said(
        kind=Notice.Kind.CANCELLATION,
        key=values["key"],
        name=values["name"],
        email=values["email"],
        contract=values["contract"],
        language=language(),
        wanted_on=date.fromisoformat(values["wanted_on"]) if values["wanted_on"] else None,
        reason=values["reason"],
    )
    person = request.user if request.user.is_authenticated else None
    now = timezone.now()
    notice = give_notice(said=said, person=person, operator=operator_now(now=now), now=now)
    return render(request, "contracts/cancelled.html", {"said": said, "at": now, "notice": notice})


def _unsealed(sealed: str) -> dict[str, Any] | None:
    """What the look showed; None for what is none of ours, or of long ago."""
    try:
        found: dict[str, Any] = signing.loads(sealed, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return found


def _known(request: HttpRequest, today: date) -> dict[str, str]:
    asked = request.GET.get("contract", "")[:60]
    membership = current_membership(request)
    if membership is None:
        return {"contract": asked}
    matched = of_account(account=membership.account, today=today)
    reference = matched.contract.reference if matched and matched.contract else membership.account.reference
    return {"name": membership.account.name, "email": request.user.email, "contract": asked or reference}  # type: ignore[union-attr]
