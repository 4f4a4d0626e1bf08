"""How templates write who is signed in."""

from __future__ import annotations

from datetime import UTC, datetime

from babel.dates import format_time
from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bonafide.sessions.models import Outcome, Session, SignIn
from bonafide.sessions.words import ago_words, client_words, way_words
from bonafide.web.templatetags.web import chip, locale

register = template.Library()

_MARKS = {Outcome.SIGNED_IN: "kept", Outcome.TOO_MANY: "broken", Outcome.CLOSED: "broken"}


@register.filter
def client(row: Session | SignIn) -> str:
    """``Firefox 145 on Linux``."""
    return client_words(row.browser, row.system)


@register.filter
def way(row: Session | SignIn) -> str:
    """``password and code``; empty where it is not known."""
    return way_words(row.how)


@register.filter
def outcome(row: SignIn) -> SafeString:
    """How a try to sign in went, as a chip."""
    return chip(_MARKS.get(Outcome(row.outcome), "soon"), row.get_outcome_display())


@register.filter
def ago(seen_at: datetime, now: datetime) -> SafeString:
    """``2 hours ago``; the exact instant on hover."""
    return _timed(seen_at, ago_words(seen_at=seen_at, now=now, locale=locale()))


@register.filter
def clock(at: datetime) -> SafeString:
    """``21:05:12`` on the operator's clock; the exact instant on hover."""
    return _timed(at, format_time(at.astimezone(settings.OPERATOR.zone).time(), "medium", locale=locale()))


def _timed(at: datetime, text: str) -> SafeString:
    exact = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    title = at.astimezone(settings.OPERATOR.zone).isoformat(sep=" ", timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, title, text)
