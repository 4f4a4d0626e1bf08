"""A customer's bills."""

from django.urls import include, path

from bonafide.billing import (
    converters,  # noqa: F401 - registers the kind "bill"
    views,
)
from bonafide.billing.balance import views as balance
from bonafide.billing.budgets import views as budgets
from bonafide.billing.explain import views as explain

urlpatterns = [
    path("", include("bonafide.billing.runs.urls")),
    path("bills", views.bills, name="bills"),
    path("bills/draft/<month:month>", views.draft, name="draft"),
    path("bills/recompute.py", explain.recompute, name="recompute"),
    path("bills/<bill:number>/lines/<int:position>", explain.bill_line, name="bill-line"),
    path("bills/<bill:number>/usage.csv", explain.bill_usage, name="bill-usage"),
    path("bills/<bill:number>/prices.json", explain.bill_prices, name="bill-prices"),
    path("balance", balance.balance, name="balance"),
    path("settings/budgets", budgets.budgets, name="budgets"),
    path("settings/budgets/<int:pk>/remove", budgets.remove_budget, name="remove_budget"),
    # a number may hold slashes, and end in the digits of a line: the longer addresses come first
    path("bills/<bill:number>", views.bill, name="bill"),
]
