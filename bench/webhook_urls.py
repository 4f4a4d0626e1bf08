"""The console's addresses and a bare one that only stores what it gets, for ``bench.webhook`` alone."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from bonafide.urls import handler400, handler403, handler404, handler429, handler500  # noqa: F401
from bonafide.urls import urlpatterns as ours

TABLE = "CREATE TABLE bench_body (id {serial}, body {blob} NOT NULL)"


@csrf_exempt
def bare(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_body (body) VALUES (%s)", [request.read()])
    return HttpResponse(status=200)


urlpatterns = [path("bare", bare), *ours]
