"""Test accounts: they stand before the back office's own pages, which take the rest."""

from django.urls import path

from bonafide.billing import converters  # noqa: F401 - registers the kind "month"
from bonafide.billing.simulate import views

urlpatterns = [
    path("staff/test-accounts", views.accounts, name="test_accounts"),
    path("staff/test-accounts/<int:pk>", views.account, name="test_account"),
    path("staff/test-accounts/<int:pk>/simulation.csv", views.simulation_csv, name="simulation_csv"),
    path("staff/test-accounts/<int:pk>/delete", views.delete, name="delete_test_account"),
    path("staff/test-accounts/<int:pk>/<month:month>", views.simulated_month, name="simulated_month"),
]
