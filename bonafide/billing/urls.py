"""A customer's bills."""

from django.urls import path

from bonafide.billing import (
    converters,  # noqa: F401 - registers the kind "bill"
    views,
)
from bonafide.billing.explain import views as explain

urlpatterns = [
    path("bills", views.bills, name="bills"),
    path("bills/recompute.py", explain.recompute, name="recompute"),
    path("bills/<bill:number>/lines/<int:position>", explain.bill_line, name="bill-line"),
    path("bills/<bill:number>/usage.csv", explain.bill_usage, name="bill-usage"),
    path("bills/<bill:number>/prices.json", explain.bill_prices, name="bill-prices"),
    # a number may hold slashes, and end in the digits of a line: the longer addresses come first
    path("bills/<bill:number>", views.bill, name="bill"),
]
