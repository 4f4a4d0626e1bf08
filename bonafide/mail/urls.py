"""The addresses of letters."""

from django.urls import path

from bonafide.mail import views

urlpatterns = [
    path("settings/letters", views.letters, name="letters"),
    path("letters/refuse/<str:token>", views.refuse_letters, name="refuse_letters"),
]
