"""Every address of the console, and those of ``leaks.py``."""

from django.http import HttpResponse
from django.urls import path

from bonafide.urls import *  # noqa: F403
from bonafide.urls import urlpatterns
from tests.fakes.leaks import STRANGER

PAGES = {
    "cookie": "",
    "long": "",
    "open": "",
    "header": "",
    "image": f'<img src="{STRANGER}/pixel.gif">',
    "inline": "<script>1</script>",
    "storage": '<script src="/leak/storage.js"></script>',
    "error": '<script src="/leak/error.js"></script>',
}
SCRIPTS = {
    "storage": "localStorage.setItem('seen', '1'); sessionStorage.setItem('seen', '1'); indexedDB.open('seen')",
    "error": "throw new Error('a page that breaks')",
}


def page(request, name):  # type: ignore[no-untyped-def]
    response = HttpResponse(f"<!DOCTYPE html><title>{name}</title>{PAGES[name]}")
    if name == "image":  # the policy would keep the browser from trying
        response.headers["Content-Security-Policy"] = f"default-src 'none'; img-src {STRANGER}"
    return response


def script(request, name):  # type: ignore[no-untyped-def]
    return HttpResponse(SCRIPTS[name], content_type="text/javascript")


urlpatterns = [path("leak/<str:name>.js", script), path("leak/<str:name>", page), *urlpatterns]
