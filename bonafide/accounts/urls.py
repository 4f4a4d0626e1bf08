"""Choosing for whom one acts, and in which language."""

from django.urls import path

from bonafide.accounts import views

urlpatterns = [
    path("accounts/switch", views.switch_account, name="switch_account"),
    path("language", views.choose_language, name="choose_language"),
]
