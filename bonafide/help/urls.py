"""Help."""

from django.urls import path

from bonafide.help import views

urlpatterns = [
    path("help", views.help_index, name="help"),
    path("help/<str:key>", views.help_page, name="help_page"),
]
