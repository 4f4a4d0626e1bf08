"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest


def operator(request: HttpRequest) -> dict[str, object]:
    """``operator``: the operator's file, typed; ``trial``: whether nothing here is owed.

    ``letters_folder``: in a trial whose letters go into files, where they are; else empty.
    """
    told = settings.OPERATOR
    in_files = told.service.trial and told.mail.delivery == "file"
    return {
        "operator": told,
        "trial": told.service.trial,
        "letters_folder": str(settings.INSTANCE.letters) if in_files else "",
    }
