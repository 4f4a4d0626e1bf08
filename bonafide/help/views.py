"""The pages of help."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.help.example import example_transfer
from bonafide.help.ladders import ladders
from bonafide.help.topics import topic, topics
from bonafide.in_force import operator_now


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """What there is help for."""
    return render(request, "help/index.html", {"topics": topics(operator_now(now=timezone.now()))})


@require_safe
def help_page(request: HttpRequest, key: str) -> HttpResponse:
    """One topic, step by step."""
    operator = operator_now(now=timezone.now())
    found = topic(key, operator)
    if found is None:
        raise Http404
    given = {
        "topic": found,
        "others": [one for one in topics(operator) if one != found],
        "transfer": example_transfer(operator=operator),
        "by_card": "card" in operator.stripe.methods,
        "by_debit": "sepa_debit" in operator.stripe.methods,
        "ladders": ladders(operator),
        "suspends": any(steps.ladder.suspend for steps in ladders(operator)),
        "closes": any(steps.ladder.suspend and steps.ladder.close for steps in ladders(operator)),
        "law": operator.dunning.claim != "no",
    }
    return render(request, found.template, given)
