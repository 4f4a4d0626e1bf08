"""A bill on paper and as data."""

from django.urls import path

from bonafide.billing import converters  # noqa: F401 - registers the kind "bill"
from bonafide.documents import views

urlpatterns = [
    path("bills/<bill:number>.pdf", views.bill_pdf, name="bill-pdf"),
    path("bills/<bill:number>.xml", views.bill_xml, name="bill-xml"),
]
