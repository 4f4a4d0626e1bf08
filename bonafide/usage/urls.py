"""What a customer used."""

from django.urls import path

from bonafide.usage import views

urlpatterns = [
    path("usage.csv", views.usage_csv, name="usage-csv"),
]
