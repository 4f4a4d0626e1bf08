"""Erasing and exporting."""

from django.urls import path

from bonafide.privacy.own import views

urlpatterns = [
    path("settings/privacy/erase", views.erase, name="erase"),
    path("settings/privacy/export", views.export, name="export"),
    path("staff/erase/<str:what>/<int:pk>", views.erase_for, name="erase_for"),
]
