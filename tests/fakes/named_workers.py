"""The product's own settings, under which each answer says which process gave it."""

import os
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from bonafide.settings import *  # noqa: F403
from bonafide.settings import MIDDLEWARE


class NamesItself:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-Worker"] = str(os.getpid())
        return response


MIDDLEWARE = ["tests.fakes.named_workers.NamesItself", *MIDDLEWARE]
