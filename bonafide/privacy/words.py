"""What staff did, as customers read it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from bonafide.privacy.models import Look
from bonafide.privacy.subjects import HOLDS

_BY_KIND = {label.lower(): holds for label, holds in HOLDS.items()}


def said(look: Look) -> str:
    """One line without who, when and why: "opened the bill 2026-000004"."""
    if look.visit_id is not None:
        return _of_visit(look)
    holds = _BY_KIND.get(look.kind)
    one = (str(holds.one) if holds else _("a record (%(thing)s)")) % {"thing": look.thing or "…"}
    many = str(holds.many) if holds else _("a list")
    lines = {
        Look.View.LIST: _("saw it in %(what)s") % {"what": many},
        Look.View.PAGE: _("opened %(what)s") % {"what": one},
        Look.View.HISTORY: _("opened the history of %(what)s") % {"what": one},
        Look.View.CHANGE: _("changed %(what)s") % {"what": one},
        Look.View.DELETE: _("deleted %(what)s") % {"what": one},
        Look.View.ACT: _("did something from %(what)s: %(action)s") % {"what": many, "action": look.thing or "…"},
    }
    if look.kind in ("privacy.hold", "privacy.release") and look.view == Look.View.CHANGE:
        return _("entered %(what)s") % {"what": one}  # nothing about them ever changes
    return lines[Look.View(look.view)]


def _of_visit(look: Look) -> str:
    if look.kind == "end_visit":
        return _("ended the visit")
    given = {"address": look.thing or "…"}
    if look.view == Look.View.REFUSED:
        return _("tried %(address)s, and was refused") % {"address": f"/{given['address'].strip('^$/')}"}
    if look.view == Look.View.CHANGE:
        return _("sent the form of the page %(address)s") % given
    return _("opened the page %(address)s") % given
