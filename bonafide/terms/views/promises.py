"""Who we are, our cookies, and whether we keep what we promise, for everybody to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

from babel.dates import format_timedelta
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from bonafide.accounts.countries import country_name
from bonafide.privacy.cookies import declared
from bonafide.terms.audit import Standing, State, as_entry, public_keys, standings
from bonafide.terms.clauses import said
from bonafide.terms.models import Attestation, Evidence
from bonafide.terms.publish import Week, in_words, standing_as_dict, years
from bonafide.web.templatetags.web import language, locale

CHIPS = {State.PROVEN: "kept", State.ATTESTED: "note", State.STALE: "soon", State.FAILING: "broken"}
LABELS = {State.PROVEN: _("proven"), State.ATTESTED: _("attested"), State.STALE: _("stale"), State.FAILING: _("failing")}
SHOWN = 60


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    countries = {
        "seat": country_name(settings.OPERATOR.identity.country, language()),
        "data": country_name(settings.OPERATOR.hosting.country, language()),
    }
    return render(request, "terms/legal.html", {"countries": countries})


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    """Every cookie that may leave, with its purpose and how long it stays."""
    rows = [{"cookie": cookie, "stays": _stays(cookie.seconds)} for cookie in declared()]
    return render(request, "terms/cookies.html", {"rows": rows})


def _stays(seconds: int) -> str:
    if not seconds:
        return gettext("until the browser is closed")
    return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=locale())


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """Every clause, where it stands, and its last year."""
    found = _standings()
    past = years(today=_today(), zone=settings.OPERATOR.zone)
    rows = [_row(standing) | _year(past.get(standing.clause.id, [])) for standing in found]
    proven = sum(standing.state == State.PROVEN for standing in found)
    checked = max((standing.evidence.at for standing in found if standing.evidence), default=None)
    return render(request, "terms/promises.html", {"rows": rows, "proven": proven, "checked": checked})


@require_safe
def promise(request: HttpRequest, clause_id: str) -> HttpResponse:
    """One clause with its text and the evidence of late."""
    standing = next((found for found in _standings() if found.clause.id == clause_id), None)
    if standing is None:
        raise Http404
    text = next(clause for clause in said(settings.OPERATOR, language()) if clause.id == clause_id)
    evidence = [_evidence(standing, row) for row in Evidence.objects.filter(clause=clause_id).order_by("-number")[:SHOWN]]
    signed = Attestation.objects.filter(clause=clause_id).order_by("-on", "-pk")[:SHOWN]
    return render(
        request, "terms/promise.html", {"row": _row(standing), "text": text, "evidence": evidence, "attestations": signed}
    )


@require_safe
def evidence_chain(request: HttpRequest) -> StreamingHttpResponse:
    """The whole chain: a line with the public keys, then an entry a line."""
    response = StreamingHttpResponse(_lines(), content_type="application/x-ndjson")
    response["Content-Disposition"] = 'attachment; filename="evidence.jsonl"'
    return response


@require_safe
def promises_for_machines(request: HttpRequest) -> JsonResponse:
    """The same as the page, with the keys that signed."""
    whole = {
        "operator": settings.OPERATOR.identity.legal_name,
        "console": settings.OPERATOR.service.console_url,
        "keys": public_keys(),
        "chain": f"{settings.OPERATOR.service.console_url}/promises/evidence.jsonl",
        "clauses": [standing_as_dict(standing) for standing in _standings()],
    }
    return JsonResponse(whole, json_dumps_params={"ensure_ascii": False})


def _standings() -> list[Standing]:
    return standings(now=timezone.now(), today=_today())


def _today() -> date:
    return timezone.now().astimezone(settings.OPERATOR.zone).date()


def _row(standing: Standing) -> dict[str, object]:
    counted = _evidence(standing, standing.evidence)["counted"] if standing.evidence else ""
    return {"standing": standing, "chip": CHIPS[standing.state], "label": LABELS[standing.state], "counted": counted}


def _evidence(standing: Standing, row: Evidence) -> dict[str, object]:
    """A row with its counts in words; an old one may have counted otherwise."""
    try:
        counted = str(standing.clause.counted) % row.counts
    except KeyError:
        counted = ", ".join(f"{name} {count}" for name, count in row.counts.items())
    return {"row": row, "counted": counted}


def _year(weeks: list[Week]) -> dict[str, object]:
    return {"weeks": weeks, "words": in_words(weeks)}


def _lines() -> Iterator[str]:
    yield json.dumps({"keys": public_keys()}) + "\n"
    for row in Evidence.objects.order_by("number").iterator(chunk_size=1000):
        yield json.dumps(as_entry(row), ensure_ascii=False) + "\n"
