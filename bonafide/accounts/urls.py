"""Choosing for whom one acts, and in which language."""

from django.urls import path

from bonafide.accounts.views import choosing

urlpatterns = [
    path("accounts/switch", choosing.switch_account, name="switch_account"),
    path("language", choosing.choose_language, name="choose_language"),
]
