"""The pages of help."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bonafide.help.example import example_transfer
from bonafide.help.topics import topic, topics


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """What there is help for."""
    return render(request, "help/index.html", {"topics": topics(settings.OPERATOR)})


@require_safe
def help_page(request: HttpRequest, key: str) -> HttpResponse:
    """One topic, step by step."""
    operator = settings.OPERATOR
    found = topic(key, operator)
    if found is None:
        raise Http404
    given = {
        "topic": found,
        "others": [one for one in topics(operator) if one != found],
        "transfer": example_transfer(operator=operator),
        "by_card": "card" in operator.stripe.methods,
        "by_debit": "sepa_debit" in operator.stripe.methods,
    }
    return render(request, found.template, given)
