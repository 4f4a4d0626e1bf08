"""No page of the back office that shows a customer's data is answered without a trace, nor a single record without a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from bonafide.accounts.models import Account, User
from bonafide.privacy import reasons
from bonafide.privacy.models import Look
from bonafide.privacy.places import ADD, AUTOCOMPLETE, LIST, PASSWORD_PAGES, Place, is_back_office, place_of
from bonafide.privacy.record_looks import record_looks
from bonafide.privacy.subjects import Whose, of_members_named, of_rows

SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class Looking:
    """What the page is about to show, and why; ``recorded`` when that is written already. The banner reads it."""

    place: Place
    whose: list[Whose]
    reason: str = ""
    kept_as: str = ""
    recorded: bool = False

    @property
    def customer(self) -> str:
        return _named(self.whose[0]) if self.whose else ""

    @property
    def account(self) -> int | None:
        return self.whose[0].account if self.whose else None

    @property
    def erasable(self) -> str:
        """Of the page of a login or an account: where it is erased."""
        what = {"accounts.user": "person", "accounts.account": "account"}.get(self.place.kind)
        return reverse("erase_for", args=[what, self.place.pk]) if what and self.place.pk else ""


class LookMiddleware:
    """Before the page: what is it about, and is there a reason. After it, and before anybody reads it: the trace.

    What changes something is traced before it runs. A trace that cannot be written is an error, and its page goes to nobody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        looking: Looking | None = getattr(request, "looking", None)
        if looking and not looking.recorded and response.status_code < 300:
            self._record_shown(request, response, looking)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or not is_back_office(match) or not request.user.is_staff:
            return None  # no page of the back office, or one that turns them away itself
        if match.url_name in PASSWORD_PAGES:
            return redirect("account_change_password")
        place = place_of(request, match)
        if place is None or place.page == ADD:
            return None
        if place.pk:
            return self._one(request, place)
        return self._several(request, place)

    def _one(self, request: HttpRequest, place: Place) -> HttpResponseBase | None:
        """A single record: a reason first."""
        now, staff = self._now(), request.user
        whose = of_rows(place.model, [place.pk], but=staff.pk)
        if not whose:
            return None  # not there, or their own
        reason = reasons.given(request.session, whose=whose, now=now)
        if not reason and request.method in SAFE:
            return HttpResponseRedirect(f"{reverse('reason')}?{urlencode({'next': request.get_full_path()})}")
        if not reason:
            return render(request, "privacy/reason_ran_out.html", {"page": request.get_full_path()}, status=403)
        whose += of_members_named(place.model, whose, but=staff.pk)
        changes = request.method not in SAFE
        kept_as = reasons.name_of(request.session, whose=whose[0], now=now)
        request.looking = Looking(place, whose, reason, kept_as, recorded=changes)  # type: ignore[attr-defined]
        if changes:
            view = Look.View.DELETE if place.page == "delete" else Look.View.CHANGE
            self._write(request, request.looking, whose, view, now)  # type: ignore[attr-defined]
        return None

    def _several(self, request: HttpRequest, place: Place) -> HttpResponseBase | None:
        """A list, or what the admin offers to choose from. What is done to rows of a list names each of them."""
        request.looking = Looking(place, [])  # type: ignore[attr-defined]
        if request.method in SAFE:
            return None
        if request.POST.get("select_across") == "1":
            return render(request, "privacy/choose_rows.html", status=403)
        whose = of_rows(place.model, request.POST.getlist("_selected_action"), but=request.user.pk)
        action = request.POST.get("action", "")
        self._write(request, Looking(place, whose), whose, Look.View.ACT, self._now(), thing=action)
        return None

    def _record_shown(self, request: HttpRequest, response: HttpResponseBase, looking: Looking) -> None:
        """Exactly the customers who are on the page."""
        if looking.place.pk:
            view = Look.View.HISTORY if looking.place.page == "history" else Look.View.PAGE
            self._write(request, looking, looking.whose, view, self._now())
            return
        whose = of_rows(looking.place.model, shown(response, looking.place), but=request.user.pk)
        self._write(request, looking, whose, Look.View.LIST, self._now())

    def _write(
        self, request: HttpRequest, looking: Looking, whose: list[Whose], view: Look.View, now: datetime, thing: str = ""
    ) -> None:
        place = looking.place
        if place.pk:
            thing = str(place.model._base_manager.filter(pk=place.pk).first() or "")
        record_looks(staff=request.user, whose=whose, kind=place.kind, view=view, now=now, thing=thing, reason=looking.reason)

    @staticmethod
    def _now() -> datetime:
        return timezone.now()  # noqa: TID251 - a middleware is called without a time


def _named(whose: Whose) -> str:
    """As staff find them: the account's name and reference, else the username."""
    if whose.account is not None:
        account = Account.objects.get(pk=whose.account)
        return f"{account.name} ({account.reference})"
    return User.objects.get(pk=whose.person or 0).username


def shown(response: HttpResponseBase, place: Place) -> list[Any]:
    """Keys of the rows on a page of several.

    :raises PermissionDenied: when it is a page on which nobody can tell whose data it shows.
    """
    if place.page == AUTOCOMPLETE and isinstance(response, HttpResponse):
        return [row["id"] for row in json.loads(response.content)["results"]]
    given = getattr(response, "context_data", None) or {}
    found = given["cl"].result_list if "cl" in given else given.get("page")
    if place.page != LIST or found is None:
        raise PermissionDenied
    return [row.pk for row in found]
