"""The terms of service and the legal notice."""

from django.urls import path

from bonafide.terms import views

urlpatterns = [
    path("terms", views.terms, name="terms"),
    path("legal", views.legal, name="legal"),
]
