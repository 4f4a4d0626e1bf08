"""Where people see and end their sessions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
