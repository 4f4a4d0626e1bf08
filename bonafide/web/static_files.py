"""Our own files (styles, scripts, pictures) on their way to a browser. Django's settings name this: nothing of Django here."""

from __future__ import annotations

from wsgiref.headers import Headers


def static_headers(headers: Headers, path: str, url: str) -> None:
    """What whitenoise adds to each: no page of another site shows or reads it. See ``headers.py`` for everything else."""
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
