"""A customer's bills."""

from django.urls import path

from bonafide.billing import (
    converters,  # noqa: F401 - registers the kind "bill"
    views,
)

urlpatterns = [
    path("bills", views.bills, name="bills"),
    path("bills/<bill:number>", views.bill, name="bill"),
]
