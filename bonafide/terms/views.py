"""What we promise and who we are, for everybody to read."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bonafide.terms.clauses import country_name, said
from bonafide.web.templatetags.web import language


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "terms/terms.html", {"clauses": said(settings.OPERATOR, language())})


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    countries = {
        "seat": country_name(settings.OPERATOR.identity.country, language()),
        "data": country_name(settings.OPERATOR.hosting.country, language()),
    }
    return render(request, "terms/legal.html", {"countries": countries})
