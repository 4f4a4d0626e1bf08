"""Who else gets data."""

from django.urls import path

from bonafide.outgoing import views

urlpatterns = [path("processors", views.processors, name="processors")]
