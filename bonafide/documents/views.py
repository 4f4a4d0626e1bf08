"""A bill's PDF, to those who may see the bill."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bonafide.billing.models import Invoice
from bonafide.documents.open_document import open_document

# Seconds after which a browser or a program may ask again for a PDF that is still being made.
RETRY_AFTER = 5


@require_safe
@login_required
def bill_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """The document as it was rendered, once; 503 while it is being made; 404 to everybody who is not a member."""
    invoice = get_object_or_404(Invoice.objects.visible_to(request.user), number=number)
    path = open_document(invoice=invoice)
    if path is None:
        page = render(request, "documents/pending.html", {"invoice": invoice}, status=503)
        page.headers["Retry-After"] = str(RETRY_AFTER)
        return page
    name = number.replace("/", "-") + ".pdf"
    return FileResponse(path.open("rb"), filename=name, content_type="application/pdf")
