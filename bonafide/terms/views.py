"""What we promise and who we are, for everybody to read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "terms/terms.html")


@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    return render(request, "terms/legal.html")
