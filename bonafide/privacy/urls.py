"""What we hold, for customers; and the staff's pages before they open it. They stand before the admin's, which takes the rest."""

from django.urls import include, path

from bonafide.privacy import views

urlpatterns = [
    path("", include("bonafide.privacy.own.urls")),
    path("settings/privacy", views.privacy, name="privacy"),
    path("processing", views.processing, name="processing"),
    path("processing.csv", views.processing_csv, name="processing_csv"),
    path("visit/end", views.end, name="end_visit"),
    path("staff/reason", views.reason, name="reason"),
    path("staff/reason/done", views.reason_done, name="reason_done"),
    path("staff/visits/begin/<int:pk>", views.begin, name="begin_visit"),
]
