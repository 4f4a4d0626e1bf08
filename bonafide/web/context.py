"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest


def operator(request: HttpRequest) -> dict[str, object]:
    """``operator``: the operator's file, typed; ``trial``: whether nothing here is owed."""
    return {"operator": settings.OPERATOR, "trial": settings.OPERATOR.service.trial}
