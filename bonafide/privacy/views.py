"""What staff saw of one's data; and for staff: giving a reason, beginning and ending a visit."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bonafide.accounts.models import Account, Membership
from bonafide.holdings import Kind
from bonafide.in_force import operator_now
from bonafide.privacy import reasons
from bonafide.privacy.begin_visit import CannotVisit, begin_visit
from bonafide.privacy.end_visit import end_visits
from bonafide.privacy.forms import ReasonForm, VisitForm
from bonafide.privacy.held import held_about, oldest_of, uncounted
from bonafide.privacy.letters import tell_of_visit
from bonafide.privacy.models import Look, Visit, answered_for_by
from bonafide.privacy.passed_on import passed_on
from bonafide.privacy.places import is_back_office, place_of
from bonafide.privacy.processing import MEASURES, as_csv, recipients, record
from bonafide.privacy.releases import passed_on_by_law
from bonafide.privacy.staff_code import staff_code
from bonafide.privacy.subjects import Whose, of_rows
from bonafide.privacy.words import said
from bonafide.sign_in.factors.staff import has_staff_power
from bonafide.web.templatetags.web import language

PER_PAGE = 40
VISITS_SHOWN = 10
View = Callable[..., HttpResponse]


# --- For customers --------------------------------------------------------------------------------------------------------
@require_safe
@login_required
def privacy(request: HttpRequest) -> HttpResponse:
    """Who of the staff saw the person's data, and that of the accounts for which they answer; and what we hold of both."""
    user: Any = request.user
    now = timezone.now()
    operator = operator_now(now=now)
    today = timezone.localdate(now, operator.zone)
    looks = Look.objects.shown_to(user, today=today)
    page = Paginator(looks.select_related("account", "staff").order_by("-at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    visits = Visit.objects.shown_to(user).with_over_at().select_related("account", "staff").order_by("-began_at", "-pk")
    held = held_about(user=user, operator=operator, today=today)
    address = oldest_of(held, Kind.ADDRESSES)
    return render(
        request,
        "privacy/privacy.html",
        {
            "held": held,
            "uncounted": uncounted(operator=operator),
            "address": address,
            "address_days": (now - address.oldest).days if address and address.oldest else 0,
            "page": page,
            "opened": looks.exclude(view=Look.View.LIST).count(),
            "rows": [{"look": look, "said": said(look), "code": staff_code(look.staff)} for look in page],
            "visits": [
                {"visit": visit, "code": staff_code(visit.staff), "over_at": visit.over_at, "lasts": visit.over_at > now}
                for visit in visits[:VISITS_SHOWN]
            ],
            "by_law": passed_on_by_law(user, now=now, today=today),
            "more_visits": max(visits.count() - VISITS_SHOWN, 0),
            "passed_on": passed_on(user=user, operator=operator),
            "accounts": Account.objects.filter(pk__in=answered_for_by(user)).order_by("name"),
            "viewer_of": Account.objects.filter(
                memberships__user=user, memberships__role=Membership.Role.VIEWER, closed_at=None
            ).order_by("name"),
        },
    )


# --- For everybody --------------------------------------------------------------------------------------------------------
@require_safe
def processing(request: HttpRequest) -> HttpResponse:
    """The record of processing."""
    operator = operator_now(now=timezone.now())
    others = recipients(operator=operator, language=language())
    return render(
        request,
        "privacy/processing.html",
        {
            "record": record(operator=operator),
            "recipients": others,
            "transfers": any(one.outside for one in others),
            "measures": MEASURES,
        },
    )


@require_safe
def processing_csv(request: HttpRequest) -> HttpResponse:
    """The same as a table."""
    return HttpResponse(
        as_csv(operator=operator_now(now=timezone.now()), language=language()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="processing.csv"'},
    )


# --- For staff ------------------------------------------------------------------------------------------------------------
def staff_only(view: View) -> View:
    """To everybody else there is no such page."""

    @login_required
    @wraps(view)
    def of_staff(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has_staff_power(request):
            raise Http404
        return view(request, *args, **kwargs)

    return of_staff


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def reason(request: HttpRequest) -> HttpResponse:
    """Ask why a record is opened. Of whom it is stands nowhere here: who has given no reason learns no name by its number."""
    page = request.GET.get("next", "")
    whose = _whose_page(request, page)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        for one in whose:
            reasons.give(request.session, whose=one, reason=form.cleaned_data["reason"], now=timezone.now())
        return redirect(page)
    return render(request, "privacy/reason.html", {"form": form, "minutes": int(reasons.KEPT.total_seconds()) // 60})


def _whose_page(request: HttpRequest, page: str) -> list[Whose]:
    """Whose data are on a page of the back office.

    :raises Http404: when it is no page of a single record with somebody's data.
    """
    parts = urlsplit(page)
    try:
        match = resolve(parts.path)
    except Resolver404:
        raise Http404 from None
    if parts.scheme or parts.netloc or not page.startswith("/staff/") or not is_back_office(match):
        raise Http404
    place = place_of(request, match)
    whose = of_rows(place.model, [place.pk], but=request.user.pk) if place and place.pk else []
    if not whose:
        raise Http404
    return whose


@staff_only
@require_POST
def reason_done(request: HttpRequest) -> HttpResponse:
    """Done with a customer: the next look at them needs a reason again."""
    reasons.drop(request.session, name=request.POST.get("name", ""))
    return redirect("admin:index")


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for how long, and begin. A reason to open the account comes first; it is offered here as the visit's."""
    if not request.user.has_perm("privacy.add_visit"):
        raise PermissionDenied
    account = get_object_or_404(Account, pk=pk)
    page = reverse("admin:accounts_account_change", args=[account.pk])
    known = reasons.given(request.session, whose=[Whose(account=account.pk)], now=timezone.now())
    if not known:
        return redirect(f"{reverse('reason')}?{urlencode({'next': page})}")
    form = VisitForm(request.POST or None, initial={"reason": known})
    if form.is_valid():
        try:
            with transaction.atomic():
                visit = begin_visit(
                    staff=request.user,
                    session=request.session.row.pk,  # type: ignore[attr-defined]
                    account=account,
                    now=timezone.now(),
                    **form.cleaned_data,
                )
                tell_of_visit(visit=visit)
        except CannotVisit as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("overview")
    return render(request, "privacy/begin_visit.html", {"form": form, "account": account, "page": page})


@require_POST
@login_required
def end(request: HttpRequest) -> HttpResponse:
    """End the visit, and go back to the account in the back office. Without a visit there is nothing to end."""
    visit: Visit | None = request.visit  # type: ignore[attr-defined]
    if visit is None:
        raise Http404
    end_visits(session=visit.session_id, how=Visit.End.ENDED, now=timezone.now())
    messages.success(request, _("The visit to %(account)s is over.") % {"account": visit.account.name})
    return redirect("admin:accounts_account_change", visit.account_id)
