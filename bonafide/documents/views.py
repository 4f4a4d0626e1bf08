"""A bill's PDF and its e-invoice, to those who may see the bill."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bonafide.billing.models import Invoice
from bonafide.documents.open_document import NoEInvoice, open_document, open_e_invoice

# Seconds after which a browser or a program may ask again for a document that is still being made.
RETRY_AFTER = 5


@require_safe
@login_required
def bill_pdf(request: HttpRequest, number: str) -> HttpResponseBase:
    """The document as it was rendered, once; 503 while it is being made; 404 to everybody who is not a member."""
    invoice = _invoice(request, number)
    return _answer(request, invoice, open_document(invoice=invoice), "application/pdf")


@require_safe
@login_required
def bill_xml(request: HttpRequest, number: str) -> HttpResponseBase:
    """The same bill as data (Factur-X), to be kept as a file; 404 also when it is on paper alone."""
    invoice = _invoice(request, number)
    try:
        path = open_e_invoice(invoice=invoice)
    except NoEInvoice:
        raise Http404 from None
    return _answer(request, invoice, path, "text/xml")


def _invoice(request: HttpRequest, number: str) -> Invoice:
    return get_object_or_404(Invoice.objects.visible_to(request.user), number=number)


def _answer(request: HttpRequest, invoice: Invoice, path: Path | None, content_type: str) -> HttpResponseBase:
    if path is None:
        page = render(request, "documents/pending.html", {"invoice": invoice}, status=503)
        page.headers["Retry-After"] = str(RETRY_AFTER)
        return page
    name = str(invoice.number).replace("/", "-") + path.suffix
    data = content_type == "text/xml"
    return FileResponse(path.open("rb"), filename=name, content_type=content_type, as_attachment=data)
