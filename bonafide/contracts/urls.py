"""Ordering, and the three ways out."""

from django.urls import path

from bonafide.contracts.views import cancelling, mine, ordering, withdrawing

urlpatterns = [
    path("order", ordering.plans, name="plans"),
    path("order/<str:code>", ordering.order, name="order"),
    path("settings/contracts", mine.contracts, name="contracts"),
    path("settings/contracts/<int:pk>", mine.contract, name="contract"),
    path("withdraw", withdrawing.withdraw, name="withdraw"),
    path("cancel", cancelling.cancel, name="cancel"),
    path("cancel/notify", cancelling.notify, name="cancel_notify"),
]
