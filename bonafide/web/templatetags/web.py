"""How templates write money, quantities, days, moments and states in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.core import Locale
from babel.dates import format_time
from django import template
from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy

from bonafide import languages
from bonafide.money import format_exact, format_minor
from bonafide.periods import Month
from bonafide.web.integrity import integrity

register = template.Library()

# What the bar offers, in order. A page that is not there (yet) is simply not offered.
NAVIGATION = [
    ("/", gettext_lazy("Overview")),
    ("/usage", gettext_lazy("Usage")),
    ("/bills", gettext_lazy("Bills")),
    ("/settings", gettext_lazy("Settings")),  # the first of them that there is
    ("/promises", gettext_lazy("Promises")),
]
# What the settings are, in order: the person's own, then the account's.
SETTINGS = [
    ("/settings/profile", gettext_lazy("Profile")),
    ("/settings/security", gettext_lazy("Security")),
    ("/settings/sessions", gettext_lazy("Sessions")),
    ("/settings/sign-ins", gettext_lazy("Sign-ins")),
    ("/settings/letters", gettext_lazy("Letters")),
    ("/settings/privacy", gettext_lazy("Privacy")),
    ("/settings/company", gettext_lazy("Company")),
    ("/payment-methods", gettext_lazy("Payment methods")),
    ("/settings/contracts", gettext_lazy("Contracts")),
    ("/settings/budgets", gettext_lazy("Budgets")),
    ("/settings/members", gettext_lazy("Members")),
    ("/settings/api-keys", gettext_lazy("API keys")),
]
# Opened by these roles alone; others are not offered it.
OPENED_BY = {"/payment-methods": ("owner", "billing")}
CHIPS = frozenset({"kept", "soon", "broken", "note", "plain"})


def language() -> str:
    """The reader's language, one of ours."""
    current = (get_language() or settings.LANGUAGE_CODE)[:2]
    return current if current in dict(settings.LANGUAGES) else "en"


def locale() -> Locale:
    """The CLDR locale of the reader's language."""
    return languages.locale_of(language())


@register.simple_tag
def script(name: str) -> SafeString:
    """``{% script "sign_in/reveal.js" %}``: one of our scripts, which browsers run only if it is what we meant."""
    return format_html('<script src="{}" integrity="{}" defer></script>', static(name), integrity(name))


@register.filter
def money(minor: int | None, currency: str) -> str:
    """``{{ invoice.total_minor|money:invoice.currency }}``: minor units as an amount; nothing for None."""
    return "" if minor is None else format_minor(minor, currency, language())


@register.filter
def quantity(value: Decimal | str | int | None) -> str:
    """``{{ line.quantity|quantity }}``: exact decimal text or Decimal, every decimal it has, grouped; nothing for None."""
    return "" if value in (None, "") else format_exact(Decimal(value), language())  # type: ignore[arg-type]


def written_day(value: date) -> str:
    """A date in the reader's language."""
    return languages.written_day(value, language())


@register.filter
def day(value: date | None) -> SafeString | str:
    """A date as people write it, in a ``<time>``; nothing for None."""
    if value is None:
        return ""
    on = _on(value)
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), written_day(on))


@register.filter
def spoken_day(value: date) -> str:
    """The same without markup (for letters)."""
    return written_day(_on(value))


def _on(value: date) -> date:
    return value.astimezone(settings.OPERATOR.zone).date() if isinstance(value, datetime) else value


@register.filter
def spoken(value: datetime) -> str:
    """An instant as people say it, on the operator's clock, without markup (for letters)."""
    local = value.astimezone(settings.OPERATOR.zone)
    return f"{written_day(local.date())}, {format_time(local.time(), 'short', locale=locale())}"


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """The same in a ``<time>``; the exact instant on hover. Nothing for None."""
    if value is None:
        return ""
    local = value.astimezone(settings.OPERATOR.zone)
    exact = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    title = local.isoformat(sep=" ", timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, title, spoken(value))


@register.filter
def month(value: Month | int | None) -> str:
    """``October 2026`` of a Month or of its YYYYMM key; nothing for None."""
    if value is None:
        return ""
    return languages.written_month(value if isinstance(value, Month) else Month.from_key(value), language())


@register.filter
def last_of(end: date) -> date:
    """The last day inside a half-open period that ends before ``end``."""
    return end - timedelta(days=1)


@register.simple_tag
def chip(kind: str, text: str) -> SafeString:
    """A state: a word with a mark. Kinds: kept (done, paid), soon (asks), broken (stops), note (neutral news), plain.

    :raises template.TemplateSyntaxError: for another kind.
    """
    if kind not in CHIPS:
        raise template.TemplateSyntaxError(f"no chip of kind {kind!r}: expected one of {', '.join(sorted(CHIPS))}")
    return format_html('<span class="chip {}">{}</span>', kind, text)


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[dict[str, object]]:
    """The bar's links that exist, each with ``current`` when the page is it or below it; all settings are below theirs."""
    here = _here(context)
    return [
        {"path": first_setting(context) if path == "/settings" else path, "label": label, "current": _within(here, path)}
        for path, label in NAVIGATION
        if path == "/settings" or _exists(path)
    ]


@register.simple_tag(takes_context=True)
def first_setting(context: template.Context) -> str:
    """The address of the first page of the settings."""
    return next(path for path, _label in _settings(context))


@register.simple_tag(takes_context=True)
def settings_navigation(context: template.Context) -> list[dict[str, object]]:
    """The links between the pages of the settings."""
    here = _here(context)
    return [{"path": path, "label": label, "current": _within(here, path)} for path, label in _settings(context)]


def _settings(context: template.Context) -> Iterator[tuple[str, Any]]:
    """Those that exist and that the reader's role opens; where a request opens only some pages (``request.opens``), those."""
    request = context.get("request")
    opens = getattr(request, "opens", None)
    return ((path, label) for path, label in _existing(SETTINGS) if (opens is None or opens(path)) and _role_opens(request, path))


def _role_opens(request: HttpRequest | None, path: str) -> bool:
    if path not in OPENED_BY:
        return True
    membership = getattr(request, "membership", None)
    return not membership or membership.role in OPENED_BY[path]


def _here(context: template.Context) -> str:
    request: HttpRequest | None = context.get("request")
    return request.path if request else ""


def _within(here: str, path: str) -> bool:
    return here == path or (path != "/" and here.startswith(path + "/"))


def _existing(links: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    return ((path, label) for path, label in links if _exists(path))


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
