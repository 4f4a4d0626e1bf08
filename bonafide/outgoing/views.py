"""Everybody who gets data, for everybody to read."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bonafide.in_force import operator_now
from bonafide.outgoing.checks import database_hosts
from bonafide.outgoing.guard import bare, is_here
from bonafide.outgoing.processors import declared, is_own


@require_safe
def processors(request: HttpRequest) -> HttpResponse:
    """Each recipient with purpose, data, country and contract, and what the console connects to by itself."""
    operator = settings.OPERATOR
    recipients = declared(operator)
    elsewhere = [host for host in (operator.mail.host, *database_hosts()) if is_own(host=host) and not is_here(bare(host))]
    given = {
        "recipients": recipients,
        "connected": [one for one in recipients if one.hosts],
        "letters_stay": operator.mail.delivery == "file",
        "own_mail": operator.mail.delivery == "smtp" and is_own(host=operator.mail.host),
        "own_elsewhere": bool(elsewhere),
        "months": operator_now(now=timezone.now()).retention.passed_on_months,
    }
    return render(request, "outgoing/processors.html", given)
