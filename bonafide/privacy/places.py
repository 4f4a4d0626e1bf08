"""Which page of the back office a request is for, by its route. A route that is not known here is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.urls import ResolverMatch

from bonafide.privacy.subjects import HOLDS, HOLDS_NOBODY

# Pages that list models, not rows. Left out, and so closed: search (it looks through every record at once), the links "view on
# site", and the addresses that the admin keeps for old bookmarks.
_WITHOUT_ROWS = frozenset({"index", "app_list", "login", "logout", "jsi18n"})
# The console has its own page for passwords, which ends the other sessions and asks for the second factor.
PASSWORD_PAGES = frozenset({"password_change", "password_change_done"})
LIST, ADD, AUTOCOMPLETE, CHANGE = "changelist", "add", "autocomplete", "change"
# The console's own pages for staff that show customers' data: route -> whose rows they list, or which one they are about.
OWN_PAGES: dict[str, tuple[str, str]] = {
    "bill_run": ("billing.RehearsedBill", LIST),
    "rehearsed_bill": ("billing.RehearsedBill", CHANGE),
    "bank_transfers": ("accounts.Account", LIST),
    "import_transfers": ("accounts.Account", LIST),
    "bank_movement": ("accounts.Account", LIST),  # those for whom it may be
    "dunning": ("accounts.Account", LIST),
    "dunning_account": ("accounts.Account", CHANGE),
    "pause_dunning": ("accounts.Account", CHANGE),
    "resume_dunning": ("accounts.Account", CHANGE),
}


@dataclass(frozen=True)
class Place:
    """A page on which customers' data stand. ``pk`` is empty on pages that are not about a single record."""

    model: type[Model]
    page: str
    pk: str = ""

    @property
    def kind(self) -> str:
        return self.model._meta.label.lower()


def is_back_office(match: ResolverMatch) -> bool:
    """Whether it is a page of the admin, or one of ours that shows staff customers' data."""
    return match.app_names[:1] == ["admin"] or (not match.app_names and match.url_name in OWN_PAGES)


def place_of(request: HttpRequest, match: ResolverMatch) -> Place | None:
    """None for a page without customers' data.

    :raises Http404: for a page that nobody has declared, or that shows a model nobody has declared.
    """
    name = match.url_name or ""
    if not match.app_names:
        label, page = OWN_PAGES[name]
        return _if_it_holds(apps.get_model(label), page, str(match.kwargs.get("pk", "")) if page == CHANGE else "")
    if name in _WITHOUT_ROWS or name in PASSWORD_PAGES:
        return None
    if name == AUTOCOMPLETE:
        return _if_it_holds(_looked_up(request), AUTOCOMPLETE)
    for model in admin.site._registry:
        start = f"{model._meta.app_label}_{model._meta.model_name}_"
        if name.startswith(start):
            pk = match.kwargs.get("object_id", "")
            page = name.removeprefix(start)
            if not pk and page not in (LIST, ADD):
                raise Http404
            return _if_it_holds(model, page, unquote(pk))
    raise Http404


def _if_it_holds(model: type[Model], page: str, pk: str = "") -> Place | None:
    if model._meta.label in HOLDS_NOBODY:
        return None
    if model._meta.label not in HOLDS:
        raise Http404
    return Place(model, page, pk)


def _looked_up(request: HttpRequest) -> type[Model]:
    """The model whose rows the admin offers while somebody types into a field of a form."""
    asked = request.GET
    try:
        field: Any = apps.get_model(asked["app_label"], asked["model_name"])._meta.get_field(asked["field_name"])
    except (KeyError, LookupError, ValueError, FieldDoesNotExist):
        raise Http404 from None
    if field.remote_field is None:
        raise Http404
    model: type[Model] = field.remote_field.model
    return model
